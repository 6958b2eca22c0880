"""The group committer in front of a real ledger, and in front of one whose disk comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from copy import copy
from functools import partial
from pathlib import Path

import pytest

from gateway.ledger.contract import (
    Accept,
    Count,
    LedgerUnavailable,
    Notify,
    OutcomeUnknown,
    WriteOp,
    WriteResult,
    Written,
)
from gateway.ledger.journal import Journal, JournalFull, StoredEvent
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Message, Status
from gateway.process.clock import ManualClock
from tests.contract.records import DAY_MS, DONE, NOT_DONE, NOW, a_message, a_notice, an_event, final, submitted


class Disk(SqliteLedger):
    """A ledger whose commits wait for a gate and fail on demand; it notes its batches."""

    def __init__(self, path: Path, *, apart: bool) -> None:
        super().__init__(path, ManualClock(), synchronous="off", apart=apart)
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[Exception] = []
        self.batches: list[Sequence[WriteOp]] = []
        self.reached = asyncio.Event()

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        self.reached.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(batch)
        return await super().apply(batch)


class Bench:
    """A journal that runs, and what it reported."""

    def __init__(self, disk: Disk, *, interval_s: float = 0.0, **limits: int) -> None:
        self.disk = disk
        self.stored: list[list[Message]] = []
        self.told: list[StoredEvent] = []
        self.ended: list[Message] = []
        self.journal = Journal(
            disk,
            stored=self._stored,
            events_stored=self._events,
            ended=self.ended.append,
            retry_s=0,
            interval_s=interval_s,
            **limits,
        )
        self.running = asyncio.ensure_future(self.journal.run())

    def _stored(self, messages: Sequence[Message]) -> None:
        self.stored.append(list(messages))

    def _events(self, events: Sequence[StoredEvent]) -> None:
        self.told += events

    async def close_gate(self) -> None:
        """Let one operation of no interest reach the disk and wait there."""
        self.disk.gate.clear()
        self.disk.reached.clear()
        self.journal.post(Count("gate", 0, 1))
        await self.disk.reached.wait()

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running])


@pytest.fixture(params=[False, True], ids=["within", "apart"])
async def disk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Disk]:
    disk = Disk(tmp_path / "ledger.db", apart=request.param)
    await disk.open()
    yield disk
    await disk.close()


@pytest.fixture
async def bench(disk: Disk) -> AsyncIterator[Bench]:
    bench = Bench(disk, batch_limit=10, queue_limit=20)
    yield bench
    await bench.stop()


async def test_an_idle_journal_commits_at_once(bench: Bench) -> None:
    message = a_message()
    assert await bench.journal.accept(Accept(message)) == message.id
    assert await bench.disk.messages.find(7, message.id) == message
    assert bench.stored == [[message]]


async def test_what_arrives_during_a_commit_is_one_batch(bench: Bench) -> None:
    await bench.close_gate()
    futures = [bench.journal.accept(Accept(a_message())) for _ in range(7)]
    assert not any(each.done() for each in futures)
    bench.disk.gate.set()
    await asyncio.gather(*futures)
    assert [len(each) for each in bench.disk.batches] == [1, 7]
    assert (bench.journal.commits, bench.journal.operations) == (2, 8)


async def counted(bench: Bench, how_many: int) -> None:
    """Queue so many operations at once, and wait until they are durable."""
    await asyncio.gather(*(bench.journal.write(Count("a", 1, 1)) for _ in range(how_many)))


async def test_a_commit_of_few_does_not_wait_for_company(disk: Disk) -> None:
    bench = Bench(disk, interval_s=3_600)
    for _ in range(3):
        await counted(bench, 1)
    assert [len(each) for each in bench.disk.batches] == [1, 1, 1]
    await bench.stop()


async def test_at_part_load_commits_keep_their_distance(disk: Disk) -> None:
    bench = Bench(disk, interval_s=3_600)
    await counted(bench, 10)
    await counted(bench, 64)
    waiting = asyncio.ensure_future(counted(bench, 10))
    await disk.counters.count("a", 1)
    await asyncio.wait([waiting], timeout=0)
    assert [len(each) for each in bench.disk.batches] == [10, 64]
    assert bench.journal.depth == 10
    await bench.stop()
    with pytest.raises(LedgerUnavailable):
        await waiting


async def test_enough_operations_are_not_kept_waiting(disk: Disk) -> None:
    bench = Bench(disk, interval_s=3_600)
    await counted(bench, 10)
    await counted(bench, 64)
    first = asyncio.ensure_future(counted(bench, 10))
    await disk.counters.count("a", 1)
    await counted(bench, 54)
    await first
    assert [len(each) for each in bench.disk.batches] == [10, 64, 64]
    await bench.stop()


async def brought(bench: Bench, how_many: int) -> None:
    """Queue so many operations as one lot, with a turn of the loop after each, and wait until they are durable."""
    bench.journal.expect(1)
    futures = []
    for _ in range(how_many):
        futures.append(bench.journal.write(Count("a", 1, 1)))
        await asyncio.sleep(0)
    bench.journal.expect(-1)
    await asyncio.gather(*futures)


@pytest.mark.interpreted
async def test_a_commit_waits_for_the_lots_that_are_being_brought(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.journal._TOGETHER_S", 3_600)
    await asyncio.gather(brought(bench, 7), brought(bench, 3))
    assert [len(each) for each in bench.disk.batches] == [10]
    await brought(bench, 15)  # more than a commit holds
    assert [len(each) for each in bench.disk.batches] == [10, 10, 5]


async def test_a_commit_does_not_wait_for_ever_for_what_is_expected(bench: Bench) -> None:
    bench.journal.expect(1)
    await counted(bench, 2)


async def test_a_batch_has_a_limit(bench: Bench) -> None:
    await bench.close_gate()
    futures = [bench.journal.write(Count("a", 1, 1)) for _ in range(25)]
    bench.disk.gate.set()
    await asyncio.gather(*futures)
    assert [len(each) for each in bench.disk.batches] == [1, 10, 10, 5]
    assert await bench.disk.counters.count("a", 1) == 25


async def test_new_messages_are_refused_when_the_queue_is_full_and_changes_are_not(bench: Bench) -> None:
    await bench.close_gate()
    futures = [bench.journal.accept(Accept(a_message())) for _ in range(19)]
    with pytest.raises(JournalFull):
        bench.journal.accept(Accept(a_message()))
    futures.append(bench.journal.write(Count("a", 1, 1)))
    assert bench.journal.depth == 21
    bench.disk.gate.set()
    await asyncio.gather(*futures)
    assert bench.journal.depth == 0


async def test_a_repeated_key_is_not_reported_as_stored(bench: Bench) -> None:
    first, second = a_message(), a_message()
    futures = [bench.journal.accept(Accept(each, b"d" * 16, NOW + DAY_MS)) for each in (first, second)]
    assert await asyncio.gather(*futures) == [first.id, first.id]
    assert bench.stored == [[first]]


async def test_callbacks_have_the_engines_result_and_events_are_announced_once(bench: Bench) -> None:
    message = a_message()
    await bench.journal.accept(Accept(copy(message)))
    answers: list[WriteResult] = []
    change = final(message, tell=True)
    bench.journal.post(change, lambda _op, result: answers.append(result))
    bench.journal.post(final(message, Status.EXPIRED, tell=True), lambda _op, result: answers.append(result))
    await bench.journal.drain()
    assert answers == [DONE, NOT_DONE]
    assert bench.ended == [change.message]
    assert bench.told == [(change.event, change.message)]
    assert [event for event, _ in bench.told] == list(await bench.disk.outbox.due(1 << 60, 10, ()))


async def test_an_event_that_comes_with_a_new_message_is_announced_unless_the_message_was_there(bench: Bench) -> None:
    first, again = (a_message(status=Status.RECEIVED, due_ms=None) for _ in range(2))
    for each in (first, again):
        bench.journal.post(Accept(each, b"digest", NOW + 1_000, event=an_event(each)))
    await bench.journal.drain()
    assert [(event.seq > 0, message) for event, message in bench.told] == [(True, first)]


async def test_an_event_that_comes_alone_is_announced_without_a_message(bench: Bench) -> None:
    notice = a_notice()
    assert await bench.journal.write(Notify(notice)) is DONE
    assert notice.seq > 0
    assert bench.told == [(notice, None)]


async def test_failed_commits_are_counted(bench: Bench) -> None:
    bench.disk.failures = [LedgerUnavailable(), LedgerUnavailable()]
    await bench.journal.write(Count("a", 1, 1))
    assert bench.journal.failures == 2


async def test_a_copy_keeps_a_change_what_it_was_when_it_was_queued(bench: Bench) -> None:
    message = a_message()
    await bench.journal.accept(Accept(copy(message)))
    await bench.close_gate()
    first = bench.journal.write(submitted(message, "a"))
    second = bench.journal.write(final(message, tell=True))
    bench.disk.gate.set()
    assert [await first, await second] == [DONE, DONE]
    assert await bench.disk.outbox.size() == 1


async def test_a_barrier_answers_when_everything_before_it_is_durable(bench: Bench) -> None:
    await bench.close_gate()
    seen: list[str] = []
    bench.journal.post(Count("a", 1, 1), lambda _op, _result: seen.append("change"))
    bench.journal.barrier(lambda _op, _result: seen.append("barrier"))
    assert seen == []
    bench.disk.gate.set()
    await bench.journal.drain()
    assert seen == ["change", "barrier"]


async def test_a_barrier_alone_needs_no_commit(bench: Bench) -> None:
    seen = asyncio.Event()
    bench.journal.barrier(lambda _op, _result: seen.set())
    await seen.wait()
    assert bench.disk.batches == []


async def test_an_offered_message_is_answered_with_its_id_once_it_is_durable(bench: Bench) -> None:
    message = a_message()
    answers: list[WriteResult] = []
    bench.journal.offer(Accept(message), lambda _op, result: answers.append(result))
    assert answers == []
    await bench.journal.drain()
    assert answers == [message.id]
    assert bench.stored == [[message]]


async def test_a_failed_commit_refuses_every_new_message_that_waits_and_keeps_the_rest(bench: Bench) -> None:
    await bench.close_gate()
    bench.disk.failures = [LedgerUnavailable(), LedgerUnavailable()]
    change = bench.journal.write(Count("a", 1, 1))
    refused = [bench.journal.accept(Accept(a_message())) for _ in range(15)]
    offered: list[WriteResult] = []
    bench.journal.offer(Accept(a_message()), lambda _op, result: offered.append(result))
    later = bench.journal.write(Count("a", 1, 2))
    bench.disk.gate.set()
    for each in refused:
        with pytest.raises(LedgerUnavailable):
            await each
    assert [await change, await later] == [DONE, DONE]
    assert offered == [Written.UNAVAILABLE]
    assert (await bench.disk.counters.count("a", 1), await bench.disk.counters.count("gate", 0)) == (3, 1)
    assert bench.stored == []


@pytest.mark.case("interfaces-4")
@pytest.mark.case("faults-9")
async def test_what_the_store_has_not_confirmed_is_told_apart_and_probed_until_it_does(bench: Bench) -> None:
    bench.disk.failures = [OutcomeUnknown(), OutcomeUnknown(), LedgerUnavailable()]
    fates: dict[int, WriteResult] = {}
    limit = 10

    def noted(number: int, _op: object, result: WriteResult) -> None:
        fates[number] = result

    for number in range(limit + 3):
        bench.journal.offer(Accept(a_message()), partial(noted, number))
    assert len(bench.journal.unconfirmed()) == limit + 3
    await bench.journal.drain()
    assert {fates[number] for number in range(limit)} == {Written.UNKNOWN}
    assert {fates[number] for number in range(limit, limit + 3)} == {Written.UNAVAILABLE}
    assert (bench.journal.in_doubt, bench.journal.failures) == (False, 3)
    assert bench.stored == []


async def test_a_journal_that_only_had_new_messages_recovers_by_itself(bench: Bench) -> None:
    bench.disk.failures = [LedgerUnavailable()]
    with pytest.raises(LedgerUnavailable):
        await bench.journal.accept(Accept(a_message()))
    await bench.journal.drain()
    assert bench.journal.available
    message = a_message()
    assert await bench.journal.accept(Accept(message)) == message.id


async def test_new_messages_are_refused_while_the_ledger_is_unavailable(disk: Disk) -> None:
    journal = Journal(disk, stored=lambda _messages: None, retry_s=3_600)
    running = asyncio.ensure_future(journal.run())
    disk.failures = [LedgerUnavailable()]
    with pytest.raises(LedgerUnavailable):
        await journal.accept(Accept(a_message()))
    with pytest.raises(JournalFull):
        journal.accept(Accept(a_message()))
    assert not journal.available
    running.cancel()
    await asyncio.wait([running])


async def test_a_caller_that_went_away_disturbs_nobody(bench: Bench) -> None:
    await bench.close_gate()
    gone, stays = bench.journal.accept(Accept(a_message())), bench.journal.accept(Accept(a_message()))
    gone.cancel()
    bench.disk.gate.set()
    await stays
    assert len(bench.stored[0]) == 2


async def test_drain_waits_for_the_commit_under_way(bench: Bench) -> None:
    await bench.close_gate()
    draining = asyncio.ensure_future(bench.journal.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    bench.disk.gate.set()
    await draining
    assert await bench.disk.counters.count("gate", 0) == 1


async def test_nobody_waits_for_a_journal_that_has_ended(bench: Bench) -> None:
    await bench.close_gate()
    waiting = [bench.journal.accept(Accept(a_message())), bench.journal.write(Count("a", 1, 1))]
    draining = asyncio.ensure_future(bench.journal.drain())
    await bench.stop()
    await draining
    late = bench.journal.write(Count("a", 1, 1))
    bench.journal.post(Count("a", 1, 1))
    await bench.journal.drain()
    for each in (*waiting, late):
        with pytest.raises(LedgerUnavailable):
            await each
    with pytest.raises(JournalFull):
        bench.journal.accept(Accept(a_message()))


async def test_an_engine_that_breaks_ends_the_journal_and_frees_who_waits(bench: Bench) -> None:
    bench.disk.failures = [RuntimeError("broken engine")]
    waiting = bench.journal.write(Count("a", 1, 1))
    with pytest.raises(LedgerUnavailable):
        await waiting
    with pytest.raises(RuntimeError, match="broken engine"):
        await bench.running


async def test_all_is_settled_in_order_when_the_journal_is_drained(disk: Disk) -> None:
    bench = Bench(disk, batch_limit=3)
    await bench.close_gate()
    messages = [a_message() for _ in range(20)]
    durable: list[bytes] = []
    for each in messages:
        bench.journal.offer(Accept(each), lambda _op, result: durable.append(result))  # type: ignore[arg-type]
    disk.gate.set()
    await bench.journal.drain()
    ids = [each.id for each in messages]
    assert durable == ids
    assert [each.id for batch in bench.stored for each in batch] == ids
    assert len(disk.batches) > 6
    await bench.stop()


async def test_a_journal_whose_news_nobody_can_take_ends(disk: Disk) -> None:
    """What is durable and told to nobody must not go unnoticed."""
    bench = Bench(disk, batch_limit=2)
    await bench.close_gate()

    def breaks(_op: WriteOp | None, _result: WriteResult) -> None:
        raise ZeroDivisionError

    bench.journal.post(Count("gate", 0, 1), breaks)
    for _ in range(4):
        bench.journal.post(Count("gate", 0, 1))
    disk.gate.set()
    with pytest.raises(ZeroDivisionError):
        await bench.running


# ------------------------------------------------------------------------------------------- a commit that hangs


@pytest.mark.case("faults-7")
async def test_while_a_commit_hangs_new_messages_are_refused_and_changes_wait(disk: Disk) -> None:
    bench = Bench(disk)
    await bench.close_gate()
    waiting = bench.journal.accept(Accept(a_message()))
    change = bench.journal.write(Count("waits", 0, 1))
    bench.journal.look(limit_s=3_600)
    assert not waiting.done()
    await asyncio.sleep(0)
    bench.journal.look(limit_s=-1)
    with pytest.raises(LedgerUnavailable):
        await waiting
    with pytest.raises(JournalFull):
        bench.journal.accept(Accept(a_message()))
    assert (bench.journal.stalled, bench.journal.available, bench.journal.refused) == (True, False, 2)
    disk.gate.set()
    assert await change is DONE
    bench.journal.look(limit_s=3_600)
    assert (bench.journal.stalled, bench.journal.available) == (False, True)
    taken = a_message()
    assert await bench.journal.accept(Accept(taken)) == taken.id
    await bench.stop()
