"""10,000 messages over all tags, through the HTTP API of a real node, and then time passes.

Half of them get their final receipt at once, the other half never. At each moment at which a tag's content or record
ends, it is still there a millisecond before; at the moment it is refused although nobody has swept; after the sweep it
is gone, nothing is overdue, and in the end only counts remain, which equal what was sent.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from config.operators import LoopbackOperatorSettings, RouteSettings
from config.settings import (
    HttpSettings,
    KeystoreSettings,
    LedgerSettings,
    MetricsSettings,
    RootSlotSettings,
    Settings,
    SweeperSettings,
)
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import CustomerSettings, KeySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.model.message import Message, MessageClass, Status
from gateway.node.node import Node
from gateway.process.clock import ManualClock
from operators.base import Accepted, MtMessage, ReceiptState, SubmitResult
from operators.loopback import LoopbackOperator
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Purpose
from tests.bounds import LIMIT_S

MESSAGES = 10_000
BATCH = 1_000
MINUTE, HOUR, DAY = 60, 3_600, 86_400
MS = 0.001
KINDS = (("otp", None), ("transactional", None), ("promotional", None), ("transactional", "discard"))
TAGS = ("otp", "transactional", "promotional", "discard")
QUIET = "no receipt for this"


class Clock(ManualClock):
    def random(self, size: int) -> bytes:
        return os.urandom(size)


class Run:
    """A node, its clock, and what was sent to it."""

    def __init__(self, node: Node, clock: Clock, key: str, customer: int) -> None:
        self.node = node
        self.clock = clock
        self.customer = customer
        self._headers = {"Authorization": f"Bearer {key}"}
        self.ids: list[bytes] = []

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, dict[str, object]]:
        url = f"http://127.0.0.1:{self.node.fronts.http.listener.port}{path}"
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.request(method, url, **more) as answer,  # type: ignore[arg-type]
        ):
            return answer.status, await answer.json()

    async def send_all(self) -> None:
        for start in range(0, MESSAGES, BATCH):
            batch = [request(index) for index in range(start, start + BATCH)]
            status, answer = await self.ask("POST", "/v1/messages/batch", json={"messages": batch})
            assert (status, answer["accepted"]) == (202, BATCH)
            self.ids += [bytes.fromhex(each["message"]["id"]) for each in answer["items"]]  # type: ignore[attr-defined]
        async with asyncio.timeout(LIMIT_S):
            while self.node.road.dispatch.counters.attempts < MESSAGES or self.node.road.outcomes.waiting():
                await asyncio.sleep(0.01)  # the node sets no event
            await self.node.road.journal.drain()

    async def messages(self) -> Sequence[Message]:
        """What is stored, whether a customer would still be told of it or not."""
        return [each for each in await self.node.stores.ledger.messages.find_many(self.ids) if each is not None]

    async def readable(self) -> Counter[str]:
        """How many contents the vault opens, by tag."""
        opened: Counter[str] = Counter()
        for message in await self.messages():
            try:
                self.node.stores.vault.open_content(message)
            except KeyDestroyed:
                continue
            opened[message.tag] += 1
        return opened

    async def held(self) -> Counter[str]:
        """How many rows hold content, by tag."""
        return Counter(each.tag for each in await self.messages() if each.content is not None)

    async def known(self) -> Counter[str]:
        """How many messages the API would show, by tag."""
        tags = {identifier: TAGS[index % 4] for index, identifier in enumerate(self.ids)}
        found = [
            each for each in self.ids if await self.node.stores.ledger.messages.find(self.customer, each) is not None
        ]
        return Counter(tags[each] for each in found)

    async def overdue(self) -> int:
        due = await self.node.stores.ledger.retention.overdue(self.clock.now_ms())
        return sum(each.content + each.records for each in due)

    async def content_ends(self, at_s: float, before: dict[str, int], after: dict[str, int]) -> None:
        """Content by tag that opens until `at_s` seconds after acceptance, and from then on."""
        self.move_to(at_s - MS)
        assert await self.readable() == before
        self.move_to(at_s)
        assert await self.readable() == after
        await self.node.road.sweeper.sweep()
        assert await self.held() == await self.readable() == after
        assert await self.overdue() == 0

    async def record_ends(self, at_s: float, before: dict[str, int], after: dict[str, int]) -> None:
        self.move_to(at_s - MS)
        assert await self.known() == before
        self.move_to(at_s)
        assert await self.known() == after
        for index, tag in enumerate(TAGS):  # the first four ids
            status, _ = await self.ask("GET", f"/v1/messages/{self.ids[index].hex()}")
            assert status == (200 if tag in after else 404)
        await self.node.road.sweeper.sweep()
        assert len(await self.messages()) == sum(after.values())
        assert await self.overdue() == 0

    def move_to(self, seconds: float) -> None:
        """After the acceptance of all, which took no time."""
        self.clock.advance(seconds - self.clock.monotonic())


def request(index: int) -> dict[str, object]:
    message_class, tag = KINDS[index % 4]
    quiet = index // 4 % 2
    text = QUIET if quiet else ("long " * 60 if index % 5 == 0 else f"message {index}")
    country = "+971501" if index % 7 == 0 else "+966551"
    body: dict[str, object] = {"to": f"{country}{index:06d}", "from": "INTERKEY", "text": text, "class": message_class}
    return body if tag is None else body | {"retention": tag}


def what_was_sent(customer: int, day: int) -> Counter[tuple[object, ...]]:
    """Messages and segments by customer, day, operator, country and class."""
    sent: Counter[tuple[object, ...]] = Counter()
    for index in range(MESSAGES):
        body = request(index)
        message_class = MessageClass(str(body["class"]))
        name = (customer, day, "loop", 971 if index % 7 == 0 else 966, message_class)
        sent[*name, "messages"] += 1
        sent[*name, "segments"] += 2 if len(str(body["text"])) > 160 else 1
    return sent


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Run]:
    clock = Clock()
    node = Node(settings(folder), clock)
    await node.start()
    listen_to_quiet_ones(node)
    accounts = Accounts(
        node.stores.ledger.accounts,
        clock,
        COMMAND_LINE,
        sealer=node.stores.sealer,
        ensure_keys=node.stores.keyring.ensure_customer,
        digest=node.stores.keyring.credential_digest,
    )
    customer = await accounts.add_customer(
        Profile(name=MessageText("Trial")), CustomerSettings(senders={"INTERKEY": ()})
    )
    classes = tuple(each.value for each in MessageClass)
    _, key = await accounts.add_key(customer.id, scopes=("send", "status"), settings=KeySettings(classes=classes))
    await node.stores.directory.refresh()
    try:
        yield Run(node, clock, key.reveal(Purpose.CREDENTIAL), customer.id)
        assert not node.tasks.failed.done(), repr(node.tasks.failed.result())
    finally:
        await node.stop()


def listen_to_quiet_ones(node: Node) -> None:
    """The operator reports the delivery of all but those."""
    operator = node.road.operators["loop"]
    assert isinstance(operator, LoopbackOperator)
    quiet: set[str] = set()

    def answer(message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
        if message.text.reveal(Purpose.DELIVER) == QUIET:
            quiet.add(identifier)
        return Accepted(identifier)

    operator._answer = answer
    operator._receipt = lambda identifier: None if identifier in quiet else ReceiptState.DELIVERED


def settings(folder: Path) -> Settings:
    return Settings(
        http=HttpSettings(port=0, max_inflight=20_000),
        metrics=MetricsSettings(enabled=False),
        ledger=LedgerSettings(path=str(folder / "data" / "ledger.db"), synchronous="normal"),
        keystore=KeystoreSettings(
            path=str(folder / "keys" / "keys.db"), root=RootSlotSettings(path=str(folder / "root" / "root.key"))
        ),
        sweeper=SweeperSettings(interval_s=3_600, batch_limit=500),
        operators=(LoopbackOperatorSettings(name="loop"),),
        routes=(RouteSettings(operators=("loop",)),),
    )


@pytest.mark.policy("P-21")
@pytest.mark.policy("P-22")
@pytest.mark.policy("P-23")
async def test_everything_goes_at_its_own_time_and_only_counts_remain(tmp_path: Path) -> None:
    quarter, eighth = MESSAGES // 4, MESSAGES // 8
    async with running(tmp_path) as run:
        await run.send_all()
        statuses = Counter(each.status for each in await run.messages())
        assert statuses[Status.DELIVERED] == MESSAGES // 2

        both = {"transactional": quarter, "promotional": quarter}
        await run.content_ends(10 * MINUTE, {"otp": eighth} | both, both)
        await run.content_ends(DAY, both, {"transactional": eighth, "promotional": quarter})
        await run.content_ends(3 * DAY, {"transactional": eighth, "promotional": quarter}, {"promotional": quarter})
        await run.content_ends(7 * DAY, {"promotional": quarter}, {})

        every = dict.fromkeys(TAGS, quarter)
        longer = {tag: quarter for tag in TAGS if tag != "discard"}
        await run.record_ends(30 * DAY, every, longer)
        await run.record_ends(90 * DAY, longer, {})

        rows = await run.node.stores.ledger.retention.traffic(0, 1_000)
        day = ManualClock().now_ms() // 86_400_000
        counted: Counter[tuple[object, ...]] = Counter()
        for each in rows:
            name = (each.customer, each.day, each.operator, each.country, each.message_class)
            counted[*name, "messages"] += each.messages
            counted[*name, "segments"] += each.segments
        assert counted == what_was_sent(run.customer, day)
        assert sum(each.messages for each in rows if each.status is Status.DELIVERED) == MESSAGES // 2
