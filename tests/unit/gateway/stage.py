"""A running API with small real parts behind it, and ways to talk to it: over sockets, as a client does."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from config.settings import HttpSettings
from gateway.accept.inquiry import Inquired
from gateway.accept.request import MessageRequest, OperatorView
from gateway.accounts.customers import ApiKey, CustomerSettings
from gateway.accounts.directory import Directory
from gateway.accounts.settings import StoredKeySettings
from gateway.http_api.api import HttpApi
from gateway.http_api.records import Sources
from gateway.http_api.sending import SendPath
from gateway.ledger.contract import Accept, Change, StoredCustomer, StoredKey
from gateway.ledger.journal import Done, Journal, JournalFull
from gateway.limits.admission import Admission
from gateway.model.message import WAITING, Message, MessageClass, Status, message_id
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM, SmppForm
from gateway.model.verdict import Severity, Verdict
from gateway.process.clock import ManualClock
from redaction.personal import Msisdn, Purpose, Secret
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym, Sealed
from tests.bounds import LIMIT_S
from tests.contract.records import mask_of
from tests.unit.gateway.small_ledger import SmallLedger, SmallUsage

TOKEN = "cgw_00000001_" + "A" * 43
FACADE_TOKEN = "0000000f" + "b" * 24
"""User name and password of a key for façades."""
BODY: dict[str, object] = {"to": "+966500000078", "from": "INTERKEY", "text": "Your code is 1234"}
ALL_SCOPES = ("send", "status", "operators")
_NUMBER = re.compile(r"\+9665[0-9]{8}", re.ASCII)


def digest(secret: Secret, _epoch: int = 0) -> bytes:
    return sha256(secret.reveal(Purpose.CREDENTIAL).encode()).digest()


def api_key(**changes: Any) -> "StoredKey":
    token = changes.pop("token", TOKEN)
    names = [name for name in StoredKeySettings.__struct_fields__ if name in changes]
    settings = StoredKeySettings(**{name: changes.pop(name) for name in names})
    return StoredKey(
        **{
            "id": 0,
            "customer": 1,
            "prefix": token[4:12],
            "digest": digest(Secret(token)),
            "scopes": ALL_SCOPES,
            "settings": msgspec.json.encode(settings),
            "created_ms": 0,
        }
        | changes
    )


def facade_key(*facades: str, **changes: Any) -> "StoredKey":
    """One for façades."""
    return api_key(**({"token": FACADE_TOKEN, "prefix": FACADE_TOKEN[:8], "facades": facades} | changes))


def customer(**changes: Any) -> StoredCustomer:
    settings = msgspec.json.encode(CustomerSettings(senders={"INTERKEY": ()}))
    fields: dict[str, Any] = {"id": 0, "public_id": "cus_1", "account": Sealed(b""), "created_ms": 0}
    return StoredCustomer(**(fields | {"settings": settings} | changes))


class SmallDoor:
    """Takes Saudi mobile numbers, seals nothing, and lets the journal make messages durable."""

    def __init__(self, journal: Journal, clock: ManualClock) -> None:
        self._journal = journal
        self._clock = clock
        self._taken = 0

    def offer(
        self,
        key: ApiKey,
        request: MessageRequest,
        form: SmppForm,
        done: Done,
        *,
        idempotency: str | None = None,
        index: int = 0,
    ) -> Message:
        record = self._record(key, request, idempotency, index)
        try:
            self._journal.offer(record, done)
        except JournalFull:
            raise Refusal("overloaded") from None
        return record.message

    def recipient(self, request: MessageRequest) -> Msisdn:
        found = parse_number(request.to, "SA")
        if found is None:
            raise Refusal("invalid_number", "to")
        return found

    def expect(self, batches: int) -> None:
        self._journal.expect(batches)

    def judge(self, _key: ApiKey, request: MessageRequest, _form: SmppForm = NO_FORM) -> Inquired:
        if _NUMBER.fullmatch(request.to):
            return Inquired(verdicts=[])
        found = Verdict(code="invalid_number", severity=Severity.REFUSE, rule="request", field="to")
        return Inquired(verdicts=[found])

    async def look_up(self, _key: ApiKey, _inquired: Inquired) -> Sequence[Verdict]:
        return ()

    def repeats(self, request: MessageRequest, message: Message, earlier: Message) -> bool:
        return message.last_two == earlier.last_two

    def _record(self, key: ApiKey, request: MessageRequest, idempotency: str | None, index: int) -> Accept:
        if not _NUMBER.fullmatch(request.to):
            raise Refusal("invalid_number", "to")
        self._taken += 1
        now_ms = self._clock.now_ms()
        message = a_message(
            id=message_id(now_ms, self._taken, self._clock.random(8)),
            customer=key.customer.id,
            last_two=int(request.to[-2:]),
            accepted_ms=now_ms,
        )
        standing = None if idempotency is None else sha256(f"{index} {idempotency}".encode()).digest()[:16]
        return Accept(message, standing, now_ms + 86_400_000)


class SmallCanceller:
    def __init__(self, ledger: SmallLedger, journal: Journal) -> None:
        self._ledger = ledger
        self._journal = journal

    async def cancel(self, customer: int, message_id: bytes) -> Message | None:
        message = await self._ledger.find(customer, message_id)
        if message is None:
            return None
        if message.status not in WAITING:
            raise Refusal("not_cancellable")
        message.status = Status.CANCELLED
        await self._journal.write(Change(message=message))
        return message


def a_message(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": bytes(15) + b"\1",
        "customer": 1,
        "key_id": 1,
        "subject": Pseudonym(bytes(16)),
        "country": 966,
        "last_two": 78,
        "message_class": MessageClass.OTP,
        "tag": RetentionTag("otp"),
        "status": Status.ACCEPTED,
        "segments": 1,
        "encoding": "gsm7",
        "operator": "loop",
        "accepted_ms": 1_800_000_000_000,
        "due_ms": 1_800_000_000_000,
        "expires_ms": 1_800_000_300_000,
        "content_until_ms": 1_800_000_600_000,
        "record_until_ms": 1_807_776_000_000,
        "content": Sealed(b"sealed"),
    }
    return Message(**(fields | changes))


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json()
        assert problem["status"] == self.status
        assert problem["type"] == f"/problems/{problem['code']}"
        return str(problem["code"])


LOOP = OperatorView(name="loop", state="up", country="SA", binds_up=1, binds=1, circuit="closed")

LANES = {"express": (), "aiohttp": ("Connection: close",)}
"""What makes a request usual, and what makes it aiohttp's."""
lane = "express"
"""Over which lane `Stage.ask` goes; a test may set it."""


