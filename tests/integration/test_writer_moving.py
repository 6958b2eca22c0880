"""A SQLite ledger that begins on the loop and goes on in a process of its own, while everybody goes on calling it."""

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from config.settings import LedgerSettings
from gateway.ledger.contract import LedgerLocked, LedgerUnavailable
from gateway.ledger.file_lock import NodeLock, own
from gateway.ledger.opening import node_ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.large_commits import ENOUGH_ROWS, LargeCommits
from gateway.ledger.sqlite.plan import Event, Outcome, Plan
from gateway.ledger.sqlite.rows import event_row, fresh_row
from gateway.ledger.sqlite.writer import FileWriter
from gateway.ledger.sqlite.writer_calls import Asked
from gateway.ledger.sqlite.writer_client import ApartWriter, spawn
from gateway.ledger.sqlite.writer_moving import AGAIN_S, MovingWriter
from gateway.model.message import Message
from gateway.process.clock import ManualClock
from tests.contract.conftest import move_ended
from tests.contract.records import DONE, NOT_DONE, NOW, a_customer, a_message, accepts, an_event, final, submitted

FALSE = shutil.which("false")


def at_once() -> LargeCommits:
    return LargeCommits(large_rows=1, enough_rows=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(path, ManualClock(), moves_at=at_once())
    await ledger.open()
    yield ledger
    await ledger.close()


EARLIER: set[psutil.Process] = set()


@pytest.fixture(autouse=True)
def what_others_started() -> None:
    """Servers of other tests may live on beside these."""
    EARLIER.update(psutil.Process().children())


def children() -> list[psutil.Process]:
    """Processes that the test started and that live."""
    found = set(psutil.Process().children()) - EARLIER
    return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]


def writing_process() -> psutil.Process:
    (found,) = (each for each in children() if "gateway.ledger.sqlite.writer_process" in each.cmdline())
    return found


async def turn() -> None:
    """Let everything else have a turn of the loop."""
    await asyncio.sleep(0)


# -------------------------------------------------------------------------------------------------- under way


