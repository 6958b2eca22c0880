"""What only a shared ledger does: leases and tokens, shares, exactly once after a lost answer."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.redis_address import parse_address
from gateway.ledger.contract import Accept, Change, Count, LedgerUnavailable, TellLater, Told, WriteOp
from gateway.ledger.redis import library
from gateway.ledger.redis.batch import Batch
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.forgetting import DIGESTS_ROUND_MS, SLOTS_AT_ONCE
from gateway.ledger.redis.layout import Numbers
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access, Call
from gateway.ledger.redis.wire import encode, octets
from gateway.model.message import Message, Status
from gateway.process.clock import Clock, ManualClock
from tests.bounds import LIMIT_S
from tests.contract.records import (
    DAY_MS,
    DONE,
    ELSEWHERE,
    NOT_DONE,
    NOW,
    a_message,
    accepts,
    an_event,
    final,
    identifier,
    submitted,
)
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey

LEASE_S = 3.0

Open = Callable[..., Awaitable[RedisLedger]]


@pytest.fixture
async def node(server: Valkey, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens nodes on one ledger, and closes them at the end."""
    async with contextlib.AsyncExitStack() as closing:

        async def open_node(
            clock: Clock | None = None, role: Role = Role.NODE, machine: str | None = None, **changes: Any
        ) -> RedisLedger:
            access = Access(address=parse_address(server.url))
            terms = replace(Terms(prefix=str(tmp_path), lease_s=LEASE_S, partitions=8), **changes)
            ledger = RedisLedger(access, clock or ManualClock(), terms, role=role, machine=machine)
            await ledger.open()
            closing.push_async_callback(ledger.close)
            return ledger

        yield open_node


