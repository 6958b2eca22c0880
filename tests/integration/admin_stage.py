"""A node that serves the admin API, and whoever asks it over real sockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyotp

from config.reading import Source
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.settings import DEFAULT_SCOPES, CustomerSettings, KeySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.tiles import CHECKPOINT, TileReader
from gateway.http_api.admin.gate import FORM_TOKEN
from gateway.node.node import Node, Origin
from gateway.people.people import People
from gateway.people.record import Contact, Person
from gateway.people.registry import Registry
from gateway.people.roles import Action, Role
from gateway.people.sessions import COOKIE, Sessions
from gateway.people.tokens import Tokens
from gateway.process.clock import GuardedClock
from gateway.process.manual_clock import ManualClock
from redaction.notes import read_note
from redaction.personal import MessageText, Purpose, Secret
from tests.bounds import LIMIT_S
from tests.integration.reload_stage import SECTIONS

PASSWORD = "a long word that nobody knows 47"
CANARY = "canary.person@example.com"


class Admin:
    """A node that serves the admin API, one customer, and a client without a session."""

    def __init__(
        self, node: Node, client: aiohttp.ClientSession, accounts: Accounts, customer: str, key: Secret
    ) -> None:
        self.node = node
        self.accounts = accounts
        self.customer = customer
        self._key = key
        self._client = client
        assert node.fronts.admin is not None
        self.url = f"http://127.0.0.1:{node.fronts.admin.listener.port}"

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        async with self._client.request(method, self.url + path, json=body, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw.startswith(b"{") else raw, answer.headers

    async def token(self, *scopes: Action, customer: str = "") -> dict[str, str]:
        tokens = Tokens(self.node.stores.people)
        _, secret = await tokens.add(COMMAND_LINE, scopes, life_ms=3_600_000, customer=customer)
        return {"Authorization": f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"}

    async def person(self, *roles: Role, customer: str = "", email: str = CANARY) -> tuple[Person, str]:
        """With a password and a second factor, and the secret of the latter."""
        people = People(self.node.stores.people, COMMAND_LINE)
        added = await people.add(Contact(name=MessageText("Person"), email=MessageText(email)), roles, customer)
        await people.set_password(added.id, Secret(PASSWORD))
        enrolment = await people.begin_totp(added.id)
        secret = enrolment.secret.reveal(Purpose.CREDENTIAL)
        at_s = self.node.clock.now_ms() // 1000
        await people.confirm_totp(added.id, pyotp.TOTP(secret).at(at_s - 30))
        return await self.node.stores.people.get(added.id), secret

    async def signed_in(self, secret: str, email: str = CANARY, *, forwarded: str = "") -> dict[str, str]:
        """Headers of a session, with the form token. forwarded: what a proxy says of where it is from."""
        code = pyotp.TOTP(secret).at(self.node.clock.now_ms() // 1000)
        status, told, headers = await self.ask(
            "POST",
            "/admin/v1/session",
            {"email": email, "password": PASSWORD, "code": code},
            {"X-Forwarded-For": forwarded} if forwarded else None,
        )
        assert status == 201, told
        token = headers["Set-Cookie"].partition(";")[0]
        return {"Cookie": token, FORM_TOKEN: told["form_token"]}

    async def send(self, **fields: object) -> str:
        """A customer's message, to its end."""
        port = self.node.fronts.http.listener.port
        body = {"to": "+966500000078", "from": "BRAND", "text": "canary text", "class": "transactional", **fields}
        headers = {"Authorization": f"Bearer {self._key.reveal(Purpose.CREDENTIAL)}"}
        async with self._client.post(f"http://127.0.0.1:{port}/v1/messages", json=body, headers=headers) as answer:
            told = await answer.json()
            assert answer.status == 202, told
        identifier = bytes.fromhex(told["id"])
        ledger = self.node.stores.ledger

        async def is_final() -> bool:
            (found,) = await ledger.messages.find_many([identifier])
            return found is not None and found.final_ms is not None

        async with asyncio.timeout(LIMIT_S):
            while not await is_final():
                await asyncio.sleep(0.01)
        return str(told["id"])

    async def try_to_send(self, path: str = "/v1/messages", **fields: object) -> tuple[int, Any]:
        """A customer's message, or another body; what is answered."""
        port = self.node.fronts.http.listener.port
        body = fields or {"to": "+966500000078", "from": "BRAND", "text": "canary text", "class": "transactional"}
        headers = {"Authorization": f"Bearer {self._key.reveal(Purpose.CREDENTIAL)}"}
        async with self._client.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def session(self, person: Person, *, ago_s: int = 0) -> dict[str, str]:
        """As after signing in with a second factor, so many seconds ago."""
        people = self.node.stores.people
        sessions = Sessions(people)
        clock = ManualClock(self.node.clock.now_ms() - ago_s * 1000) if ago_s else people.clock
        begun = Sessions(Registry(people.acts, people.sealer, clock, keys=people.keys))
        token, writes = await begun.begun(person, has_second=True)
        await self.node.stores.ledger.acts.act(writes)
        found = await sessions.find(token, notes=False)
        assert found is not None
        cookie = f"{COOKIE}={token.reveal(Purpose.CREDENTIAL)}"
        return {"Cookie": cookie, FORM_TOKEN: found.form_token()}

    async def route(self) -> str:
        """Id of the first line of the route table."""
        headers = await self.token(Action.ROUTE_READ)
        return str((await self.ask("GET", "/admin/v1/routes", headers=headers))[1]["routes"][0]["id"])

    async def entries(self, act: str) -> list[dict[str, Any]]:
        """Of the audit log, that are pending or not: what was written of this act."""
        pending = await self.node.stores.ledger.acts.pending(10_000)
        written = await asyncio.to_thread(self._log)  # looked at last: what is pending no more is in there
        waiting = [each.octets for each in pending if each.number > len(written)]  # numbers begin with 1
        found = [json.loads(each) for each in [*written, *waiting]]
        return [each for each in found if each["act"] == act]

    async def signed(self, act: str) -> int:
        """Index of the first entry of this act, once it is signed."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                for index, each in enumerate(await asyncio.to_thread(self._log)):
                    if json.loads(each)["act"] == act:
                        return index
                await asyncio.sleep(0.01)

    @property
    def audit_folder(self) -> Path:
        writer = self.node.stores.audit.writer
        assert writer is not None
        return writer.folder

    def _log(self) -> list[bytes]:
        writer = self.node.stores.audit.writer
        if writer is None or not (writer.folder / CHECKPOINT).exists():
            return []
        size = read_checkpoint(read_note((writer.folder / CHECKPOINT).read_bytes())).size
        return [each for _, each in TileReader(writer.folder, size).entries()]


@asynccontextmanager
async def running_admin(
    folder: Path, *, proxies: str = "[]", more: str = "", clock: GuardedClock | None = None
) -> AsyncIterator[Admin]:
    """proxies: that are trusted, as the settings have them. more: further sections of the settings. clock: of the node;
    None for the system's.
    """
    file = folder / "gateway.toml"
    file.write_text(SECTIONS.format(folder=folder) + f"trusted_proxies = {proxies}\n" + OWN + more, "utf-8")
    source = Source(path=file)
    reading = source.read()
    node = Node(reading.own, clock, origin=Origin(source=source, said=reading.said))
    level = logging.getLogger().level
    await node.start()
    try:
        stores = node.stores
        accounts = Accounts(
            stores.ledger.accounts,
            node.clock,
            COMMAND_LINE,
            sealer=stores.sealer,
            ensure_keys=stores.keyring.ensure_customer,
            digest=stores.keyring.credential_digest,
            epoch=stores.keyring.credential_epoch,
        )
        customer = await accounts.add_customer(
            Profile(name=MessageText("Example")), CustomerSettings(senders={"BRAND": ()})
        )
        _, key = await accounts.add_key(customer.id, scopes=DEFAULT_SCOPES, settings=KeySettings())
        await stores.directory.refresh()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
            yield Admin(node, client, accounts, customer.public_id, key)
    finally:
        await node.stop()
        logging.getLogger().setLevel(level)


OWN = """
[admin]
port = 0
[node]
name = "first"
[[operators]]
kind = "loopback"
name = "loop"
[[operators]]
kind = "loopback"
name = "spare"
[[routes]]
operators = ["loop"]
"""
