"""News from its commit to the binds of one account: straight, by way of the ledger, in order, and each once."""

import asyncio
from collections.abc import AsyncIterator, Collection, Container, Sequence, Sized
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.ledger.contract import Change, WriteOp
from gateway.ledger.journal import Journal, StoredEvent
from gateway.ledger.roles import Outbox
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Message, OutboxEvent
from gateway.process.clock import ManualClock
from gateway.process.containment import Containment
from gateway.smpp_server.link import Link
from gateway.smpp_server.telling import LEAST_IN_MEMORY, POLL_S, RETRY_S, Telling
from gateway.smpp_server.wording import receipt
from gateway.smpp_server.words import Forms, Words
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.framing import Framer
from operators.smpp.session import BindAsked, Event, Response, SessionSettings
from tests.bounds import LIMIT_S
from tests.contract.records import a_message, accepts, an_event, final, submitted
from tests.unit.gateway.smpp_server.seat import a_seat
from tests.unit.gateway.smpp_server.test_link import ESME, Host, Transport


class CountingOutbox:
    """Counts how often the outbox is read."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.reads = 0

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        self.reads += 1
        return await self._outbox.due(now_ms, limit, exclude, esme, after)

    async def put_off(
        self, customers: Collection[int], now_ms: int, limit: int, exclude: Container[int] = ()
    ) -> Sequence[OutboxEvent]:
        return await self._outbox.put_off(customers, now_ms, limit, exclude)

    async def size(self, esme: int = 0) -> int:
        return await self._outbox.size(esme)

    @property
    def unreadable(self) -> Sized:
        return self._outbox.unreadable


class Peer(Transport):
    """A bind that acknowledges what it gets, at once or when it is told to."""

    def __init__(self, telling: Telling, *, keen: bool = True, version: int = 0x34) -> None:
        super().__init__()
        self.keen = keen
        self.got: list[p.DeliverSm] = []
        self._unanswered: list[int] = []
        self._framer = Framer(1 << 16)
        self.link = Link(SessionSettings(), Listener(telling), a_seat())
        self.link.connection_made(self)
        self.link.data_received(p.encode(p.BindTransceiver(1, system_id="bank", interface_version=version)))
        telling.bound(self.link)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        for frame in self._framer.feed(bytes(data)):
            pdu = p.decode(frame)
            if isinstance(pdu, p.DeliverSm):
                self.got.append(pdu)
                self._unanswered.append(pdu.sequence_number)
        if self.keen:
            self.acknowledge()

    def acknowledge(self) -> None:
        numbers, self._unanswered = self._unanswered, []
        octets = b"".join(p.encode(p.DeliverSmResp(number)) for number in numbers)
        asyncio.get_running_loop().call_soon(self.link.data_received, octets)

    async def receives(self, count: int) -> list[bytes]:
        """The ids that so much news is of, once it is there."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.got) < count:
                await asyncio.sleep(0)
        return [bytes.fromhex(dict(each.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID][:-1].decode()) for each in self.got]


class Listener(Host):
    """As the server does."""

    def __init__(self, telling: Telling) -> None:
        super().__init__()
        self._telling = telling

    def take(self, connection: Connection, events: Sequence[Event]) -> None:
        assert isinstance(connection, Link)
        super().take(connection, [event for event in events if isinstance(event, BindAsked)])
        for event in events:
            if isinstance(event, Response):
                self._telling.answered(connection, event.context, event.pdu.status, late=event.late)
        if connection.esme is not None:
            self._telling.drained(connection)


class Desk:
    """A journal before a real ledger, whose events go to `telling`. broken: messages that cannot be put in words."""

    def __init__(self, folder: Path) -> None:
        clock = ManualClock()
        self.ledger = SqliteLedger(folder / "ledger.db", clock, synchronous="off")
        self.outbox = CountingOutbox(self.ledger.outbox)
        self.journal = Journal(self.ledger, stored=lambda _: None, events_stored=self._offer)
        self.telling = Telling(
            outbox=self.outbox,
            messages=self.ledger.messages,
            journal=self.journal,
            word=self._word,
            clock=clock,
        )
        self.clock = clock
        self.broken: set[bytes] = set()
        self.forms: Forms | None = None

    def _word(self, event: OutboxEvent, message: Message) -> Words | Forms | None:
        if message.id in self.broken:
            raise UnicodeError
        return self.forms or receipt(event, message, None)

    def _offer(self, events: Sequence[StoredEvent]) -> None:
        self.telling.offer(events)

    async def ends(self, count: int) -> list[bytes]:
        """So many messages are delivered and their news is durable; their ids in order."""
        messages = [a_message(notify=1) for _ in range(count)]
        await self.ledger.apply(accepts(*messages))
        await self.write(*[told(final(message), message) for message in messages])
        return [message.id for message in messages]

    async def write(self, *operations: WriteOp) -> None:
        """Durable, and told to whoever waits for it."""
        for operation in operations:
            self.journal.post(operation)
        await self.journal.drain()

    async def is_told(self) -> None:
        """Nothing waits any more."""
        async with asyncio.timeout(LIMIT_S):
            while await self.outbox.size(ESME.id) or self.telling.in_memory():
                await asyncio.sleep(0)

    async def is_settled(self) -> None:
        """The ledger was asked for what is due and for what came since, and nothing was found."""
        async with asyncio.timeout(LIMIT_S):
            while self.outbox.reads < 2:
                await asyncio.sleep(0)


