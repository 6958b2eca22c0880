"""Reading the outbox: each event once while it is in memory, with its message, and again once it was put off."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal
from gateway.ledger.outbox import OutboxReader
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.messages import Messages
from gateway.model.message import Message
from gateway.process.clock import ManualClock
from tests.contract.records import a_message, accepts, final


class Interrupted(Messages):
    """When it is told to, it fails to find messages, or finds none, as when they were forgotten."""

    is_away = False
    has_forgotten = False

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        if self.is_away:
            raise LedgerUnavailable
        return [None] * len(messages) if self.has_forgotten else await super().find_many(messages)


class Place:
    def __init__(self, ledger: SqliteLedger, journal: Journal, clock: ManualClock) -> None:
        self.ledger = ledger
        self.messages = Interrupted(ledger.reader, clock)
        self.journal = journal
        self.clock = clock
        self.settled: list[int] = []
        self.reader = OutboxReader(ledger.outbox, self.messages, journal, clock, settled=self.settled.append)

    async def store(self, count: int) -> None:
        """An event for each of so many new messages."""
        messages = [a_message() for _ in range(count)]
        await self.ledger.apply(accepts(*messages))
        await self.ledger.apply([final(each, tell=True) for each in messages])


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Place]:
    clock = ManualClock()
    ledger = SqliteLedger(folder / "ledger.db", clock, synchronous="off")
    await ledger.open()
    journal = Journal(ledger, stored=lambda _: None)
    committing = asyncio.create_task(journal.run())
    try:
        yield Place(ledger, journal, clock)
    finally:
        committing.cancel()
        await ledger.close()


async def test_what_is_in_memory_is_not_read_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(3)
        reading = await place.reader.read(2)
        assert ([event.seq for event, _ in reading.events], reading.last, reading.is_full) == ([1, 2], 2, True)
        reading = await place.reader.read(2)
        assert ([event.seq for event, _ in reading.events], reading.last, reading.is_full) == ([3], 3, False)
        reading = await place.reader.read(2)
        assert (reading.events, reading.last, reading.is_full) == ((), 0, False)


async def test_what_was_let_go_of_is_read_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(2)
        (first, _), _ = (await place.reader.read(10)).events
        place.reader.release([first])
        assert [event.seq for event, _ in (await place.reader.read(10)).events] == [first.seq]


async def test_what_is_behind_can_be_asked_for_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(3)
        assert [event.seq for event, _ in (await place.reader.read(10, after=2)).events] == [3]


async def test_an_event_that_reached_its_customer_is_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(1)
        ((event, message),) = (await place.reader.read(10)).events
        assert message is not None
        assert message.id == event.message
        place.reader.told(event)
        await place.journal.drain()
        assert (place.settled, place.reader.known, await place.reader.size()) == ([event.seq], set(), 0)


async def test_an_event_that_was_put_off_is_read_when_its_time_comes_and_not_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(1)
        ((event, _),) = (await place.reader.read(10)).events
        place.reader.put_off(event, place.clock.now_ms() + 5_000, 3)
        await place.journal.drain()
        assert (place.settled, place.reader.known) == ([event.seq], set())
        assert not (await place.reader.read(10)).events
        place.clock.advance(5)
        ((again, _),) = (await place.reader.read(10)).events
        assert (again.seq, again.attempts) == (event.seq, 3)


async def test_after_a_failed_reading_nothing_more_is_known_than_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(2)
        place.messages.is_away = True
        with pytest.raises(LedgerUnavailable):
            await place.reader.read(10)
        assert not place.reader.known
        place.messages.is_away = False
        assert len((await place.reader.read(10)).events) == 2


async def test_an_event_whose_message_was_forgotten_comes_without_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        await place.store(1)
        place.messages.has_forgotten = True
        ((event, message),) = (await place.reader.read(10)).events
        assert message is None
        assert event.seq in place.reader.known
