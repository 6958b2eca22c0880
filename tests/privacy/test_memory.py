"""The memory horizon: what is over is out of the memory of the process, as root reads it from outside.

A real gateway with a horizon of 20 s. Texts, numbers, references and callback URLs come in by every way and end; then a
person is erased, a customer leaves and a period key dies in its time. Old copies of data and key store, and their root,
say which secrets are dead. Later than the horizon none of them, and nothing of the finished messages, is found.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from config.loader import load
from gateway.keystore.keyring import Keyring
from gateway.keystore.opening import keystore as keystore_of
from gateway.process.clock import SystemClock
from gateway.tools.trial_site import PASSWORD, PASSWORD_VARIABLE, Stage
from operators.simulator import Faults, Simulator
from operators.smpp import pdu as p
from redaction.personal import Msisdn
from redaction.pseudonymise import leaf_of_pseudonym
from redaction.retention import DEFAULT_RULES
from redaction.traces import traces
from tests.acceptance.client import (
    Customer,
    Receiver,
    customer_of,
    message,
    receiver,
    until_answered,
    until_endpoint_known,
)
from tests.bounds import LIMIT_S
from tests.contract.rest_peer import rest_peer
from tests.faults.test_smpp_kill import bound
from tests.integration.key_places import PERSISTENT
from tests.integration.smpp_stage import Peer, submit
from tests.integration.valkey_server import valkey
from tests.interop.certificates import make_certificates
from tests.privacy.memory_attack import WORD_BYTES, Copies, dead_secrets, found_in
from tests.privacy.test_egress import over_http
from tests.verbs import QuickStage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory of other processes is read from /proc")

HORIZON_S: Final = 20
SHORT_CODE: Final = "90909"
OVER_HTTP: Final = "96655"
"""Numbers that begin so are an HTTP operator's (`tests.privacy.test_egress`)."""
SETTINGS: Final = f"""
[memory]
horizon_s = {HORIZON_S}
[smpp_server]
port = 0
[sweeper]
interval_s = 0.5
[[retention]]
tag = "transactional"
content_after_final_s = 0
[[retention]]
tag = "discard"
content_limit_s = 2
record_s = 86400
period_s = 60
"""
"""Promotional content stays, so that erasing and leaving destroy what would live; a period of `discard` ends soon."""

CLASSES: Final = ("otp", "transactional", "promotional")


