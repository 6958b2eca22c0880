"""What only the SQLite engine can get wrong: its file, its disk, other writers, cancelled callers."""

import asyncio
import contextlib
import re
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from copy import copy
from pathlib import Path

import pytest

from gateway.ledger.contract import Change, ChangedMeanwhile, Count, LedgerCorrupt, LedgerUnavailable, TellLater
from gateway.ledger.sqlite import connecting
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.forgetting import SQL as FORGETTING
from gateway.ledger.sqlite.schema import MIGRATIONS, SQL
from gateway.model.message import message_id
from gateway.process.clock import ManualClock
from redaction.inventory import undeclared
from redaction.sealed import Pseudonym, Sealed
from tests.bounds import LIMIT_S
from tests.contract.records import NOW, a_customer, a_message, accepts, an_event

SCHEMA = [statement for version in sorted(MIGRATIONS) for statement in MIGRATIONS[version]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(path, ManualClock(), busy_limit_s=0.05, commit_on_loop_s=0)
    await ledger.open()
    yield ledger
    await ledger.close()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Another process in the middle of a write."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


def _log_bytes(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


@pytest.fixture
def junk(path: Path) -> Path:
    """Something else lies where the ledger should."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 100)
    return path


@contextlib.contextmanager
def _full_disk(path: Path) -> Iterator[None]:
    """No file may grow beyond what the log has now."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_log_bytes(path), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_the_files_are_the_users_own(ledger: SqliteLedger, path: Path) -> None:
    await ledger.apply(accepts(a_message()))
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(list(path.parent.iterdir())) == 4
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}


async def test_a_full_disk_refuses_the_batch_and_keeps_nothing_of_it(ledger: SqliteLedger, path: Path) -> None:
    kept, refused = a_message(), [a_message(content=Sealed(b"x" * 4_000)) for _ in range(50)]
    await ledger.apply(accepts(kept))
    with _full_disk(path), pytest.raises(LedgerUnavailable):
        await ledger.apply([*accepts(*refused), Count("quota", 1, 1)])
    assert await ledger.messages.find_many([kept.id, refused[0].id]) == [kept, None]
    assert await ledger.apply(accepts(refused[0])) == [refused[0].id]
    assert await ledger.counters.counts(1) == {}


async def test_a_batch_waits_while_another_process_writes(ledger: SqliteLedger, path: Path) -> None:
    message = a_message()
    with _writing(path):
        applying = asyncio.ensure_future(ledger.apply(accepts(message)))
        await asyncio.sleep(0)
        assert not applying.done()
        assert await ledger.messages.find(7, message.id) is None
    assert await applying == [message.id]


async def test_a_writer_that_never_ends_makes_the_ledger_unavailable(ledger: SqliteLedger, path: Path) -> None:
    with _writing(path):
        with pytest.raises(LedgerUnavailable, match="SQLITE_BUSY"):
            await ledger.apply(accepts(a_message()))
        with pytest.raises(LedgerUnavailable):
            await ledger.accounts.save_customer(a_customer())
    assert await ledger.accounts.save_customer(a_customer()) == 1


async def test_a_cancelled_caller_waits_for_the_commit_that_has_begun(ledger: SqliteLedger) -> None:
    message, next_one = a_message(), a_message()
    applying = asyncio.ensure_future(ledger.apply(accepts(message)))
    await asyncio.sleep(0)
    following = asyncio.ensure_future(ledger.apply(accepts(next_one)))
    applying.cancel()
    await asyncio.sleep(0)
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert await following == [next_one.id]
    assert await ledger.messages.find(7, message.id) == message


async def test_account_writes_and_batches_of_one_process_take_turns(ledger: SqliteLedger) -> None:
    work = [ledger.apply(accepts(a_message())) if number % 2 else _save(ledger) for number in range(20)]
    await asyncio.gather(*work)
    assert len(await ledger.accounts.customers()) == 10


async def _save(ledger: SqliteLedger) -> None:
    await ledger.accounts.save_customer(a_customer())


async def test_reads_do_not_see_a_batch_before_it_is_durable(ledger: SqliteLedger, path: Path) -> None:
    message = a_message()
    applying = asyncio.ensure_future(ledger.apply(accepts(message)))
    await asyncio.sleep(0)
    found = await ledger.messages.find(7, message.id)
    with contextlib.closing(sqlite3.connect(path)) as another:  # it may be there before its caller hears of it
        assert found is None or another.execute("SELECT count(*) FROM message").fetchone() == (1,)
    await applying
    assert await ledger.messages.find(7, message.id) == message


@pytest.mark.policy("P-23")
async def test_a_checkpoint_leaves_no_trace_of_what_was_forgotten(ledger: SqliteLedger, path: Path) -> None:
    canary = b"sealed canary " * 20
    await ledger.apply(accepts(*(a_message(content=Sealed(canary), content_until_ms=NOW) for _ in range(50))))
    assert any(canary in each.read_bytes() for each in path.parent.iterdir())
    assert await ledger.retention.forget_content(NOW, 100) == 50
    await ledger.retention.checkpoint()
    assert not any(canary in each.read_bytes() for each in path.parent.iterdir())


async def test_a_checkpoint_says_when_a_reader_is_in_its_way(ledger: SqliteLedger, path: Path) -> None:
    await ledger.apply(accepts(a_message()))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    await ledger.apply(accepts(a_message()))
    with pytest.raises(LedgerUnavailable):
        await ledger.retention.checkpoint()
    reader.close()
    await ledger.retention.checkpoint()
    assert _log_bytes(path) == 0


async def test_a_ledger_of_a_newer_version_is_refused(ledger: SqliteLedger, path: Path) -> None:
    await ledger.close()
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE meta SET value = 999 WHERE key = 'schema_version'")
    with pytest.raises(LedgerCorrupt, match="999"):
        await SqliteLedger(path, ManualClock()).open()


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_accounts_of_a_ledger_from_before_they_had_versions_are_read_and_written_over(
    path: Path, version: int
) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        for step in range(1, version + 1):
            for statement in MIGRATIONS[step]:
                file.execute(statement)
        file.execute("INSERT INTO customer VALUES (7, 'cus_7', x'01', '{}', 5, NULL)")
        file.execute("INSERT INTO api_key VALUES (3, 7, 'key3', zeroblob(32), 'send status', '{}', 5, NULL, NULL)")
        file.execute("INSERT INTO esme VALUES (2, 7, 'bank', 'hash', '{}', 5, NULL)")
        file.execute("INSERT INTO endpoint VALUES (7, x'01', x'02', '{}', 'enabled', NULL, NULL)")
        file.execute("UPDATE meta SET value = 4 WHERE key = 'accounts_version'")
    ledger = SqliteLedger(path, ManualClock())
    await ledger.open()
    stored = await ledger.accounts.read()
    assert stored.unreadable == ()
    (customer,), (key,), (esme,), (endpoint,) = stored.customers, stored.keys, stored.esmes, stored.endpoints
    assert [each.version for each in (customer, key, esme, endpoint)] == [1, 1, 1, 1]
    assert (customer.public_id, key.scopes, esme.system_id, endpoint.url) == (
        "cus_7",
        ("send", "status"),
        "bank",
        b"\1",
    )
    await ledger.accounts.save_customer(customer, read=1)
    await ledger.accounts.save_key(key, read=1)
    await ledger.accounts.save_esme(esme, read=1)
    await ledger.accounts.save_endpoint(endpoint, read=1)
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_endpoint(endpoint, read=1)
    await ledger.close()


async def test_a_file_that_is_no_database_is_refused(junk: Path) -> None:
    with pytest.raises(LedgerCorrupt):
        await SqliteLedger(junk, ManualClock()).open()


async def test_somebody_elses_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE message (id)")
    with pytest.raises(LedgerCorrupt):
        await SqliteLedger(path, ManualClock()).open()


async def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerUnavailable):
        await SqliteLedger(tmp_path / "file" / "ledger.db", ManualClock()).open()