class Traffic:
    """One customer's messages, from their arrival to the news of their end, one batch after the other."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.messages: list[bytes] = []
        self.seqs: list[int] = []

    async def go_on(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            await self._one_batch()
            await turn()

    async def _one_batch(self) -> None:
        fresh = [a_message() for _ in range(10)]
        self.messages += [each.id for each in fresh]
        assert await self._ledger.apply(accepts(*fresh)) == [each.id for each in fresh]
        assert await self._ledger.apply([submitted(each, each.id.hex()) for each in fresh]) == [DONE] * 10
        ends = [final(each, tell=True) for each in fresh]
        assert await self._ledger.apply(ends) == [DONE] * 10
        assert await self._ledger.apply([final(each, tell=True) for each in fresh]) == [NOT_DONE] * 10
        self.seqs += [end.event.seq for end in ends if end.event is not None]


async def sweep(ledger: SqliteLedger, enough: asyncio.Event) -> int:
    forgotten = 0
    while not enough.is_set():
        forgotten += await ledger.retention.forget_records(NOW, 3)
    return forgotten + await ledger.retention.forget_records(NOW, 1_000)


async def add_customers(ledger: SqliteLedger, enough: asyncio.Event) -> list[int]:
    added: list[int] = []
    while not enough.is_set():
        added.append(await ledger.accounts.save_customer(a_customer(public_id=f"cus_{len(added)}")))
        await turn()
    return added


async def empty_log(ledger: SqliteLedger, enough: asyncio.Event) -> None:
    while not enough.is_set():
        with contextlib.suppress(LedgerUnavailable):  # others read all the time
            await ledger.retention.checkpoint()
        await turn()


@pytest.mark.parametrize("commit_on_loop_s", [0.0, 1.0], ids=["slow disk", "quick disk"])
async def test_it_moves_under_calls_from_all_sides(path: Path, commit_on_loop_s: float) -> None:
    moves_at = LargeCommits(large_rows=10, enough_rows=500)
    ledger = SqliteLedger(path, ManualClock(), commit_on_loop_s=commit_on_loop_s, moves_at=moves_at)
    await ledger.open()
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(700))))
    enough = asyncio.Event()
    senders = [Traffic(ledger) for _ in range(4)]
    async with asyncio.TaskGroup() as tasks:
        for each in senders:
            tasks.create_task(each.go_on(enough))
        sweeping = tasks.create_task(sweep(ledger, enough))
        adding = tasks.create_task(add_customers(ledger, enough))
        tasks.create_task(empty_log(ledger, enough))
        while not ledger.works_beside:
            await turn()
        moved_at = [len(each.messages) for each in senders]
        while any(len(each.messages) < count + 100 for each, count in zip(senders, moved_at, strict=True)):
            await turn()
        enough.set()
    assert all(moved_at)
    assert None not in await ledger.messages.find_many([message for each in senders for message in each.messages])
    for each in senders:
        assert each.seqs == sorted(each.seqs)
    told = {event.seq: event.message for event in await ledger.outbox.due(NOW, 1_000_000, ())}
    assert told == {seq: message for each in senders for seq, message in zip(each.seqs, each.messages, strict=True)}
    assert sweeping.result() == 700
    assert adding.result() == [each.id for each in await ledger.accounts.customers()]
    await ledger.close()


async def test_calls_under_way_end_before_the_change_and_the_others_follow_it_in_order(path: Path) -> None:
    file = SqliteFile(path, synchronous="full", busy_limit_s=1.0)
    writer = MovingWriter(file, ApartWriter(Asked(str(path), "full", 1.0), NodeLock(path)), at_once())
    await writer.open()

    def tell(message: Message) -> asyncio.Future[Outcome]:
        event = Event(event_row(an_event(message)))
        return asyncio.ensure_future(writer.do(FileWriter.apply, Plan(NOW, fresh=[fresh_row(message)], events=[event])))

    async with file._turn:  # the first call waits for it
        calls = [tell(a_message())]
        while not writer._turns.locked():
            await turn()
        calls += [tell(a_message()) for _ in range(20)]
        await turn()
        assert not any(each.done() for each in calls)
        assert not writer.works_beside
    done = await asyncio.gather(*calls)
    assert [each.first_seq for each in done] == list(range(1, 22))
    assert writer.works_beside
    await writer.close()
    await file.close()


async def test_a_checkpoint_that_waits_for_a_reader_holds_up_the_move_and_nobody_else(
    ledger: SqliteLedger, path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM counter").fetchone()
        emptying = asyncio.ensure_future(ledger.retention.checkpoint())
        await turn()
        await ledger.apply(accepts(a_message()))
        while not any(str(path) in {each.path for each in process.open_files()} for process in children()):
            message = a_message()
            assert await ledger.apply(accepts(message)) == [message.id]
            await turn()
        assert not emptying.done()
        assert not ledger.works_beside
        reader.execute("COMMIT")
    await emptying
    await move_ended()
    assert ledger.works_beside


# -------------------------------------------------------------------------------------------------- afterwards


async def test_large_commits_move_a_node_that_may_choose(path: Path) -> None:
    settings = LedgerSettings(path=str(path), synchronous="normal")
    ledger = node_ledger(settings, ManualClock(), cores=2)
    await ledger.open()
    with capture_logs() as lines:
        for _ in range(ENOUGH_ROWS // 512 + 1):
            assert not ledger.works_beside
            await ledger.apply(accepts(*(a_message() for _ in range(512))))
        await move_ended()
    assert ledger.works_beside
    assert [line["event"] for line in lines] == ["ledger_writer_moved"]
    await ledger.close()


@pytest.mark.parametrize("key_id", [-3, 3])
async def test_small_commits_move_it_where_most_came_over_binds(path: Path, key_id: int) -> None:
    limits = LargeCommits(large_rows=100, enough_rows=20)
    ledger = SqliteLedger(path, ManualClock(), synchronous="normal", moves_at=limits)
    await ledger.open()
    for _ in range(11):
        await ledger.apply(accepts(a_message(key_id=key_id), a_message(key_id=key_id), a_message()))
    await move_ended()
    assert ledger.works_beside is (key_id < 0)
    await ledger.close()


async def test_the_loop_has_given_up_its_connection(ledger: SqliteLedger, path: Path) -> None:
    def with_the_log_open() -> int:
        return sum(each.path == f"{path}-wal" for each in psutil.Process().open_files())

    await ledger.apply(accepts(a_message()))
    before = with_the_log_open()
    await move_ended()
    assert (before, with_the_log_open()) == (3, 2)
    with pytest.raises(LedgerLocked):
        own(path)


async def test_a_killed_process_is_started_again(ledger: SqliteLedger) -> None:
    before, after = a_message(), a_message()
    await ledger.apply(accepts(before))
    await move_ended()
    process = writing_process()
    process.kill()
    await asyncio.to_thread(process.wait, 5)
    with contextlib.suppress(LedgerUnavailable):  # it may not be known yet
        await ledger.apply(accepts(a_message()))
    assert await ledger.apply(accepts(after)) == [after.id]
    assert writing_process() != process
    assert ledger.works_beside
    assert None not in await ledger.messages.find_many([before.id, after.id])


# -------------------------------------------------------------------------------------------------- closing


async def no_turn() -> None:
    """At once."""


async def some_turns() -> None:
    for _ in range(3):
        await turn()


async def until_it_is_there() -> None:
    while not children():
        await turn()


@pytest.mark.parametrize("wait", [no_turn, turn, some_turns, until_it_is_there, move_ended])
async def test_closing_at_any_moment_leaves_no_process_and_no_lock(
    path: Path, wait: Callable[[], Awaitable[None]]
) -> None:
    message = a_message()
    ledger = SqliteLedger(path, ManualClock(), moves_at=at_once())
    await ledger.open()
    await ledger.apply(accepts(message))
    await wait()
    await ledger.close()
    await ledger.close()
    assert not children()
    assert not Path(f"{path}-wal").exists()
    with pytest.raises(LedgerUnavailable):
        await ledger.apply(accepts(a_message()))
    await move_ended()
    assert not children()
    await ledger.open()
    assert await ledger.messages.find(7, message.id) == message
    assert not ledger.works_beside
    await ledger.close()
    os.close(own(path))


# -------------------------------------------------------------------------------------------------- without it


@pytest.mark.parametrize("program", ["/nowhere/python", FALSE], ids=["none", "one that ends at once"])
async def test_without_a_process_the_loop_goes_on(
    ledger: SqliteLedger, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    messages = [a_message() for _ in range(5)]
    with capture_logs() as lines:
        for each in messages:
            assert await ledger.apply(accepts(each)) == [each.id]
            await move_ended()
    assert [(line["event"], line["log_level"]) for line in lines] == [("ledger_writer_stays", "warning")]
    assert not ledger.works_beside
    assert not children()
    assert None not in await ledger.messages.find_many([each.id for each in messages])


class Starts:
    """Starts no process until it may. now_s: the time by which it is tried again."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.count = 0
        self.works = False

    def start(self, asked: Asked, theirs: socket.socket, kept: Sequence[int]) -> Callable[[], object]:
        self.count += 1
        if not self.works:
            raise PermissionError
        return spawn(asked, theirs, kept)


async def test_it_is_tried_again_after_a_minute_and_told_once(path: Path) -> None:
    starts = Starts()
    file = SqliteFile(path, synchronous="full", busy_limit_s=1.0)
    apart = ApartWriter(Asked(str(path), "full", 1.0), NodeLock(path), start=starts.start)
    writer = MovingWriter(file, apart, at_once(), now_s=lambda: starts.now_s)
    await writer.open()

    async def tries_at(now_s: float) -> int:
        starts.now_s = now_s
        await writer.do(FileWriter.apply, Plan(NOW, fresh=[fresh_row(a_message())]))
        await move_ended()
        return starts.count

    with capture_logs() as lines:
        assert [await tries_at(now_s) for now_s in (0.0, AGAIN_S - 1, AGAIN_S, AGAIN_S + 1)] == [1, 1, 2, 2]
    assert [line["event"] for line in lines] == ["ledger_writer_stays"]
    starts.works = True
    assert not writer.works_beside
    assert await tries_at(2 * AGAIN_S) == 3
    assert writer.works_beside
    assert file.reader.execute("SELECT count(*) FROM message").fetchone() == (5,)
    await writer.close()
    await file.close()