@dataclass
class Stage:
    api: HttpApi
    ledger: SmallLedger
    journal: Journal
    directory: Directory
    admission: Admission
    clock: ManualClock
    reported: list[str]
    checks: dict[str, bool]
    outcomes: list[tuple[int, bytes, bool]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.api.listener.port

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        token: str | None = TOKEN,
        headers: Sequence[tuple[str, str]] = (),
        content_type: str | None = "application/json",
    ) -> Answer:
        """One request on a connection of its own."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: gateway", *LANES[lane]]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if raw is not None or body is not None:
            lines.append(f"Content-Length: {len(content)}")
            if content_type is not None:
                lines.append(f"Content-Type: {content_type}")
        lines += [f"{name}: {value}" for name, value in headers]
        return await self.send_bytes("\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape") + content)

    async def send_bytes(self, data: bytes) -> Answer:
        reader, writer = await self.connect()
        try:
            writer.write(data)
            return await read_answer(reader, head_only=data.startswith(b"HEAD"))
        finally:
            writer.close()

    async def post(self, body: object = None, **more: Any) -> Answer:
        return await self.ask("POST", "/v1/messages", BODY if body is None else body, **more)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until something holds that nobody announces."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # what is waited for is inside a peer and sets no event
            await asyncio.sleep(0)


async def read_answer(reader: asyncio.StreamReader, *, head_only: bool = False) -> Answer:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LIMIT_S)).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
    length = 0 if head_only else int(headers.get("content-length", 0))
    return Answer(int(head[0].split()[1]), headers, await reader.readexactly(length))


@asynccontextmanager
async def running_api(
    *,
    settings: HttpSettings | None = None,
    max_inflight: int = 5_000,
    keys: Sequence[StoredKey] | None = None,
    customers: Sequence[StoredCustomer] | None = None,
    clock: Any = None,
    committing: bool = True,
    ledger: Any = None,
    door: type["SmallDoor"] | None = None,
) -> AsyncIterator[Stage]:
    """committing: false leaves every message waiting for its commit."""
    clock = clock or ManualClock()
    ledger = ledger or SmallLedger()
    # the small ledger plays every role itself
    accounts, counters, messages = (
        (ledger, ledger, ledger)
        if isinstance(ledger, SmallLedger)
        else (ledger.accounts, ledger.counters, ledger.messages)
    )
    for each in customers or (customer(),):
        await accounts.save_customer(each)
    for key in keys or (api_key(),):
        await accounts.save_key(key)
    journal = Journal(ledger, stored=lambda _: None)
    directory = Directory(accounts, digest)
    await directory.refresh()
    admission = Admission(counters, journal, clock, max_inflight=max_inflight)
    reported: list[str] = []
    outcomes: list[tuple[int, bytes, bool]] = []
    checks = {"ledger": True, "keys": True}
    api = HttpApi(
        SendPath((door or SmallDoor)(journal, clock), messages, admission, clock, mask_of),
        Sources(
            messages=messages,
            usage=SmallUsage(),
            canceller=SmallCanceller(messages, journal),
            reveal_reference=lambda _: None,
            mask=mask_of,
            operators=lambda: [LOOP],
            report=lambda *outcome: outcomes.append(outcome),
            received=lambda _: None,
        ),
        directory,
        settings or loopback(),
        clock,
        checks=lambda: checks,
        max_validity_s=172_800,
    )
    await api.start()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(type(context.get("exception")).__name__))
    committer = asyncio.create_task(journal.run()) if committing else None
    try:
        yield Stage(api, ledger, journal, directory, admission, clock, reported, checks, outcomes)
    finally:
        await api.stop(1.0)
        loop.set_exception_handler(None)
        if committer is not None:
            committer.cancel()


def loopback(**changes: Any) -> HttpSettings:
    return HttpSettings(**({"port": 0} | changes))