def told(change: Change, message: Message) -> Change:
    return msgspec.structs.replace(change, event=an_event(message, esme=ESME.id))


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Desk]:
    desk = Desk(folder)
    await desk.ledger.open()
    tasks = [asyncio.ensure_future(desk.journal.run()), asyncio.ensure_future(desk.telling.run())]
    yield desk
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await desk.ledger.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with running(tmp_path) as running_desk:
        yield running_desk


@pytest.mark.smpp("S-53")
async def test_fresh_news_goes_out_from_its_commit_without_being_read_back(desk: Desk) -> None:
    peer = Peer(desk.telling)
    await desk.is_settled()
    before = desk.outbox.reads
    ids = await desk.ends(30)
    assert await peer.receives(30) == ids
    await desk.is_told()
    assert desk.outbox.reads == before


@pytest.mark.smpp("S-53")
async def test_what_there_is_no_room_for_comes_from_the_ledger_each_once(desk: Desk) -> None:
    peer = Peer(desk.telling, keen=False)
    await desk.is_settled()
    ids = await desk.ends(3 * LEAST_IN_MEMORY)
    assert desk.telling.in_memory() == LEAST_IN_MEMORY
    peer.keen = True
    peer.acknowledge()
    assert await peer.receives(len(ids)) == ids
    await desk.is_told()
    assert len(peer.got) == len(ids)


@pytest.mark.smpp("S-53")
async def test_news_that_came_before_the_bind_goes_first(desk: Desk) -> None:
    old = await desk.ends(5)
    peer = Peer(desk.telling)
    fresh = await desk.ends(5)
    assert await peer.receives(10) == old + fresh
    await desk.is_told()


@pytest.mark.smpp("S-53")
async def test_the_end_of_a_message_waits_for_the_answer_to_the_news_before_it(desk: Desk) -> None:
    peer = Peer(desk.telling, keen=False)
    await desk.is_settled()
    message = a_message(notify=0x11)
    await desk.ledger.apply(accepts(message))
    await desk.write(told(submitted(message, "1"), message), told(final(message), message))
    assert await peer.receives(1) == [message.id]
    other = await desk.ends(1)
    assert (await peer.receives(2))[1:] == other
    peer.keen = True
    peer.acknowledge()
    await peer.receives(3)
    assert [each.esm_class for each in peer.got] == [0x20, 0x04, 0x04]
    await desk.is_told()


@pytest.mark.smpp("S-15")
async def test_a_bind_of_smpp_3_3_is_told_without_tlvs(desk: Desk) -> None:
    peer = Peer(desk.telling, version=0x33)
    (identifier,) = await desk.ends(1)
    await desk.is_told()
    (told_of,) = peer.got
    assert told_of.tlvs == ()
    assert told_of.short_message.startswith(b"id:" + identifier.hex().encode())


async def test_news_of_an_account_without_a_bind_stays_in_the_ledger(desk: Desk) -> None:
    await desk.ends(3)
    assert desk.telling.in_memory() == 0
    assert await desk.outbox.size(ESME.id) == 3


@pytest.mark.case("security-2")
async def test_an_event_that_cannot_be_put_in_words_holds_up_no_other_and_is_tried_again(desk: Desk) -> None:
    contained = Containment()
    unwatch = contained.watch()
    peer = Peer(desk.telling)
    await desk.is_settled()
    first, second = a_message(notify=1), a_message(notify=1)
    desk.broken.add(first.id)
    await desk.ledger.apply(accepts(first, second))
    await desk.write(told(final(first), first), told(final(second), second))
    assert await peer.receives(1) == [second.id]
    assert contained.counts["delivery"] == 1
    desk.broken.clear()
    desk.clock.advance(RETRY_S[0] + POLL_S)
    assert (await peer.receives(2))[1:] == [first.id]
    unwatch()


@pytest.mark.case("smpp-9")
async def test_a_message_in_parts_is_told_with_its_last_part_and_not_before(desk: Desk) -> None:
    desk.forms = Forms(now=(), old=tuple(p.DeliverSm(short_message=each) for each in (b"one", b"two", b"three")))
    peer = Peer(desk.telling, keen=False, version=0x33)
    await desk.ends(1)
    for count in (1, 2, 3):
        async with asyncio.timeout(LIMIT_S):
            while len(peer.got) < count:
                await asyncio.sleep(0)
        assert (desk.telling.told, len(peer.got)) == (0, count)
        peer.acknowledge()
    await desk.is_told()
    assert [each.short_message for each in peer.got] == [b"one", b"two", b"three"]
    assert desk.telling.told == 1


@pytest.mark.case("smpp-9")
async def test_a_late_answer_to_a_part_does_not_end_the_message(desk: Desk) -> None:
    desk.forms = Forms(now=(), old=tuple(p.DeliverSm(short_message=each) for each in (b"one", b"two")))
    peer = Peer(desk.telling, keen=False, version=0x33)
    await desk.ends(1)
    async with asyncio.timeout(LIMIT_S):
        while not peer.got:
            await asyncio.sleep(0)
    (unanswered,) = peer.link.session.window.abandon()
    desk.telling.unanswered_by(peer.link, unanswered.context, lost=False)
    desk.telling.answered(peer.link, unanswered.context, 0, late=True)
    await desk.journal.drain()
    assert (desk.telling.told, await desk.outbox.size(ESME.id), len(peer.got)) == (0, 1, 1)