async def until(claim: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not claim():
            await asyncio.sleep(0.02)


def held(ledger: RedisLedger) -> set[int]:
    return set(ledger.member.holding.partitions)


async def fall_asleep(ledger: RedisLedger) -> None:
    """As a stopped process: it beats no more and does not know it."""
    tasks, ledger.leases._tasks = ledger.leases._tasks, None
    assert tasks is not None
    await tasks.stop()


# ------------------------------------------------------------------------------------------------------------- leases


async def test_nodes_share_the_partitions_and_those_of_one_that_leaves(node: Open) -> None:
    first = await node()
    assert held(first) == set(range(8))
    second, third = await node(), await node()
    await until(lambda: sorted(len(held(each)) for each in (first, second, third)) == [2, 3, 3])
    assert held(first) | held(second) | held(third) == set(range(8))
    assert not held(first) & held(second)
    await second.close()
    await until(lambda: len(held(first)) == len(held(third)) == 4)


async def test_a_node_that_slept_writes_nothing_over_its_successor(node: Open) -> None:
    sleeper = await node()
    message = a_message()
    await sleeper.apply(accepts(message))
    await fall_asleep(sleeper)
    successor = await node()
    await until(lambda: len(held(successor)) == 8)
    taken = copy(message)
    await successor.apply([submitted(taken, "new")])
    late = copy(message)
    late.status = Status.QUEUED
    fresh = a_message()
    assert await sleeper.apply([Change(message=late), *accepts(fresh)]) == [ELSEWHERE, fresh.id]
    assert held(sleeper).isdisjoint({0})
    assert await successor.messages.find_many([message.id, fresh.id]) == [taken, fresh]
    assert fresh.id in {each.id for each in await successor.work.claim_due("stc", NOW, 10, ())}


async def test_partitions_that_are_handed_over_are_emptied_first(node: Open) -> None:
    first = await node()
    asked: list[list[int]] = []
    may_go = asyncio.Event()

    class Busy:
        def gained(self, partitions: Sequence[int]) -> None: ...

        def lost(self, partitions: Sequence[int]) -> None: ...

        def renewed(self, until: float) -> None: ...

        async def empty(self, partitions: Sequence[int]) -> None:
            asked.append(list(partitions))
            await may_go.wait()

    first.leases.follow(Busy())
    second = await node()
    await until(lambda: bool(asked))
    assert held(first) == set(range(8))
    assert held(second) == set()
    assert all(not first.member.takes(bytes(8) + bytes((each,)) + bytes(7)) for each in asked[0])
    assert {first.id_octets(8)[0] for _ in range(50)}.isdisjoint(asked[0])
    may_go.set()
    await until(lambda: held(second) == set(asked[0]))


async def test_only_one_node_tells_the_binds_of_an_account(node: Open) -> None:
    first = await node()
    message = a_message()
    await first.apply([*accepts(message), Change(message=copy(message), event=an_event(message, esme=4))])
    second = await node()
    told = await first.outbox.due(NOW, 10, (), 4)
    assert [each.message for each in told] == [message.id]
    assert await second.outbox.due(NOW, 10, (), 4) == []
    await first.close()
    async with asyncio.timeout(LIMIT_S):
        while not await second.outbox.due(NOW, 10, (), 4):
            await asyncio.sleep(0.05)


async def test_news_of_another_nodes_message_is_put_off_and_told(node: Open) -> None:
    clock = ManualClock()
    first = await node(clock)
    message = a_message()
    await first.apply([*accepts(message), Change(message=copy(message), event=an_event(message, esme=4))])
    await fall_asleep(first)
    second = await node(clock, role=Role.BESIDE)
    (event,) = await second.outbox.due(NOW, 10, (), 4)
    assert await second.apply([TellLater(event.seq, NOW + 1_000, 1)]) == [DONE]
    assert await second.outbox.due(NOW + 999, 10, (), 4) == []
    (later,) = await second.outbox.due(NOW + 1_000, 10, (), 4)
    assert (later.seq, later.attempts) == (event.seq, 1)
    assert await second.apply([Told(event.seq)]) == [DONE]
    assert await second.outbox.size(4) == 0


# -------------------------------------------------------------------------------------------------------- exactly once


async def test_a_batch_whose_answer_was_lost_has_its_effect_once(node: Open) -> None:
    ledger = await node()
    message = a_message()
    await ledger.apply(accepts(message))
    ops: list[WriteOp] = [Change(message=copy(message), event=an_event(message))]
    batch = Batch(ops, ledger.member.layout, ledger.member.records, Numbers(), NOW)
    lease = ledger.member.holding.partitions[0]
    words = (lease.token, lease.next(), NOW, encode([op for _, op in batch.partitions[0]]))
    answers = [await ledger.member.server.call(Call("apply", ledger.member.layout.bases[0], words)) for _ in range(2)]
    assert answers == [b"1", b"1"]
    assert await ledger.outbox.size() == 1


async def test_a_digest_is_one_messages_whichever_node_it_comes_to(node: Open) -> None:
    nodes = [await node() for _ in range(3)]
    await until(lambda: all(held(each) for each in nodes))
    for number in range(40):
        digest = number.to_bytes(16, "big")
        rivals = [a_message(id=placed(each, number)) for each in nodes]
        batches = [each.apply([Accept(rival, digest, NOW + DAY_MS)]) for each, rival in zip(nodes, rivals, strict=True)]
        results = [standing for (standing,) in await asyncio.gather(*batches)]
        assert len(set(results)) == 1
        found = await nodes[0].messages.find_many([each.id for each in rivals])
        assert [each.id for each in found if each is not None] == [results[0]]


def early(message: Message, digests: Sequence[bytes]) -> Accept:
    """As a node takes it whose epoch does not turn yet. digests: of the epoch before, of this one, of the next."""
    return Accept(message, digests[1], NOW + DAY_MS, sought=(digests[0],))


def turning(message: Message, digests: Sequence[bytes]) -> Accept:
    return Accept(message, digests[2], NOW + DAY_MS, before=(digests[1],), sought=(digests[0],))


def late(message: Message, digests: Sequence[bytes]) -> Accept:
    return Accept(message, digests[2], NOW + DAY_MS, sought=(digests[1],))


@pytest.mark.case("privacy-10")
@pytest.mark.parametrize(
    "views", [(early, turning, turning), (turning, early, early), (turning, late, late), (late, turning, turning)]
)
async def test_of_nodes_whose_epoch_turns_at_other_times_one_takes_a_key(
    node: Open, views: Sequence[Callable[[Message, Sequence[bytes]], Accept]]
) -> None:
    nodes = [await node() for _ in range(3)]
    await until(lambda: all(held(each) for each in nodes))
    for number in range(40):
        digests = [number.to_bytes(8, "big") + epoch.to_bytes(8, "big") for epoch in range(3)]
        rivals = [a_message(id=placed(each, number)) for each in nodes]
        asked = [view(rival, digests) for view, rival in zip(views, rivals, strict=True)]
        batches = [each.apply([accept]) for each, accept in zip(nodes, asked, strict=True)]
        results = [standing for (standing,) in await asyncio.gather(*batches)]
        assert len(set(results)) == 1
        found = await nodes[0].messages.find_many([each.id for each in rivals])
        assert [each.id for each in found if each is not None] == [results[0]]
        again = [view(a_message(), digests) for view in views]
        assert await nodes[0].apply(again) == [results[0]] * 3


@pytest.mark.case("privacy-10")
async def test_an_earlier_digest_whose_message_was_never_stored_stands_for_nothing(node: Open) -> None:
    ledger = await node()
    lost, second, third = a_message(), a_message(), a_message()
    slot, row, field = ledger.member.layout.digest(7, b"1" * 16)
    rows = encode([(row, octets(field), octets(lost.id), NOW + DAY_MS)])
    await ledger.member.server.call(Call("claim", ledger.member.layout.bases[slot], (NOW, rows)))
    assert await ledger.apply([Accept(second, b"2" * 16, NOW + DAY_MS, sought=(b"1" * 16,))]) == [second.id]
    assert await ledger.apply([Accept(lost, b"1" * 16, NOW + DAY_MS)]) == [second.id]
    assert await ledger.apply([Accept(third, b"2" * 16, NOW + DAY_MS, sought=(b"1" * 16,))]) == [second.id]
    assert await ledger.messages.find_many([lost.id, second.id, third.id]) == [None, second, None]


def placed(ledger: RedisLedger, number: int) -> bytes:
    """An id in a partition of the node's own."""
    return identifier(number)[:8] + ledger.id_octets(8)


async def test_a_digest_whose_message_was_never_stored_is_taken_over(node: Open) -> None:
    ledger = await node()
    lost, second = a_message(), a_message()
    slot, row, field = ledger.member.layout.digest(7, b"d" * 16)
    rows = encode([(row, octets(field), octets(lost.id), NOW + DAY_MS)])
    await ledger.member.server.call(Call("claim", ledger.member.layout.bases[slot], (NOW, rows)))
    assert await ledger.apply([Accept(second, b"d" * 16, NOW + DAY_MS)]) == [second.id]
    assert await ledger.apply([Accept(lost, b"d" * 16, NOW + DAY_MS)]) == [second.id]
    assert await ledger.messages.find_many([lost.id, second.id]) == [None, second]


# -------------------------------------------------------------------------------------------------------------- server


async def test_a_server_that_lost_its_functions_gets_them_again(node: Open, server: Valkey) -> None:
    ledger = await node()
    server.ask("FUNCTION", "DELETE", library.NAME)
    message = a_message()
    assert await ledger.apply(accepts(message)) == [message.id]


async def test_messages_lie_packed(node: Open, server: Valkey, tmp_path: Path) -> None:
    ledger = await node()
    messages: list[Message] = [a_message(id=identifier(number)) for number in range(2_000)]
    await ledger.apply(accepts(*messages))
    await ledger.apply([submitted(each, f"{number:x}") for number, each in enumerate(messages)])
    keys = list(server.ask("KEYS", f"*{tmp_path}*:b:*"))
    assert 10 < len(keys) < 40
    assert {server.ask("OBJECT", "ENCODING", key) for key in keys} == {b"listpack"}
    lists = list(server.ask("KEYS", f"*{tmp_path}*:c:*"))
    for key in (*keys, *lists):  # should nobody ever sweep: a day after the last record's end
        assert 90 * DAY_MS < server.ask("PTTL", key) <= 91 * DAY_MS


@pytest.mark.policy("P-23")
async def test_what_was_forgotten_leaves_the_servers_files(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey", *PERSISTENT)
    server.start()
    try:
        ledger = RedisLedger(Access(address=parse_address(server.url)), ManualClock(), role=Role.ALONE)
        await ledger.open()
        message = a_message(content_until_ms=NOW, record_until_ms=NOW, operator_ids=("CANARY-ID",))
        await ledger.apply(accepts(message))
        assert on_disk(tmp_path, b"CANARY-ID")
        assert await ledger.retention.forget_records(NOW, 10) == 1
        await ledger.retention.checkpoint()
        await until(lambda: not on_disk(tmp_path, b"CANARY-ID"))
        await ledger.close()
    finally:
        server.kill()


def on_disk(folder: Path, words: bytes) -> bool:
    """Whether any part of the log holds these words; a part that is being put away counts as holding them."""
    try:
        return any(words in path.read_bytes() for path in folder.rglob("*.aof"))
    except FileNotFoundError:
        return True


async def test_leftovers_are_looked_for_in_small_steps_that_come_to_all_of_them(node: Open) -> None:
    ledger = await node()
    calls = []
    for number in range(40):
        slot, row, field = ledger.member.layout.link("stc", str(number))
        rows = [(row, octets(field), octets(identifier(number) + b"\0"))]
        calls.append(Call("table_put", ledger.member.layout.bases[slot], ("k", encode(rows))))
    await ledger.member.server.calls(calls)
    steps = []
    while count := await ledger.retention.forget_leftovers(NOW, 1):
        steps.append(count)
    assert sum(steps) == 40
    assert max(steps) <= 2 * SLOTS_AT_ONCE  # rows that lie together come together
    assert await ledger.work.correlate([("stc", ("7",))]) == [None]


@pytest.mark.policy("P-21")
async def test_a_digest_goes_within_a_round_though_all_around_it_live(node: Open) -> None:
    ledger = await node()
    rows: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for number in range(20_000):
        slot, row, field = ledger.member.layout.digest(7, number.to_bytes(16, "big"))
        until_ms = NOW + (30 * DAY_MS if number % 1_000 else 1)
        rows[slot].append((row, octets(field), octets(identifier(number)), until_ms))
    await ledger.member.server.calls(
        [Call("claim", ledger.member.layout.bases[slot], (NOW, encode(some))) for slot, some in rows.items()]
    )
    went, at_ms = 0, NOW
    for at_ms in range(NOW + 1, NOW + DIGESTS_ROUND_MS + 60_000, 60_000):
        went += await ledger.retention.forget_leftovers(at_ms, 1)
        if at_ms < NOW + 120_000:
            assert went < 10  # a step is small
    assert went == 20


async def test_what_two_nodes_count_adds_up(node: Open) -> None:
    first, second = await node(), await node()
    await asyncio.gather(*(each.apply([Count("quota:1", 5, 3)]) for each in (first, second)))
    assert await first.counters.counts(5) == {"quota:1": 6}


async def test_the_number_of_partitions_stays_what_it_was(node: Open) -> None:
    await node()
    with pytest.raises(LedgerUnavailable, match="begun with 8 partitions; the settings say 16"):
        await node(partitions=16)


async def test_an_answer_and_its_receipt_in_one_batch_travel_as_one_change(node: Open) -> None:
    ledger = await node()
    message = a_message()
    await ledger.apply(accepts(message))
    ops = [submitted(message, "A1"), final(message, tell=True), Change(message=copy(message))]
    sent = Batch(ops, ledger.member.layout, ledger.member.records, Numbers(), NOW).partitions
    assert [index for rows in sent.values() for index, _ in rows] == [1, 2]
    assert await ledger.apply(ops) == [DONE, DONE, NOT_DONE]
    assert await ledger.apply(ops[:2]) == [NOT_DONE, NOT_DONE]
    assert await ledger.messages.find_many([message.id]) == [message]
    assert await ledger.outbox.size() == 1


async def test_changes_that_tell_somebody_travel_by_themselves(node: Open) -> None:
    ledger = await node()
    message = a_message()
    await ledger.apply(accepts(message))
    ops = [submitted(message, "A1", event=an_event(message)), final(message, tell=True)]
    assert await ledger.apply(ops) == [DONE, DONE]
    assert await ledger.outbox.size() == 2


async def test_a_final_change_tells_of_the_end_across_nodes(node: Open) -> None:
    first = await node()
    message = a_message()
    await first.apply(accepts(message))
    await first.apply([submitted(message, "A1")])
    second = await node()
    (found,) = await second.work.correlate([("stc", ("A1",))])
    assert found is not None
    assert found.message.id == message.id
    await first.apply([final(message, tell=True)])
    (seen,) = await second.messages.find_many([message.id])
    assert seen is not None
    assert seen.status is Status.DELIVERED
