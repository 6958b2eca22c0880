"""A ledger copied to another engine and back: the same messages, news, accounts and counts, as often as it is begun."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.ledger.contract import Accept, Change, Count, DocumentWrite, Exported, Notify, TellLater, WriteOp
from gateway.ledger.permissions import Permission, PermissionKind, PermissionName, lift, put
from gateway.ledger.roles import Ledger
from gateway.model.message import Message, OutboxEvent, Status
from gateway.process.clock import ManualClock
from gateway.tools.ledger_copy import SETTLED_MS, copy_ledger
from tests.contract.conftest import ADDRESS_FILE, ENGINES
from tests.contract.records import (
    DAY_MS,
    NOW,
    a_customer,
    a_key,
    a_message,
    a_notice,
    accepts,
    an_endpoint,
    an_esme,
    an_event,
    final,
    submitted,
)

DIGEST = b"d" * 32
TODAY = NOW // DAY_MS


class Pair:
    """Two ledgers of different engines."""

    def __init__(self, source: Ledger, target: Ledger, clock: ManualClock) -> None:
        self.source = source
        self.target = target
        self.clock = clock


@pytest.fixture(params=[("sqlite", "redis"), ("redis", "sqlite"), ("sqlite", "redis_cluster")], ids="-".join)
async def pair(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Pair]:
    async with contextlib.AsyncExitStack() as stack:
        ledgers: list[Any] = []
        for place, name in zip(("source", "target"), request.param, strict=True):
            folder = tmp_path / place
            folder.mkdir()
            if name != "sqlite":
                fixture = "cluster_address" if name == "redis_cluster" else "redis_address"
                (folder / ADDRESS_FILE).write_text(request.getfixturevalue(fixture))
            ledger = ENGINES[name](folder, clock, True)
            await ledger.open()
            stack.push_async_callback(ledger.close)
            ledgers.append(ledger)
        yield Pair(ledgers[0], ledgers[1], clock)


async def filled(ledger: Ledger) -> list[Message]:
    """One message of every kind, with news, accounts and counts."""
    waiting, with_operator, told_twice, emptied = (a_message() for _ in range(4))
    received = a_message(status=Status.RECEIVED, due_ms=None, final_ms=NOW)
    await ledger.apply(accepts(waiting, with_operator, told_twice, emptied))
    await ledger.apply([Accept(copy(received), event=an_event(received, esme=4))])
    twice: list[WriteOp] = [
        submitted(with_operator, "op-1"),
        submitted(told_twice, "op-2", event=an_event(told_twice, status=Status.SUBMITTED, esme=4)),
        final(told_twice),
        final(emptied, drop_content=True),
    ]
    twice[2] = msgspec.structs.replace(twice[2], event=an_event(told_twice, esme=4))
    await ledger.apply(twice)
    await ledger.apply([Change(message=copy(with_operator), event=an_event(with_operator))])
    (event,) = await ledger.outbox.due(NOW, 10, ())
    await ledger.apply([TellLater(event.seq, NOW + 7_000, 3), Count("quota:3", TODAY, 41)])
    await ledger.accounts.save_customer(a_customer(id=7, public_id="cus_7"))
    await ledger.accounts.save_key(a_key(7, id=12))
    await ledger.accounts.save_esme(an_esme(7, id=4))
    await ledger.accounts.save_endpoint(an_endpoint(7))
    return [waiting, with_operator, told_twice, emptied, received]


async def everything(ledger: Ledger) -> list[Exported]:
    found: list[Exported] = []
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.copies.messages(cursor, 2)
        found += page
        if cursor is None:
            return sorted(found, key=lambda each: each.message.id)


async def messages(ledger: Ledger) -> list[Message]:
    return [each.message for each in await everything(ledger)]


async def news(ledger: Ledger) -> dict[bytes, list[OutboxEvent]]:
    found: list[OutboxEvent] = []
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.copies.events(cursor, 2)
        found += page
        if cursor is None:
            break
    by_message: dict[bytes, list[OutboxEvent]] = {}
    for event in sorted(found, key=lambda each: each.seq):
        by_message.setdefault(event.message, []).append(msgspec.structs.replace(event, seq=0))
    return by_message


async def accounts(ledger: Ledger) -> Sequence[object]:
    """But for the versions, which are each ledger's own."""
    lists = (
        await ledger.accounts.customers(),
        await ledger.accounts.keys(),
        await ledger.accounts.esmes(),
        await ledger.accounts.endpoints(),
    )
    return [msgspec.structs.replace(each, version=0) for rows in lists for each in rows]