class Canaries:
    """Values that are looked for later, each of its own."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def text(self, kind: str) -> str:
        return self._new(f"{kind} text", "{} sings for Maryam at the seventh hour")

    def number(self, kind: str, prefix: str = "96653") -> str:
        number = f"{prefix}{int(sha256(b'%d' % len(self.values)).hexdigest(), 16) % 10**7:07d}"
        return self._new(f"{kind} number", number)

    def word(self, kind: str) -> str:
        return self._new(kind, "canary-{}")

    def _new(self, name: str, form: str) -> str:
        count = len(self.values)
        value = self.values[f"{name} {count}"] = form.format(sha256(b"%d" % count).hexdigest()[:12])
        return value

    def needles(self) -> Mapping[str, bytes]:
        """In every form that is long enough not to be met by chance."""
        forms: dict[bytes, str] = {}
        for name, value in self.values.items():
            for form, octets in traces(value).items():
                if len(octets) >= WORD_BYTES:
                    forms.setdefault(octets, f"{name} {form}")
        return {name: octets for octets, name in forms.items()}


class Scene:
    """A gateway with all around it that brings values in or takes them out."""

    def __init__(self, stage: Stage, smsc: Simulator) -> None:
        self.stage = stage
        self.smsc = smsc
        self.canaries = Canaries()
        self.ids: list[str] = []
        self.heard: Receiver
        self.customer: Customer
        self.leaver: Customer
        self.peer: Peer
        self.leaving = ""

    async def command(self, *words: str) -> Mapping[str, Any]:
        return await asyncio.to_thread(self.stage.command, *words)

    async def set_up(self) -> None:
        """Accounts, and what a running gateway learns of them within a second."""
        other = await self.command("customer", "add", "--name", "Leaver", "--sender", "INTERKEY")
        self.leaving = other["customer"]
        allowed = [word for each in CLASSES for word in ("--allow-class", each)]
        self.leaver.key = (await self.command("key", "add", self.leaving, *allowed))["key"]
        await self.command("webhook", "set", self.stage.customer, f"{self.heard.url}/endpoint")
        await self.command("number", "add", self.stage.customer, SHORT_CODE)
        account = await self.command("esme", "add", self.stage.customer, "bank")
        self.customer.key = (await self.command("key", "add", self.stage.customer, *allowed))["key"]
        self.peer = await bound(self.stage, (account["system_id"], account["password"]))
        for each in (self.customer, self.leaver):
            await until_answered(each, 200)
        await until_endpoint_known(self.customer, self.heard, "nothing of note")

    # ---------------------------------------------------------------------------------------- what comes in and goes

    async def send(self, kind: str, **more: Any) -> None:
        callback = f"{self.heard.url}/{self.canaries.word('callback')}"
        self.ids.append(
            await self.customer.send(
                self.canaries.text(kind),
                to=f"+{self.canaries.number(kind)}",
                reference=self.canaries.word("reference"),
                callback_url=callback,
                **more,
            )
        )

    async def send_everything(self) -> None:
        for each in CLASSES:
            for _ in range(3):
                await self.send(each, **{"class": each})
        await self.send("discard", retention="discard")
        await self.send_batch()
        await self.send_refused()
        await self.send_over_http()
        for _ in range(3):
            text, to = self.canaries.text("smpp"), self.canaries.number("smpp")
            assert (await self.peer.ask(submit(text.encode(), to, registered_delivery=1))).status == 0
        for _ in range(3):
            await self.leaver.send(
                self.canaries.text("leaver"), to=f"+{self.canaries.number('leaver')}", **{"class": "promotional"}
            )

    async def send_batch(self) -> None:
        taken = [message(self.canaries.text("batch"), to=f"+{self.canaries.number('batch')}") for _ in range(20)]
        bad = [message(self.canaries.text("bad item"), to=f"+{self.canaries.number('bad item')}9999999")]
        status, answer, _ = await self.customer.ask("POST", "/v1/messages/batch", json={"messages": taken + bad})
        assert (status, answer["accepted"], answer["refused"]) == (202, len(taken), 1)
        self.ids += [each["message"]["id"] for each in answer["items"] if "message" in each]

    async def send_refused(self) -> None:
        """What is refused in each stage of reading it, and what a careless caller puts into paths and headers."""
        text, number, word = self.canaries.text, self.canaries.number, self.canaries.word
        cut = f'{{"to": "+{number("cut")}", "text": "{text("cut")}'.encode()
        for body in (
            {"json": message(text("unknown field"), to=f"+{number('unknown field')}", campaign=word("campaign"))},
            {"json": message(text("long") * 100, to=f"+{number('long')}")},
            {"json": message(text("no number"), to=word("no number"))},
            {"data": cut, "headers": {"Content-Type": "application/json"}},
        ):
            assert (await self.customer.ask("POST", "/v1/messages", **body))[0] == 400
        keyed = {"Idempotency-Key": word("idempotency"), "User-Agent": word("agent")}
        once = message(text("keyed"), to=f"+{number('keyed')}")
        assert (await self.customer.ask("POST", "/v1/messages", json=once, headers=keyed))[0] == 202
        for path in (f"/v1/messages/{number('path')}", f"/{word('path')}?text={word('query')}"):
            assert (await self.customer.ask("GET", path))[0] in (400, 404)

    async def send_over_http(self) -> None:
        """Of these nothing is kept once their operator has answered."""
        for _ in range(3):
            to = self.canaries.number("operator over http", prefix=OVER_HTTP)
            identifier = await self.customer.send(self.canaries.text("over http"), to=f"+{to}", retention="discard")
            await self.customer.reach(identifier, "submitted")

    async def hear_people(self) -> None:
        """A short message from a person, and a long one in parts."""
        link = self.smsc.receivers[0]
        for _ in range(3):
            self._say(link, self.canaries.text("mo").encode(), self.canaries.number("mo"))
        told = len([each for each in self.heard.events() if each["type"] == "message.received"]) + 3
        async with asyncio.timeout(LIMIT_S):
            while len([each for each in self.heard.events() if each["type"] == "message.received"]) < told:
                await asyncio.sleep(0.05)

    def _say(self, link: Any, octets: bytes, number: str) -> None:
        written = p.DeliverSm(source_addr_ton=1, source_addr=number, destination_addr=SHORT_CODE, short_message=octets)
        link.session.request(written, None, asyncio.get_running_loop().time())
        link.flush_soon()

    async def finish(self) -> None:
        """Everything has its final status and is told; the list has shown it once more."""
        await self.customer.reach_all(self.ids)
        await self.heard.until_told(self.ids)
        await self.peer.receipts(3)
        assert (await self.customer.ask("GET", "/v1/messages"))[0] == 200

    # ------------------------------------------------------------------------------------------- what is destroyed

    def copies(self, name: str) -> Copies:
        folder = self.stage.folder
        if (folder / "keys").exists():
            return Copies(folder, folder.parent / name)
        keys = folder.parent / f"{name}.db"
        self.stage.command("keys", "snapshot", str(keys))
        return Copies(folder, folder.parent / name, keys)

    def destroy(self) -> None:
        """One person of the first customer is erased, and the second customer leaves: as another process does it."""
        clock = SystemClock()
        settings = load(self.stage.folder / "gateway.toml", {**os.environ, PASSWORD_VARIABLE: PASSWORD})
        keystore = keystore_of(settings.keystore, clock, node=False)
        keystore.open(create=False)
        try:
            keyring = Keyring(keystore, DEFAULT_RULES.values(), clock)
            customer, leaver = sorted(keystore.state.customers())[-2:]
            number = next(
                value for name, value in self.canaries.values.items() if name.startswith("promotional number")
            )
            leaves = [leaf_of_pseudonym(each) for each in keyring.former_leaves(customer, Msisdn(number, 966))]
            places = [(tag, period, leaf) for tag, period in keystore.state.periods() for leaf in leaves]
            assert keystore.update(lambda state: state.forget(places), destroys=True) > 0
            assert keyring.forget_customer(leaver)
        finally:
            keystore.close()

    def erased(self) -> str:
        """The number of the person who is erased."""
        return next(value for name, value in self.canaries.values.items() if name.startswith("promotional number"))

    async def until_period_died(self, before: Copies) -> Copies:
        """The gateway destroys the key itself; copies of what is alive then."""
        dying = {name for name in before.state().periods() if name[0] == "discard"}
        first, count = min(dying), 0
        async with asyncio.timeout(3 * LIMIT_S):
            while True:
                await asyncio.sleep(1)
                count += 1
                with contextlib.suppress(AssertionError):  # copied while the root rolled
                    after = await asyncio.to_thread(self.copies, f"after-{count}")
                    if first not in after.state().periods():
                        return after

    async def keep_busy(self) -> None:
        """Others' messages, none of which is looked for."""
        count = 0
        while True:
            count += 1
            await self.customer.send(f"words of others {count}", to=f"+96650{count % 10**7:07d}")
            await asyncio.sleep(0.02)


