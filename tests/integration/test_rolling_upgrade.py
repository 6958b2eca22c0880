"""Nodes of two versions on one ledger: what each stores, the other reads, delivers, tells and forgets. The format rises
once all can read it, and after that builds with different fields live side by side.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.exceptions import ResponseError

from config.redis_address import parse_address
from gateway.ledger.contract import FormatHeld, LedgerCorrupt, NodeFormat, Notify, Told
from gateway.ledger.fields import FIELDS, Field, Kind
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.formats import HEARD_MS
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.packing import NEWEST, OLDEST, Records
from gateway.ledger.redis.server import Access
from gateway.model.message import Message, Status
from gateway.process.clock import ManualClock
from tests.bounds import LIMIT_S
from tests.contract.records import (
    DAY_MS,
    DONE,
    ELSEWHERE,
    NOT_DONE,
    NOW,
    a_message,
    a_notice,
    accepts,
    final,
    identifier,
    submitted,
)
from tests.integration.before.node import NodeBefore, NotStarted
from tests.integration.valkey_server import Valkey

LEASE_S = 4.0
PARTITIONS = 8
THEIRS, OURS = range(4), range(4, 8)
"""Partitions that a node of the version before has, and that one of this version has beside it."""

Start = Callable[..., Awaitable[RedisLedger]]
StartBefore = Callable[..., NodeBefore]


@pytest.fixture
async def start(server: Valkey, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts nodes of this version, and closes them at the end."""
    async with contextlib.AsyncExitStack() as closing:

        async def node(**options: Any) -> RedisLedger:
            access = Access(address=parse_address(server.url))
            terms = Terms(prefix=str(tmp_path), partitions=PARTITIONS, lease_s=LEASE_S)
            ledger = RedisLedger(access, ManualClock(), terms, **options)
            await ledger.open()
            closing.push_async_callback(ledger.close)
            return ledger

        yield node


@pytest.fixture
async def start_before(server: Valkey, tmp_path: Path) -> AsyncIterator[StartBefore]:
    """Starts nodes of the version before, which are alive until they leave."""
    beating: list[asyncio.Task[None]] = []

    async def beat(node: NodeBefore) -> None:
        while not node.has_left:
            node.beat()
            await asyncio.sleep(LEASE_S / 8)

    def node(name: str = "before", *, beats: bool = True) -> NodeBefore:
        made = NodeBefore(server.url, str(tmp_path), name=name, partitions=PARTITIONS, lease_ms=round(LEASE_S * 1000))
        made.start()
        if beats:
            beating.append(asyncio.ensure_future(beat(made)))
        return made

    yield node
    for task in beating:
        task.cancel()
    await asyncio.gather(*beating, return_exceptions=True)


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():
            await asyncio.sleep(0.02)


def held(ledger: RedisLedger) -> set[int]:
    return set(ledger.member.holding.partitions)


def placed(partition: int, **fields: Any) -> Message:
    """A message in this partition."""
    drawn = identifier(0)
    made = a_message(**fields)
    return msgspec.structs.replace(made, id=made.id[:8] + bytes((partition,)) + drawn[9:])


def raw(server: Valkey, message: Message, prefix: Path) -> bytes:
    """The stored record."""
    base = f"{{{prefix}:{message.id[8] % PARTITIONS}}}"
    for bucket in server.ask("ZRANGE", f"{base}:dir", 0, -1):
        record = server.ask("HGET", f"{base}:b:{bucket.decode()}", message.id)
        if record is not None:
            return bytes(record)
    raise AssertionError("the message is not stored")