async def test_a_ledger_that_did_not_open_holds_no_lock(junk: Path) -> None:
    first, second = SqliteLedger(junk, ManualClock()), SqliteLedger(junk, ManualClock())
    with pytest.raises(LedgerCorrupt):
        await first.open()
    with pytest.raises(LedgerCorrupt):
        await second.open()


def test_an_unknown_synchronous_setting_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="full"):
        SqliteLedger(path, ManualClock(), synchronous="sometimes")


@pytest.mark.policy("P-07")
async def test_every_column_is_in_the_inventory(ledger: SqliteLedger) -> None:
    assert undeclared(await ledger.stored_fields()) == []


def test_a_hot_lookup_is_answered_by_an_index(path: Path) -> None:
    """The plans that the sizes of a real ledger depend on."""
    database = sqlite3.connect(":memory:")
    for statement in SCHEMA:
        database.execute(statement)
    for name in ("due", "backlog", "list", "list_bound", "outbox_fresh", "outbox_put_off", "outbox_put_off_of"):
        values = (1,) * SQL[name].count("?")
        assert "TEMP B-TREE" not in plan_of(database, SQL[name], values), name
    database.close()


def test_forgetting_never_looks_through_a_table(path: Path) -> None:
    database = sqlite3.connect(":memory:")
    for statement in (*SCHEMA, FORGETTING["make_doomed"]):
        database.execute(statement)
    for name, values in {
        "empty_content": (1, 1),
        "doom": (1, 1),
        "count_doomed": (),
        "forget_links": (),
        "forget_many_links": (),
        "forget_events": (),
        "forget_digests": (),
        "forget_records": (),
        "forget_orphan_links": ("", "", 1),
        "walk_links": ("", "", 1),
    }.items():
        plan = plan_of(database, FORGETTING[name], values)
        assert not re.search(r"SCAN (message|correlation|outbox|idempotency)", plan), name
    database.close()