class FreshStage(QuickStage):
    """Its gateway starts afresh, as all that lies in its memory is looked at; verbs do not."""

    _spawn = Stage._spawn


class TlsStage(FreshStage):
    """Its API speaks TLS."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


class TlsCustomer(Customer):
    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        return await super().ask(method, path, ssl=False, **more)


@contextlib.asynccontextmanager
async def scene_in(folder: Path, *, serve: tuple[str, ...] = (), tls: bool = False) -> AsyncIterator[Scene]:
    """tls: the API speaks TLS."""
    smsc = Simulator(faults=Faults(receipt_delay_s=1.0))  # so that content is there when it is copied
    await smsc.start()
    kind = TlsStage if tls else FreshStage
    async with rest_peer() as peer:
        more = SETTINGS + over_http(folder.parent / "secrets", peer)
        stage = kind(folder, smsc_port=smsc.port, more=more, log_level="info", serve=serve)
        scene = Scene(stage, smsc)
        try:
            await asyncio.to_thread(stage.prepare)
            async with (
                receiver() as scene.heard,
                customer_of(stage) as scene.customer,
                customer_of(stage) as scene.leaver,
            ):
                if tls:
                    scene.customer.__class__ = scene.leaver.__class__ = TlsCustomer
                await scene.set_up()
                yield scene
                scene.peer.close()
        finally:
            await asyncio.to_thread(stage.stop)
            await smsc.stop()


@contextlib.contextmanager
def background(work: Coroutine[Any, Any, None]) -> Iterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()


async def attack(scene: Scene, *, is_busy: bool) -> None:
    """Have everything come in, end and die; then read every process of the gateway."""
    await scene.send_everything()
    before = await asyncio.to_thread(scene.copies, "before")
    await scene.hear_people()
    await scene.finish()
    with background(scene.keep_busy()) if is_busy else contextlib.nullcontext():
        await asyncio.to_thread(scene.destroy)
        after = await scene.until_period_died(before)
        dead, alive = dead_secrets(before, after), after.secrets(before.rows())
        kinds = {" ".join(name.split()[:2]) for name in dead}
        assert {"root 0", "customer 2", "period discard", "period promotional", "pepper 2"} <= kinds
        assert any(name.startswith("segment") for name in dead)
        await asyncio.sleep(HORIZON_S)
        found_alive: set[str] = set()
        for pid in family(scene.stage.gateway.pid):
            assert await asyncio.to_thread(found_in, pid, dead) == {}
            assert await asyncio.to_thread(found_in, pid, scene.canaries.needles()) == {}
            found_alive |= set(await asyncio.to_thread(found_in, pid, alive))
        assert "customer 1" in found_alive, "the reader does not find what is there"


@pytest.mark.slow
@pytest.mark.case("privacy-1")
@pytest.mark.policy("P-23")
async def test_what_is_over_is_out_of_the_memory_of_an_idle_gateway_after_the_horizon(tmp_path: Path) -> None:
    async with scene_in(tmp_path / "stage") as scene:
        await attack(scene, is_busy=False)


@pytest.mark.case("privacy-1")
@pytest.mark.policy("P-23")
async def test_and_of_one_under_traffic_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_certificates(tmp_path)
    monkeypatch.setenv("CONNECT_GATEWAY__HTTP__TLS_CERTIFICATE", str(made.server))
    monkeypatch.setenv("CONNECT_GATEWAY__HTTP__TLS_KEY", str(made.server_key))
    async with scene_in(tmp_path / "stage", tls=True) as scene:
        await attack(scene, is_busy=True)


@pytest.mark.slow
@pytest.mark.case("privacy-1")
async def test_and_of_every_worker_with_ledger_and_keys_on_a_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ledger", "keyserver"):
        (tmp_path / name).mkdir()
    with valkey(tmp_path / "ledger", *PERSISTENT) as ledger, valkey(tmp_path / "keyserver", *PERSISTENT) as keys:
        for name, value in {
            "LEDGER__ENGINE": "redis",
            "LEDGER__REDIS__URL": ledger,
            "KEYSTORE__ENGINE": "redis",
            "KEYSTORE__REDIS__URL": keys,
            "OPERATORS__SIMULATOR__BINDS": "2",
        }.items():
            monkeypatch.setenv(f"CONNECT_GATEWAY__{name}", value)
        async with scene_in(tmp_path / "stage", serve=("--workers", "2")) as scene:
            await attack(scene, is_busy=True)


def family(pid: int) -> list[int]:
    """A process and those that it started."""
    parents = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(each.parent.name)] = int(each.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def test_the_reader_finds_what_a_process_holds() -> None:
    held = {"aligned": bytes(range(32, 64)), "shifted": os.urandom(32)}
    kept = bytearray(held["aligned"] + b"-----" + held["shifted"])
    assert set(found_in(os.getpid(), held)) == set(held)
    kept.clear()