async def test_what_was_copied_is_what_was_there(pair: Pair) -> None:
    await filled(pair.source)
    copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert (copied.messages, copied.verified, copied.events, copied.accounts) == (5, 5, 4, 4)
    assert copied.is_whole
    assert await messages(pair.target) == await messages(pair.source)
    assert await news(pair.target) == await news(pair.source)
    assert await accounts(pair.target) == await accounts(pair.source)
    assert await pair.target.counters.count("quota:3", TODAY) == 41
    assert await pair.target.accounts.save_customer(a_customer()) == 8


async def permissions(ledger: Ledger) -> dict[tuple[PermissionName, str], Permission]:
    rows, _ = await ledger.permissions.page(None, 10_000)
    return {(each.name, each.word): msgspec.structs.replace(each, number=0) for each in rows}


async def test_permissions_are_the_same_at_the_target_after_every_copy(pair: Pair) -> None:
    names = [PermissionName(kind, 7, bytes((kind, number)) * 4) for kind in PermissionKind for number in range(40)]
    rows = [Permission(each, "promotional", bool(each.kind), NOW, NOW + each.token[1], b"\xff") for each in names]
    await pair.source.permissions.change([put(each) for each in rows])
    copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=True)
    assert copied.permissions == len(rows)
    assert await permissions(pair.target) == await permissions(pair.source)
    later = msgspec.structs.replace(rows[1], stands_in_the_way=True, changed_ms=NOW + 1)
    earlier = msgspec.structs.replace(rows[2], changed_ms=NOW - 1)
    lifted = [lift(each.name, each.word, NOW + 1) for each in (rows[0], rows[2])]
    await pair.source.permissions.change([*lifted, put(later), put(earlier)])
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert await permissions(pair.target) == await permissions(pair.source)
    assert len(await pair.target.permissions.in_the_way(0, 100)) == 41


async def test_a_copy_works_as_the_original_does(pair: Pair) -> None:
    waiting, with_operator, told_twice, *_ = await filled(pair.source)
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert [each.id for each in await pair.target.work.claim_due("stc", NOW, 10, ())] == [waiting.id]
    found = await pair.target.work.correlate([("stc", ("op-1",)), ("stc", ("op-2",)), ("stc", ("op-3",))])
    assert [None if each is None else each.message.id for each in found] == [with_operator.id, told_twice.id, None]
    assert await pair.target.outbox.due(NOW, 10, ()) == []
    (event,) = await pair.target.outbox.due(NOW + 7_000, 10, ())
    assert (event.message, event.attempts) == (with_operator.id, 3)
    for_binds = await pair.target.outbox.due(NOW, 10, (), 4)
    assert [each.status for each in for_binds if each.message == told_twice.id] == [Status.SUBMITTED]
    assert len(await pair.target.messages.list_subject(7, [waiting.subject], 10)) == 1


async def test_a_copy_that_is_begun_again_passes_over_what_is_there(pair: Pair) -> None:
    await filled(pair.source)
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    (added,) = accepts(a_message())
    await pair.source.apply([added, Count("quota:3", TODAY, 1)])
    again = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert (again.messages, again.present, again.verified) == (1, 5, 6)
    assert again.is_whole
    assert await news(pair.target) == await news(pair.source)
    assert await pair.target.counters.count("quota:3", TODAY) == 42


async def test_beside_running_nodes_only_what_is_settled_is_copied(pair: Pair) -> None:
    await filled(pair.source)
    early = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=True)
    assert (early.messages, early.left) == (0, 5)
    pair.clock.advance(2 + SETTLED_MS / 1000 + 1)
    settled = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=True)
    assert (settled.messages, settled.left) == (1, 4)  # the one that is final and has no news to be told
    assert not settled.is_whole
    rest = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert (rest.messages, rest.present) == (4, 1)
    assert rest.is_whole
    assert await messages(pair.target) == await messages(pair.source)
    assert await news(pair.target) == await news(pair.source)


async def test_content_that_was_destroyed_since_is_no_difference(pair: Pair) -> None:
    done = a_message()
    await pair.source.apply(accepts(done))
    await pair.source.apply([final(done)])
    pair.clock.advance(2 + SETTLED_MS / 1000 + 1)
    assert (await copy_ledger(pair.source, pair.target, pair.clock, source_runs=True)).messages == 1
    pair.clock.advance(DAY_MS / 1000)
    assert await pair.source.retention.forget_content(pair.clock.now_ms(), 10) == 1
    assert (await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)).is_whole


async def test_a_target_that_was_in_use_is_noticed(pair: Pair) -> None:
    message = a_message()
    await pair.source.apply(accepts(message))
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    await pair.target.apply([final(copy(message))])
    copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert (copied.different, copied.is_whole) == (1, False)