async def test_messages_of_either_version_are_read_delivered_told_and_forgotten_by_the_other(
    start: Start, start_before: StartBefore
) -> None:
    old = start_before()
    assert old.take(*range(PARTITIONS))
    theirs = placed(1, record_until_ms=NOW + 10 * DAY_MS)
    assert old.accept(theirs, NOW) == b"1"
    new = await start()
    assert await new.messages.find_many([theirs.id]) == [theirs]
    assert (await new.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=10)).messages == (
        theirs,
    )
    assert await new.messages.list_subject(7, [theirs.subject], 10) == [theirs]

    old.leave()
    await until(lambda: held(new) == set(range(PARTITIONS)))
    assert [each.id for each in await new.work.claim_due("stc", NOW, 10, ())] == [theirs.id]
    ours = placed(6, record_until_ms=NOW + 10 * DAY_MS)
    await new.apply([*accepts(ours), submitted(theirs, "T1"), final(theirs, tell=True)])

    await new.close()
    old = start_before("again")
    assert old.take(*range(PARTITIONS))
    assert old.find(theirs.id) == theirs
    (news,) = old.news(NOW)
    assert (news.message, news.status) == (theirs.id, Status.DELIVERED)
    assert old.told(news, NOW) == b"1"
    assert old.due("stc", NOW) == [ours.id]
    taken = copy(old.find(ours.id) or ours)
    assert taken == ours
    submitted(taken, "O1")
    assert old.change(taken, NOW, links=["O1"]) == b"1"

    old.leave()
    new = await start()
    await until(lambda: held(new) == set(range(PARTITIONS)))
    (found,) = await new.work.correlate([("stc", ("O1",))])
    assert found is not None
    assert (found.message, found.segment) == (taken, 0)
    assert await new.apply([final(taken, tell=True)]) == [DONE]
    (event,) = await new.outbox.due(NOW + DAY_MS, 10, ())
    assert (event.message, event.status) == (ours.id, Status.DELIVERED)
    assert await new.retention.forget_content(NOW + 3 * DAY_MS, 10) == 2
    assert await new.retention.forget_records(NOW + 10 * DAY_MS, 10) == 2
    assert await new.work.correlate([("stc", ("O1",)), ("stc", ("T1",))]) == [None, None]
    assert [(each.status, each.messages) for each in await new.retention.traffic(0, 10)] == [(Status.DELIVERED, 2)]


async def test_the_version_before_forgets_what_this_one_stored(start: Start, start_before: StartBefore) -> None:
    new = await start()
    message = placed(3, record_until_ms=NOW + 1)
    await new.apply([*accepts(message), submitted(message, "N1"), final(message, tell=True)])
    await new.close()
    old = start_before()
    assert old.take(*range(PARTITIONS))
    assert old.correlate("stc", "N1") == (message.id, 0)
    assert old.forget(NOW + 2) == 1
    assert old.find(message.id) is None
    assert old.news(NOW + DAY_MS) == []


async def test_side_by_side_each_works_on_its_own_and_reads_the_others(
    start: Start, start_before: StartBefore, server: Valkey, tmp_path: Path
) -> None:
    old = start_before()
    assert old.take(*THEIRS)
    new = await start()
    await until(lambda: held(new) == set(OURS))
    theirs, ours = placed(2), placed(5)
    old.accept(theirs, NOW)
    await new.apply(accepts(ours))
    assert old.find(ours.id) == ours
    assert await new.messages.find_many([theirs.id]) == [theirs]
    assert [each.id for each in await new.work.claim_due("stc", NOW, 10, ())] == [ours.id]
    assert old.due("stc", NOW) == [theirs.id]
    assert raw(server, ours, tmp_path)[0] < 128
    assert await new.apply([submitted(copy(theirs), "T2")]) == [ELSEWHERE]  # another node has it
    assert old.change(theirs, NOW, links=["T2"]) == b"1"
    (found,) = await new.work.correlate([("stc", ("T2",))])
    assert found is not None
    assert found.message.id == theirs.id


# -------------------------------------------------------------------------------------------------------------- raising


async def test_the_format_stays_while_a_node_of_the_version_before_is_alive(
    start: Start, start_before: StartBefore
) -> None:
    old = start_before()
    new = await start()
    state = await new.formats.state()
    assert (state.written, state.oldest, state.newest) == (OLDEST, OLDEST, NEWEST)
    assert set(state.nodes) == {NodeFormat("before", OLDEST), NodeFormat(new.member.node, NEWEST)}
    with pytest.raises(FormatHeld, match="1 of the nodes"):
        await new.formats.raise_to_newest()
    assert (await new.formats.state()).written == OLDEST
    old.leave()
    assert (await new.formats.raise_to_newest()).written == NEWEST
    assert (await new.formats.raise_to_newest()).written == NEWEST


