"""A ledger of every released version is opened by this one: everything in it is found, works, is told and expires."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from copy import copy
from pathlib import Path
from typing import Final, TypeVar

import pytest
from msgspec.structs import replace

from config.redis_address import parse_address
from config.settings import SweeperSettings
from gateway.keystore.keyring import Keyring
from gateway.keystore.record_tags import Verdict
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import (
    ABSENT,
    Accept,
    ChangedMeanwhile,
    DocumentWrite,
    Replace,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    TellLater,
    Told,
)
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.packing import NEWEST, OLDEST
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.schema import MIGRATIONS, SCHEMA_VERSION
from gateway.model.message import WAITING, Message, Status
from gateway.process.clock import ManualClock
from gateway.retention.integrity import CheckedMessages, Integrity, TaggedCommits
from gateway.retention.sweeper import Sweeper
from redaction.inventory import undeclared
from redaction.retention import DEFAULT_RULES
from tests.contract.records import DONE, NOT_DONE, a_key, a_message, accepts, final, submitted
from tests.integration.ledgers import contents as c
from tests.integration.valkey_server import Valkey

S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)

FOLDER: Final = Path(__file__).with_name("ledgers")
SQL: Final = sorted(path.stem for path in FOLDER.glob("schema_*.sql"))
COMMANDS: Final = sorted(path.stem for path in FOLDER.glob("redis_*.txt"))
BEFORE_NOTICES: Final = {"schema_1", "schema_2", "schema_3", "schema_4", "redis_1"}
BEFORE_ACTS: Final = BEFORE_NOTICES | {"schema_5", "schema_6", "redis_2"}
LEAVES_FIRST: Final = {c.RECORD_OVER.id}
"""Messages whose record is over: they are there until they are swept, and no list shows them."""


def put_file(name: str, path: Path) -> SqliteLedger:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    return SqliteLedger(path, ManualClock(c.NOW))


def put_commands(name: str, server: Valkey) -> RedisLedger:
    server.ask("FLUSHALL")
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        server.ask(*(b"" if word == "-" else bytes.fromhex(word) for word in line.split()))
    access = Access(address=parse_address(server.url))
    return RedisLedger(access, ManualClock(c.NOW), Terms(partitions=8), role=Role.ALONE)


@pytest.fixture(params=[*SQL, *COMMANDS])
def name(request: pytest.FixtureRequest) -> str:
    """Of the stored ledger."""
    found: str = request.param
    return found


@pytest.fixture
async def ledger(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    opened: Ledger = (
        put_file(name, tmp_path / "ledger.db") if name in SQL else put_commands(name, request.getfixturevalue("server"))
    )
    await opened.open()
    yield opened
    await opened.close()


def test_every_schema_and_format_so_far_is_here() -> None:
    assert {f"schema_{version}" for version in MIGRATIONS} == set(SQL), "run python -m tests.integration.ledgers"
    assert {f"redis_{number}" for number in range(OLDEST, NEWEST + 1)} == set(COMMANDS), "the same"


async def exported(ledger: Ledger) -> dict[bytes, Message]:
    found: dict[bytes, Message] = {}
    cursor = None
    while True:
        page, cursor = await ledger.copies.messages(cursor, 5)
        found |= {each.message.id: each.message for each in page}
        if cursor is None:
            return found


async def test_every_message_is_found_as_it_was(ledger: Ledger) -> None:
    assert await ledger.messages.find_many([each.id for each in c.MESSAGES]) == list(c.MESSAGES)
    there = {each.id: each for each in c.MESSAGES if each.id not in LEAVES_FIRST}
    assert await exported(ledger) == there
    theirs = sorted((each for each in there if there[each].customer == 7), reverse=True)
    page = await ledger.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=100)
    assert [each.id for each in page.messages] == theirs
    for status in Status:
        page = await ledger.messages.list_messages(7, status=status, since_ms=None, cursor=None, limit=100)
        assert [each.id for each in page.messages] == [each for each in theirs if there[each].status is status]
    assert await ledger.messages.find(8, c.WAITS.id) is None
    assert await ledger.messages.find(7, c.RECORD_OVER.id) is None
    assert await ledger.messages.list_subject(7, [c.PERSON], 10) == [c.DELIVERED, c.PENDING, c.WAITS]


async def test_what_waits_is_sent_when_it_is_due(ledger: Ledger) -> None:
    waits = [each for each in c.MESSAGES if each.status in WAITING]
    assert await ledger.work.lanes() == ["", "stc", "zain"]
    assert [each.id for each in await ledger.work.claim_due("stc", c.NOW, 10, ())] == [c.WAITS.id, c.QUEUED.id]
    assert await ledger.work.claim_due("", c.NOW, 10, ()) == []
    assert await ledger.work.claim_due("", c.SCHEDULED.due_ms or 0, 10, ()) == [c.SCHEDULED]
    for message in waits:
        sent = copy(message)
        sent.operator = "stc"
        assert await ledger.apply([submitted(sent, f"now {message.last_two}")]) == [DONE]
        (found,) = await ledger.work.correlate([("stc", (f"now {message.last_two}",))])
        assert found is not None
        assert found.message == sent
    assert await ledger.work.claim_due("stc", c.NOW, 10, ()) == []


async def test_what_waits_may_be_replaced_and_what_is_over_changes_no_more(ledger: Ledger) -> None:
    revised = replace(c.SCHEDULED, content=c.QUEUED.content, segments=3, parts=bytes(3), due_ms=c.NOW + 5)
    assert await ledger.apply([Replace(revised), Replace(copy(c.DELIVERED))]) == [DONE, NOT_DONE]
    assert await ledger.messages.find(7, revised.id) == revised
    assert await ledger.apply([final(copy(each)) for each in c.OTHERS]) == [NOT_DONE] * len(c.OTHERS)


async def test_pending_receipts_find_their_segments_and_end_their_messages(ledger: Ledger) -> None:
    for message in c.MESSAGES:
        links = c.links_of(message)
        found = await ledger.work.correlate([(each.operator, ("?", each.operator_message_id)) for each in links])
        assert [(each.message.id, each.segment) for each in found if each] == [(message.id, at.segment) for at in links]
    ended = copy(c.PENDING)
    assert await ledger.apply([final(ended, tell=True)]) == [DONE]
    told = await ledger.outbox.due(c.NOW, 10, ())
    assert ended.id in {each.message for each in told}
    assert max(told, key=lambda event: event.seq).message == ended.id


async def test_events_are_told_in_order_each_to_whom_it_is_for(ledger: Ledger, name: str) -> None:
    first, delayed, smpp, received, second = c.EVENTS
    notices = [] if name in BEFORE_NOTICES else [c.NOTICE]
    assert (await ledger.outbox.size(), await ledger.outbox.size(1)) == (4 + len(notices), 1)
    due = await ledger.outbox.due(c.NOW, 10, ())
    assert [replace(each, seq=0) for each in due] == [first, received, *notices]
    assert await ledger.apply([Told(each.seq) for each in due]) == [DONE] * len(due)
    due = await ledger.outbox.due(c.NOW, 10, ())
    assert [replace(each, seq=0) for each in due] == [second]
    assert await ledger.apply([TellLater(due[0].seq, c.NOW + 5, 1)]) == [DONE]
    assert await ledger.outbox.due(c.NOW, 10, ()) == []
    later = [replace(each, seq=0) for each in await ledger.outbox.due(c.NOW + c.HOUR_MS, 10, ())]
    assert sorted(later, key=lambda event: event.message) == [replace(second, next_ms=c.NOW + 5, attempts=1), delayed]
    (own,) = await ledger.outbox.due(c.NOW, 10, (), 1)
    assert replace(own, seq=0) == smpp


async def test_a_digest_stands_for_its_message_until_its_time_is_over(ledger: Ledger) -> None:
    again, anew = a_message(), a_message()
    operations = [Accept(again, c.DIGEST, c.NOW + c.DAY_MS), Accept(anew, c.OLD_DIGEST, c.NOW + c.DAY_MS)]
    assert await ledger.apply(operations) == [c.WAITS.id, anew.id]
    assert await ledger.messages.find_many([again.id, anew.id]) == [None, anew]


async def test_accounts_and_counts_are_what_they_were_and_new_ones_come_after_them(ledger: Ledger) -> None:
    found = await ledger.accounts.read()
    assert (unversioned(found.customers), unversioned(found.keys)) == (c.CUSTOMERS, c.KEYS)
    assert (unversioned(found.esmes), unversioned(found.endpoints)) == (c.ESMES, c.ENDPOINTS)
    assert await ledger.counters.counts(c.DAY) == c.COUNTS
    version = await ledger.accounts.version()
    assert await ledger.accounts.save_key(a_key(7)) == 3
    assert await ledger.accounts.version() == version + 1


async def test_documents_and_audit_entries_are_what_they_were_and_new_ones_come_after_them(
    ledger: Ledger, name: str
) -> None:
    before = name in BEFORE_ACTS
    found = await ledger.acts.of_kind(c.DOCUMENT_KIND)
    assert {each.key: each.octets for each in found} == ({} if before else c.DOCUMENTS)
    entries = await ledger.acts.pending(10)
    assert [each.octets for each in entries] == ([] if before else list(c.ENTRIES))
    for each in found:
        await ledger.acts.act([DocumentWrite(c.DOCUMENT_KIND, each.key, b"other", read=each.version)])
    await ledger.acts.act([DocumentWrite(c.DOCUMENT_KIND, "c", b"", read=ABSENT)], [b"new"])
    assert [each.octets for each in await ledger.acts.pending(10)] == [*(each.octets for each in entries), b"new"]


async def test_an_account_of_before_is_written_over_what_was_read(ledger: Ledger) -> None:
    first, *_ = await ledger.accounts.customers()
    changed = replace(first, settings=b'{"quota":6}')
    assert await ledger.accounts.save_customer(changed, read=first.version) == first.id
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_customer(changed, read=first.version)
    assert [each.settings for each in await ledger.accounts.customers()] == [changed.settings, c.CUSTOMERS[1].settings]


def unversioned(rows: Sequence[S]) -> tuple[S, ...]:
    """Rows without the versions that a ledger gives."""
    return tuple(replace(each, version=0) for each in rows)


async def test_content_and_records_expire_and_counts_of_them_remain(ledger: Ledger, name: str) -> None:
    due = {each.tag: (each.content, each.records) for each in await ledger.retention.overdue(c.NOW)}
    assert due[c.CONTENT_OVER.tag] == (1, 1)
    assert await forgotten(ledger, c.NOW) == (1, 1)
    kept = replace(c.CONTENT_OVER, content=None)
    assert await ledger.messages.find_many([c.CONTENT_OVER.id, c.RECORD_OVER.id]) == [kept, None]
    assert await ledger.work.correlate([("stc", ("9a",)), ("stc", ("9b",))]) == [None, None]
    before = (c.TRAFFIC[0].messages, c.TRAFFIC[0].segments) if name != "schema_1" else (0, 0)
    counted = await ledger.retention.traffic(0, 100)
    assert (sum(each.messages for each in counted), sum(each.segments for each in counted)) == (
        before[0] + 1,
        before[1] + c.RECORD_OVER.segments,
    )
    end = c.NOW + 90 * c.DAY_MS
    assert (await forgotten(ledger, end))[1] == len(c.MESSAGES) - 1
    while await ledger.retention.forget_leftovers(end, 100):
        pass
    assert (await ledger.outbox.size(), await ledger.outbox.size(1)) == (0, 0)
    assert await exported(ledger) == {}


async def forgotten(ledger: Ledger, now_ms: int) -> tuple[int, int]:
    """How much content and how many records went."""
    content = records = 0
    while True:
        some, gone = (
            await ledger.retention.forget_content(now_ms, 100),
            await ledger.retention.forget_records(now_ms, 100),
        )
        content, records = content + some, records + gone
        if not some + gone:
            return content, records


async def test_new_messages_lie_among_the_old(ledger: Ledger) -> None:
    fresh = replace(a_message(), id=c.NOW.to_bytes(6, "big") + bytes((0, 1, 3)) + b"\x07" * 7)
    assert await ledger.apply(accepts(fresh)) == [fresh.id]
    page = await ledger.messages.list_messages(7, status=Status.ACCEPTED, since_ms=None, cursor=None, limit=100)
    assert [each.id for each in page.messages] == [fresh.id, c.SCHEDULED.id, c.WAITS.id]


async def test_its_format_may_be_raised_under_everything(ledger: Ledger) -> None:
    state = await ledger.formats.raise_to_newest()
    assert state.written == state.newest
    assert await ledger.messages.find_many([each.id for each in c.MESSAGES]) == list(c.MESSAGES)
    assert await ledger.apply([final(copy(c.PENDING), tell=True)]) == [DONE]
    assert (await forgotten(ledger, c.NOW))[1] == 1


@pytest.mark.case("privacy-5")
async def test_its_records_need_no_tags_and_those_that_come_have_them(ledger: Ledger, tmp_path: Path) -> None:
    await ledger.formats.raise_to_newest()
    clock = ManualClock(c.NOW)
    store = Keystore(tmp_path / "keys.db", FileRootSlot(tmp_path / "root.key"), clock)
    store.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock, lambda: ledger.formats.tags_from_ms)
    keyring.ensure_present()
    integrity = Integrity(keyring.tags, ledger.retention)
    found, commits = CheckedMessages(ledger.messages, integrity), TaggedCommits(ledger, keyring.tags)
    ids = [each.id for each in c.MESSAGES]
    assert await found.find_many(ids) == list(c.MESSAGES)

    assert await commits.apply([final(copy(c.PENDING))]) == [DONE]
    clock.advance(3_600)
    fresh = replace(a_message(), id=clock.now_ms().to_bytes(6, "big") + bytes((0, 1, 3)) + b"\x07" * 7)
    assert await commits.apply(accepts(fresh)) == [fresh.id]
    assert [keyring.tags.check(each) for each in await found.find_many([fresh.id, c.PENDING.id]) if each] == [
        Verdict.RIGHT,
        Verdict.NONE,
    ]
    assert [each and each.id for each in await found.find_many(ids)] == ids

    clock.advance(200 * c.DAY_MS / 1000)
    settings = SweeperSettings(messages_per_s=0)
    sweeper = Sweeper(
        retention=ledger.retention,
        keyring=keyring,
        clock=clock,
        settings=settings,
        integrity=integrity,
        schedule_s=0,
    )
    assert (await sweeper.sweep()).records == len(c.MESSAGES) + 1
    assert await exported(ledger) == {}
    assert integrity.broken == 0
    store.close()


async def test_what_is_stored_is_in_the_inventory(ledger: Ledger) -> None:
    assert undeclared(await ledger.stored_fields()) == []


@pytest.fixture(params=SQL)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    put_file(request.param, tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


async def test_a_file_of_any_schema_becomes_what_a_new_one_is(file: Path, tmp_path: Path) -> None:
    for path in (file, tmp_path / "new.db"):
        opened = SqliteLedger(path, ManualClock(c.NOW))
        await opened.open()
        await opened.close()
    structures = []
    for path in (file, tmp_path / "new.db"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == (
                SCHEMA_VERSION,
            )
            rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
            structures.append({(kind, name, table, " ".join((sql or "").split())) for kind, name, table, sql in rows})
    assert structures[0] == structures[1]