async def test_events_of_other_kinds_are_copied_once(pair: Pair) -> None:
    await pair.source.formats.raise_to_newest()
    message = a_message()
    await pair.source.apply(accepts(message))
    await pair.source.apply([final(message, tell=True), Notify(a_notice(message=message.id)), Notify(a_notice())])
    await pair.source.apply([Notify(a_notice(customer=8))])
    for _ in range(2):
        copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
        assert (copied.events, copied.is_whole) == (4, True)
        assert await news(pair.target) == await news(pair.source)
        assert await messages(pair.target) == await messages(pair.source)
    await pair.source.apply([Notify(a_notice())])
    copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert (copied.events, copied.is_whole) == (5, True)


async def test_counts_of_what_was_forgotten_come_along_once(pair: Pair) -> None:
    gone = a_message()
    await pair.source.apply(accepts(gone))
    await pair.source.apply([final(gone)])
    pair.clock.advance(91 * DAY_MS / 1000)
    while await pair.source.retention.forget_content(pair.clock.now_ms(), 10):
        pass
    assert await pair.source.retention.forget_records(pair.clock.now_ms(), 10) == 1
    for _ in range(2):
        copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
        assert (copied.messages, copied.traffic) == (0, 1)
        assert await pair.target.retention.traffic(0, 10) == await pair.source.retention.traffic(0, 10)


async def documents(ledger: Ledger) -> dict[tuple[str, str], bytes]:
    kinds = await ledger.copies.kinds()
    return {(each.kind, each.key): each.octets for kind in kinds for each in await ledger.acts.of_kind(kind)}


async def test_documents_and_audit_entries_come_along_and_are_the_sources_alone(pair: Pair) -> None:
    await pair.target.acts.act([DocumentWrite("old", "gone", b"")], [b"of the target"])
    wanted = [DocumentWrite("wanted", f"operator {number}", b"%d" % number) for number in range(3)]
    await pair.source.acts.act([*wanted, DocumentWrite("person", "usr_1", b"\x00")], [b"1", b"2", b"3"])
    (first, *rest) = await pair.source.acts.pending(10)
    await pair.source.acts.settle(first.number)
    for _ in range(2):
        copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
        assert (copied.documents, copied.entries, copied.is_whole) == (4, 2, True)
        assert await documents(pair.target) == await documents(pair.source)
        assert await pair.target.acts.pending(10) == rest
    await pair.source.acts.act([DocumentWrite("wanted", "operator 1", None)])
    version = await pair.target.acts.version()
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=True)
    assert await documents(pair.target) == await documents(pair.source)
    assert await pair.target.acts.version() == version + 1, "what is the same is not written again"


async def test_a_number_of_an_audit_entry_does_not_come_again_at_the_target(pair: Pair) -> None:
    await pair.source.acts.act([], [b"1", b"2"])
    last = (await pair.source.acts.pending(10))[-1].number
    await pair.source.acts.settle(last)
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert await pair.target.acts.pending(10) == []
    await pair.target.acts.act([], [b"3"])
    (entry,) = await pair.target.acts.pending(10)
    assert entry.number == last + 1


async def test_what_is_past_its_record_clock_is_left_behind(pair: Pair) -> None:
    await pair.source.apply(accepts(a_message(record_until_ms=NOW + 1_000), a_message()))
    pair.clock.advance(2)
    copied = await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    assert copied.messages == 1


async def test_a_file_brings_its_idempotency_keys(pair: Pair, request: pytest.FixtureRequest) -> None:
    message = a_message()
    await pair.source.apply([Accept(copy(message), DIGEST, NOW + DAY_MS)])
    await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)
    again = a_message()
    (standing,) = await pair.target.apply([Accept(copy(again), DIGEST, NOW + DAY_MS)])
    expected = again.id if "redis-sqlite" in request.node.name else message.id  # a server keeps hashes of them only
    assert standing == expected


@pytest.mark.case("privacy-5")
async def test_records_bring_their_own_tags(pair: Pair) -> None:
    """The target begins with them at once, in whatever format it was."""
    await pair.source.formats.raise_to_newest()
    tagged = a_message(record_tag=b"8 octets")
    await pair.source.apply(accepts(tagged))
    assert (await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)).is_whole
    assert pair.target.formats.tags_from_ms is not None
    assert await messages(pair.target) == [tagged]


@pytest.mark.case("privacy-5")
async def test_records_without_tags_do_not_raise_the_format_of_their_copy(pair: Pair) -> None:
    await pair.source.apply(accepts(a_message()))
    before = (await pair.target.formats.state()).written
    assert (await copy_ledger(pair.source, pair.target, pair.clock, source_runs=False)).is_whole
    assert (await pair.target.formats.state()).written == before