async def test_after_the_raise_every_node_writes_the_new_format_and_all_is_found(
    start: Start, server: Valkey, tmp_path: Path
) -> None:
    first, second = await start(), await start()
    await until(lambda: len(held(first)) == len(held(second)) == PARTITIONS // 2)
    before_it = [placed(each) for each in range(PARTITIONS)]
    await first.apply(accepts(*before_it))
    desk = await start(role=Role.BESIDE)
    assert {each.reads for each in (await desk.formats.raise_to_newest()).nodes} == {NEWEST}
    await until(lambda: first.member.records.format == second.member.records.format == NEWEST)
    assert len((await desk.formats.state()).nodes) == 2
    after_it = [placed(each) for each in range(PARTITIONS)]
    await first.apply(accepts(*after_it))
    assert [raw(server, each, tmp_path)[0] for each in after_it] == [128 + NEWEST] * PARTITIONS
    assert await second.messages.find_many([each.id for each in (*before_it, *after_it)]) == [*before_it, *after_it]
    mine = [each for each in before_it if second.member.has(each.id)]
    ours = [each for each in after_it if second.member.has(each.id)]
    assert await second.apply([submitted(each, "x" + each.id.hex()) for each in (*mine, *ours)]) == [DONE] * 8
    assert {raw(server, each, tmp_path)[0] for each in mine} == {128 + NEWEST}  # a change brings the new format
    assert await first.messages.find_many([each.id for each in (*mine, *ours)]) == [*mine, *ours]
    assert await second.messages.list_subject(7, [ours[0].subject], 10) == [ours[0]]
    page = await second.messages.list_messages(7, status=Status.SUBMITTED, since_ms=None, cursor=None, limit=20)
    assert {each.id for each in page.messages} == {each.id for each in (*mine, *ours)}


@pytest.mark.case("privacy-5")
async def test_records_have_tags_of_their_own_after_the_raise_and_before_it_the_older_format_has_none(
    start: Start, start_before: StartBefore, server: Valkey, tmp_path: Path
) -> None:
    old, new = start_before(), await start()
    await until(lambda: len(held(new)) == len(OURS))
    assert (new.formats.tags_from_ms, new.formats.masks_covered) == (None, False)  # so no key is made
    early, late = (placed(min(held(new)), record_tag=b"8 octets") for _ in range(2))
    await new.apply(accepts(early))
    assert raw(server, early, tmp_path)[0] < 128
    old.leave()
    await new.formats.raise_to_newest()
    assert new.formats.tags_from_ms == HEARD_MS  # later than any node hears of it
    assert new.formats.masks_covered
    await new.apply(accepts(late))
    found = await new.messages.find_many([early.id, late.id])
    assert [each and each.record_tag for each in found] == [b"", b"8 octets"]


async def test_content_and_records_of_the_new_format_are_forgotten(
    start: Start, server: Valkey, tmp_path: Path
) -> None:
    ledger = await start()
    await ledger.formats.raise_to_newest()
    message = placed(0, content_until_ms=NOW + 1, record_until_ms=NOW + 2)
    await ledger.apply([*accepts(message), submitted(message, "F1")])
    (due,) = await ledger.retention.overdue(NOW + 2)
    assert (due.tag, due.content, due.records) == (message.tag, 1, 1)
    assert await ledger.retention.forget_content(NOW + 1, 10) == 1
    assert raw(server, message, tmp_path)[0] == 128 + NEWEST
    (found,) = await ledger.messages.find_many([message.id])
    assert found == msgspec.structs.replace(message, content=None, private=None)
    assert await ledger.retention.forget_records(NOW + 2, 10) == 1
    assert await ledger.work.correlate([("stc", ("F1",))]) == [None]
    assert [each.messages for each in await ledger.retention.traffic(0, 10)] == [1]


async def test_after_the_raise_the_version_before_does_not_start_and_does_not_come_back(
    start: Start, start_before: StartBefore
) -> None:
    paused = start_before("paused", beats=False)
    new = await start()
    paused.leave()  # what others see of it once its lease has run out
    await new.formats.raise_to_newest()
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        paused.beat()
    with pytest.raises(NotStarted, match="begun with -8 partitions"):
        start_before()
    other = await start()
    await until(lambda: held(new) | held(other) == set(range(PARTITIONS)) and len(held(other)) == 4)


async def test_events_of_other_kinds_wait_for_the_raise_and_are_held_by_whoever_has_the_partition(start: Start) -> None:
    first = await start()
    early, late = a_notice(), a_notice()
    assert await first.apply([Notify(early)]) == [NOT_DONE]  # a node of the version before would take it for a status
    await first.formats.raise_to_newest()
    second = await start()
    await until(lambda: len(held(first)) == len(held(second)) == PARTITIONS // 2)
    owner, other = (first, second) if first.member.has(late.message) else (second, first)
    await until(lambda: owner.member.records.format == other.member.records.format == NEWEST)
    assert await other.apply([Notify(late)]) == [DONE]  # it need not have the partition
    assert late.seq == 0
    assert await other.outbox.due(NOW, 10, ()) == []
    (event,) = await owner.outbox.due(NOW, 10, ())
    assert (event.kind, event.data, event.message) == (late.kind, late.data, late.message)
    await owner.close()
    await until(lambda: held(other) == set(range(PARTITIONS)))
    assert await other.outbox.due(NOW, 10, ()) == [event]
    assert await other.apply([Told(event.seq)]) == [DONE]
    assert await other.outbox.size() == 0


# --------------------------------------------------------------------------------------------- builds of the new format


class Further(Message, kw_only=True):
    """A message of a build with two fields more: one is written with the message, one by each change."""

    route: int = 0
    left_ms: int | None = None


FURTHER = (*FIELDS, Field("route", Kind.NUMBER), Field("left_ms", Kind.TIME_OR_NONE, changes=True))


def further(message: Message, **fields: Any) -> Further:
    return Further(**(msgspec.structs.asdict(message) | fields))


async def test_builds_with_different_fields_read_each_other_and_change_each_others_messages(start: Start) -> None:
    plain = await start()
    await plain.formats.raise_to_newest()
    grown = await start(records=Records(FURTHER, Further))
    await until(lambda: held(plain) | held(grown) == set(range(PARTITIONS)) and len(held(grown)) == 4)
    here, there = min(held(plain)), min(held(grown))
    ours, theirs = placed(here), further(placed(there), route=9, left_ms=NOW + 5)
    await plain.apply(accepts(ours))
    await grown.apply(accepts(theirs))
    assert await grown.messages.find_many([ours.id, theirs.id]) == [further(ours), theirs]
    (seen,) = await plain.messages.find_many([theirs.id])
    assert seen is not None
    assert type(seen) is Message
    assert further(seen, route=9, left_ms=NOW + 5) == theirs

    await grown.close()
    await until(lambda: held(plain) == set(range(PARTITIONS)))
    changed = submitted(seen, "G1")
    assert await plain.apply([changed]) == [DONE]
    grown = await start(records=Records(FURTHER, Further))
    (again,) = await grown.messages.find_many([theirs.id])
    assert isinstance(again, Further)
    assert again.route == 9  # a change leaves what was written with the message
    assert again.left_ms is None  # and writes its own fields only
    assert (again.status, again.operator_ids) == (Status.SUBMITTED, ("G1",))
    (found,) = await grown.work.correlate([("stc", ("G1",))])
    assert found is not None
    assert found.message == again


async def test_a_further_field_waits_for_the_raise(start: Start) -> None:
    grown = await start(records=Records(FURTHER, Further))
    message = further(placed(0), route=9)
    await grown.apply(accepts(message))
    assert await grown.messages.find_many([message.id]) == [msgspec.structs.replace(message, route=0)]


async def test_a_node_that_reads_no_newer_format_says_so(start: Start, server: Valkey, tmp_path: Path) -> None:
    running = await start()
    server.ask("SET", f"{{{tmp_path}}}:format", NEWEST + 1)
    with pytest.raises(LedgerCorrupt, match=f"format {NEWEST + 1}"):
        await start()
    await until(lambda: isinstance(running.leases.failure(), LedgerCorrupt))