def test_a_subject_is_looked_up_in_the_index_alone(path: Path) -> None:
    database = sqlite3.connect(":memory:")
    for statement in SCHEMA:
        database.execute(statement)
    plan = plan_of(database, SQL["list_subject"], (1, b"", b"", b"", 1, 1))
    assert "SEARCH message USING INDEX message_by_customer (customer=? AND id>? AND id<?)" in plan
    assert "TEMP B-TREE" not in plan
    database.close()


async def test_a_subject_is_found_over_all_the_stretches(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first, under every pseudonym, whatever lies between and wherever a stretch ends."""
    monkeypatch.setattr("gateway.ledger.sqlite.messages.SUBJECT_LOOKS_AT", 3)
    person, before = Pseudonym(b"p" * 16), Pseudonym(b"q" * 16)
    times = [NOW + offset for offset in (0, 1, 65_536, 200_000, 40 * 86_400_000)]
    theirs = [a_message(id=message_id(at, 7, b"\x07" * 8), subject=person) for at in times]
    theirs[1] = a_message(id=theirs[1].id, subject=before)
    others = [a_message(id=message_id(at, 8, b"\x07" * 8)) for at in times]
    await ledger.apply(accepts(*theirs, *others))
    found = await ledger.messages.list_subject(7, [person, before], 10)
    assert [each.id for each in found] == [each.id for each in reversed(theirs)]
    assert [each.id for each in await ledger.messages.list_subject(7, [person, before], 2)] == [
        theirs[4].id,
        theirs[3].id,
    ]
    assert await ledger.messages.list_subject(8, [person], 10) == []


def plan_of(database: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> str:
    return " ".join(str(row[3]) for row in database.execute("EXPLAIN QUERY PLAN " + sql, values))


async def test_what_rides_along_fails_alone(path: Path) -> None:
    """The transaction that carries it goes on, and the failure is told to whoever asked for the ride."""
    file = SqliteFile(path, synchronous="full", busy_limit_s=1.0)
    file.open()
    write = "INSERT INTO counter (bucket, name, value) VALUES (1, ?, 1)"

    def rides(cursor: sqlite3.Cursor) -> int:
        cursor.execute(write, ("rider",))
        return cursor.execute("SELECT * FROM nowhere").rowcount

    riding = asyncio.ensure_future(file.transact_along(rides))
    await asyncio.sleep(0)
    await file.transact(lambda cursor: cursor.execute(write, ("host",)).rowcount)
    with pytest.raises(LedgerUnavailable):
        await riding
    assert [row[0] for row in file.reader.execute("SELECT name FROM counter")] == ["host"]
    await file.close()


async def test_what_rides_along_goes_alone_when_nobody_else_writes(ledger: SqliteLedger) -> None:
    await ledger.apply(accepts(a_message(content_until_ms=NOW)))
    assert await ledger.retention.forget_content(NOW, 10) == 1


async def test_another_process_gets_its_turn_while_much_is_forgotten(ledger: SqliteLedger, path: Path) -> None:
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(2_000))))

    def write() -> int:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10.0)) as other:
            return other.execute("INSERT INTO counter (bucket, name, value) VALUES (9, 'other', 1)").rowcount

    writing = asyncio.ensure_future(asyncio.to_thread(write))
    forgotten = 0
    while count := await ledger.retention.forget_records(NOW, 10):
        forgotten += count
        await ledger.apply([Count("quota", 1, 1)])
    assert forgotten == 2_000
    assert await writing == 1
    assert await ledger.counters.counts(9) == {"other": 1}


async def test_a_ride_is_durable_before_the_log_begins_anew(path: Path) -> None:
    file = SqliteFile(path, synchronous="full", busy_limit_s=1.0)
    file.open()
    write = "INSERT INTO counter (bucket, name, value) VALUES (1, 'rider', 1)"
    riding = asyncio.ensure_future(file.transact_along(lambda cursor: cursor.execute(write).rowcount))
    await asyncio.sleep(0)
    await file.checkpoint()
    assert await riding == 1
    assert _log_bytes(path) == 0
    await file.close()


async def test_the_log_is_copied_beside_the_commits(ledger: SqliteLedger, path: Path) -> None:
    """Nobody asks for it: the file itself gets what was committed, while messages come in."""
    message = a_message()
    await ledger.apply(accepts(message))
    while message.id not in path.read_bytes():
        await ledger.apply([Count("quota", 1, 1)])
    assert await ledger.messages.find(7, message.id) == message


# ------------------------------------------------------------------------------------------- what a reading costs


async def _waiting(ledger: SqliteLedger, customers: int) -> None:
    """Two events for each of so many messages, put off for an hour."""
    messages = [a_message() for _ in range(customers)]
    await ledger.apply(accepts(*messages))
    for _ in range(2):
        await ledger.apply([Change(message=copy(each), event=an_event(each, at_ms=NOW)) for each in messages])
    due = await ledger.outbox.due(NOW, customers * 2, ())
    await ledger.apply([TellLater(each.seq, NOW + 3_600_000, 1) for each in due])


async def _steps(ledger: SqliteLedger) -> int:
    """How much SQLite does to say what is due."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    reader = ledger._file.reader
    reader.set_progress_handler(count, 1)
    try:
        await ledger.outbox.due(NOW, 256, ())
        await ledger.outbox.due(NOW, 256, (), after=1)
    finally:
        reader.set_progress_handler(None, 1)
    return steps


@pytest.mark.case("faults-5")
async def test_a_reading_of_the_outbox_costs_by_what_is_due_and_not_by_what_waits(ledger: SqliteLedger) -> None:
    await _waiting(ledger, 5)
    few = await _steps(ledger)
    await _waiting(ledger, 1_000)
    assert await _steps(ledger) <= 2 * few


@pytest.mark.case("faults-13")
async def test_a_log_that_a_long_reader_made_long_gets_short_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "LOG_KEPT_BYTES", 1 << 20)
    ledger = SqliteLedger(path, ManualClock(), synchronous="off")
    await ledger.open()

    async def write(times: int) -> None:
        for _ in range(times):
            await ledger.apply(accepts(a_message(content=Sealed(bytes(500_000)))))

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchone()
        await write(20)
        assert ledger.log_bytes() > 8 << 20
    async with asyncio.timeout(LIMIT_S):
        while ledger.log_bytes() > 2 << 20:
            await write(1)
            await ledger._file._log.relieve()
    await ledger.close()
