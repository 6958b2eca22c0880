"""Messages: what is stored, changed and sent."""

import asyncio
from copy import copy

import msgspec
import pytest

from gateway.ledger.contract import Accept, Change, Count, LedgerLocked, LedgerUnavailable, Replace, WriteOp
from gateway.ledger.roles import Ledger
from gateway.model.message import Link, MessageClass, Part, Status
from redaction.retention import RetentionTag
from redaction.sealed import Sealed
from tests.contract.conftest import Engine
from tests.contract.records import DAY_MS, DONE, NOT_DONE, NOW, a_message, accepts, an_event, final, submitted

# ------------------------------------------------------------------------------------------------------------ accept


async def test_an_accepted_message_is_found_exactly_as_it_was(ledger: Ledger) -> None:
    message = a_message()
    assert await ledger.apply(accepts(message)) == [message.id]
    assert await ledger.messages.find(7, message.id) == message


async def test_every_field_of_a_message_survives(ledger: Ledger) -> None:
    message = a_message(
        message_class=MessageClass.AWARENESS,
        tag=RetentionTag("house_rule"),
        status=Status.QUEUED,
        segments=3,
        encoding="ucs2",
        operator="",
        due_ms=None,
        content=None,
        private=None,
        retry_unknown=False,
        attempts=4,
        submitted_ms=NOW + 1,
        final_ms=NOW + 2,
        error="0000000b",
        operator_ids=("a1", "", "c3"),
        parts=bytes([Part.ACCEPTED, Part.WAITING, Part.FAILED]),
        disclosure=1 << 40,
    )
    await ledger.apply(accepts(message))
    assert await ledger.messages.find(7, message.id) == message


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("ids", [(), ("",), ("", ""), ("a", ""), ("", "b"), ("1:2 3,4;5|6\n7",)])
async def test_operator_ids_keep_their_segments(shared_ledger: Ledger, ids: tuple[str, ...]) -> None:
    message = a_message(operator_ids=ids, segments=max(1, len(ids)))
    await shared_ledger.apply(accepts(message))
    found = await shared_ledger.messages.find(7, message.id)
    assert found is not None
    assert found.operator_ids == ids


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("message_class", list(MessageClass))
async def test_every_status_and_class_can_be_stored(
    shared_ledger: Ledger, status: Status, message_class: MessageClass
) -> None:
    message = a_message(status=status, message_class=message_class)
    await shared_ledger.apply(accepts(message))
    found = await shared_ledger.messages.find(7, message.id)
    assert found is not None
    assert (found.status, found.message_class) == (status, message_class)


async def test_results_stand_in_the_order_of_the_operations(ledger: Ledger) -> None:
    old, repeat, plain = a_message(), a_message(), a_message()
    await ledger.apply([Accept(old, b"k" * 16, NOW + DAY_MS)])
    batch: list[WriteOp] = [
        Count("x", 1, 1),
        Accept(plain),
        submitted(a_message()),
        Accept(repeat, b"k" * 16, NOW + DAY_MS),
    ]
    assert await ledger.apply(batch) == [DONE, plain.id, NOT_DONE, old.id]


async def test_an_empty_batch_is_taken(ledger: Ledger) -> None:
    assert await ledger.apply([]) == []


async def test_a_batch_that_fails_leaves_nothing(ledger: Ledger) -> None:
    message, other = a_message(), a_message()
    with pytest.raises(Exception, match=r".+"):
        await ledger.apply([*accepts(other, message, message), Count("quota", 1, 1)])
    assert await ledger.messages.find_many([message.id, other.id]) == [None, None]
    assert await ledger.apply(accepts(message)) == [message.id]


# ------------------------------------------------------------------------------------------------------------ change


async def test_a_change_writes_the_working_state(ledger: Ledger) -> None:
    message = a_message(segments=2, parts=bytes(2))
    await ledger.apply(accepts(message))
    message.error = "00000058"
    assert await ledger.apply([submitted(message, "a", "b")]) == [DONE]
    assert await ledger.messages.find(7, message.id) == message


async def test_the_engine_has_copied_what_it_needs_when_apply_first_waits(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    change = submitted(message, "a")
    applying = asyncio.ensure_future(ledger.apply([change]))
    await asyncio.sleep(0)  # up to where it first waits
    change.message.status = Status.FAILED
    change.message.error = "too late"
    assert await applying == [DONE]
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert (found.status, found.error) == (Status.SUBMITTED, None)


@pytest.mark.smpp("S-46")
async def test_a_final_status_never_changes(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message, Status.EXPIRED)])
    ended = copy(message)
    assert await ledger.apply([final(message, Status.DELIVERED, tell=True)]) == [NOT_DONE]
    assert await ledger.apply([submitted(message, "a")]) == [NOT_DONE]
    assert await ledger.messages.find(7, message.id) == ended
    assert await ledger.outbox.size() == 0


@pytest.mark.smpp("S-46")
async def test_the_first_final_status_of_a_batch_stands(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    batch = [submitted(message, "a"), final(message, Status.REJECTED, tell=True), final(message, tell=True)]
    assert await ledger.apply(batch) == [DONE, DONE, NOT_DONE]
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert found.status is Status.REJECTED
    assert await ledger.outbox.size() == 1


async def test_changes_of_one_message_in_one_batch_have_their_effects_together(ledger: Ledger) -> None:
    message, ended = a_message(tag=RetentionTag("discard")), a_message()
    await ledger.apply(accepts(message, ended))
    await ledger.apply([final(ended)])
    for each in (message, ended):
        each.status, each.final_ms = Status.ACCEPTED, None
        taken = submitted(each, "a" if each is message else "b")
        batch: list[WriteOp] = [msgspec.structs.replace(taken, drop_content=True), final(each, tell=True)]
        assert await ledger.apply(batch) == [DONE if each is message else NOT_DONE] * 2
    found, earlier = [await ledger.messages.find(7, each.id) for each in (message, ended)]
    assert found is not None
    assert earlier is not None
    assert (found.status, found.content, found.operator_ids) == (Status.DELIVERED, None, ("a",))
    assert earlier.content is not None
    hits = await ledger.work.correlate([("stc", ("a",)), ("stc", ("b",))])
    assert [hit and hit.message.id for hit in hits] == [message.id, ended.id]
    assert [each.message for each in await ledger.outbox.due(NOW + DAY_MS, 10, ())] == [message.id]


async def test_a_cancellation_between_two_changes_keeps_its_place(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    message.status = Status.QUEUED
    queued = Change(message=copy(message))
    message.status, message.final_ms = Status.CANCELLED, NOW + 1
    cancelled = Change(message=copy(message), only_waiting=True)
    assert await ledger.apply([queued, cancelled, final(message)]) == [DONE, DONE, NOT_DONE]
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert found.status is Status.CANCELLED


async def test_a_message_can_be_accepted_and_changed_in_one_batch(ledger: Ledger) -> None:
    message = a_message()
    assert await ledger.apply([*accepts(message), submitted(message, "a")]) == [message.id, DONE]
    assert await ledger.messages.find(7, message.id) == message


@pytest.mark.parametrize(
    ("status", "applied"), [(Status.ACCEPTED, True), (Status.QUEUED, True), (Status.SUBMITTED, False)]
)
async def test_only_waiting_spares_what_an_operator_has(ledger: Ledger, status: Status, applied: bool) -> None:
    message = a_message(status=status)
    await ledger.apply(accepts(message))
    assert await ledger.apply([final(message, Status.CANCELLED, only_waiting=True, tell=True)]) == [
        DONE if applied else NOT_DONE
    ]
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert found.status is (Status.CANCELLED if applied else status)
    assert await ledger.outbox.size() == applied


async def test_content_can_be_dropped_with_a_change(ledger: Ledger) -> None:
    message, waiting = a_message(), a_message()
    await ledger.apply(accepts(message, waiting))
    await ledger.apply([final(message, drop_content=True)])
    await ledger.apply([final(waiting, drop_content=True, only_waiting=True)])
    found = await ledger.messages.find_many([message.id, waiting.id])
    assert [each and each.content for each in found] == [None, None]


async def test_content_stays_when_memory_has_forgotten_it(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    message.content = None
    await ledger.apply([submitted(message, "a")])
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert found.content == b"\x01sealed content"


async def test_a_change_of_an_unknown_message_is_not_applied(ledger: Ledger) -> None:
    message = a_message()
    assert await ledger.apply([final(message, tell=True)]) == [NOT_DONE]
    assert await ledger.outbox.size() == 0


# ---------------------------------------------------------------------------------------------------------- dispatch


async def test_due_work_comes_oldest_first_and_without_what_is_excluded(ledger: Ledger) -> None:
    due = [a_message(due_ms=NOW - number) for number in range(6)]
    later, elsewhere = a_message(due_ms=NOW + 1), a_message(operator="mobily")
    await ledger.apply(accepts(*due, later, elsewhere))
    claimed = await ledger.work.claim_due("stc", NOW, 3, {due[5].id, due[3].id})
    assert [each.id for each in claimed] == [due[4].id, due[2].id, due[1].id]
    assert claimed[0] == due[4]
    assert [each.id for each in await ledger.work.claim_due("stc", NOW + 1, 9, ())] == [
        each.id for each in (*reversed(due), later)
    ]


async def test_what_an_operator_has_is_not_due(ledger: Ledger) -> None:
    message, ended = a_message(), a_message()
    await ledger.apply(accepts(message, ended))
    await ledger.apply([submitted(message, "a"), final(ended)])
    assert not await ledger.work.claim_due("stc", NOW + DAY_MS, 10, ())


async def test_a_retry_moves_the_message_to_its_new_time_and_lane(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    message.status, message.due_ms, message.operator = Status.QUEUED, NOW + 500, "mobily"
    await ledger.apply([Change(message=copy(message))])
    assert await ledger.work.lanes() == ["mobily"]
    assert not await ledger.work.claim_due("mobily", NOW + 499, 10, ())
    assert await ledger.work.claim_due("mobily", NOW + 500, 10, ()) == [message]


async def test_lanes_and_their_backlog_are_told(ledger: Ledger) -> None:
    assert await ledger.work.lanes() == []
    assert await ledger.work.backlog("stc") == 0
    done = a_message(operator="zain")
    await ledger.apply(accepts(a_message(due_ms=NOW + 5), a_message(due_ms=NOW + 3), a_message(operator=""), done))
    await ledger.apply([submitted(done, "a")])
    assert sorted(await ledger.work.lanes()) == ["", "stc"]
    assert (await ledger.work.backlog("stc"), await ledger.work.backlog("zain")) == (2, 0)


@pytest.mark.smpp("S-44")
async def test_a_receipt_finds_its_segment_by_the_best_candidate(ledger: Ledger) -> None:
    long, short = a_message(segments=2, parts=bytes(2)), a_message()
    await ledger.apply(accepts(long, short))
    await ledger.apply([submitted(long, "aa", "bb"), submitted(short, "cc")])
    found = await ledger.work.correlate(
        [("stc", ("none", "bb", "cc")), ("stc", ("cc", "bb")), ("mobily", ("aa",)), ("stc", ()), ("stc", ("aa",))]
    )
    assert [each and (each.message.id, each.segment) for each in found] == [
        (long.id, 1),
        (short.id, 0),
        None,
        None,
        (long.id, 0),
    ]
    assert found[0] is not None
    assert found[0].message == long


async def test_an_id_that_an_operator_uses_again_is_the_newest_messages(ledger: Ledger) -> None:
    older, newer = a_message(), a_message()
    await ledger.apply(accepts(older, newer))
    await ledger.apply([submitted(older, "1")])
    await ledger.apply([submitted(newer, "1")])
    (found,) = await ledger.work.correlate([("stc", ("1",))])
    assert found is not None
    assert found.message.id == newer.id


async def test_ids_learned_too_late_are_kept_all_the_same(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message)])
    change = Change(message=copy(message), links=(Link("stc", "late", 0),))
    assert await ledger.apply([change]) == [NOT_DONE]
    (found,) = await ledger.work.correlate([("stc", ("late",))])
    assert found is not None
    assert found.message.status is Status.DELIVERED


# ----------------------------------------------------------------------------------------------------- open and close


async def test_everything_is_there_after_closing_and_opening_again(engine: Engine) -> None:
    first = await engine.open()
    message = a_message()
    await first.apply([*accepts(message), submitted(message, "a"), Count("quota:7", 20_780, 3)])
    await first.apply([final(message, tell=True)])
    await first.close()
    await first.close()
    second = await engine.open()
    assert await second.messages.find(7, message.id) == message
    assert await second.work.correlate([("stc", ("a",))]) != [None]
    assert [each.message for each in await second.outbox.due(NOW, 10, ())] == [message.id]
    assert await second.counters.count("quota:7", 20_780) == 3


async def test_a_second_node_is_refused_until_the_first_lets_go(engine: Engine) -> None:
    first = await engine.open()
    with pytest.raises(LedgerLocked):
        await engine.open()
    await engine.open(exclusive=False)
    await first.close()
    await engine.open()


async def test_a_ledger_that_is_not_open_says_so(engine: Engine) -> None:
    ledger = await engine.open()
    await ledger.close()
    with pytest.raises(LedgerUnavailable):
        await ledger.apply(accepts(a_message()))
    with pytest.raises(LedgerUnavailable):
        await ledger.messages.find(7, b"\0" * 16)
    with pytest.raises(LedgerUnavailable):
        await ledger.work.claim_due("stc", NOW, 1, ())
    with pytest.raises(LedgerUnavailable):
        await ledger.retention.checkpoint()


async def test_every_stored_field_is_named(ledger: Ledger) -> None:
    fields = await ledger.stored_fields()
    assert {"message.subject", "correlation.operator_message_id", "outbox.next_ms", "api_key.digest"} <= set(fields)
    assert len(fields) == len(set(fields))


async def test_counters_add_up_per_name_and_bucket(ledger: Ledger) -> None:
    await ledger.apply([Count("a", 1, 2), Count("a", 1, 3), Count("b", 1, 1), Count("a", 2, 9)])
    await ledger.apply([Count("a", 1, -1)])
    assert await ledger.counters.counts(1) == {"a": 4, "b": 1}
    assert (await ledger.counters.count("a", 2), await ledger.counters.count("none", 2)) == (9, 0)


async def test_an_event_is_stored_with_its_change_or_not_at_all(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    message.status = Status.DELIVERED
    event = an_event(message, at_ms=NOW + 5, next_ms=NOW + 6, attempts=2)
    await ledger.apply([Change(message=copy(message), event=event)])
    (stored,) = await ledger.outbox.due(NOW + 6, 10, ())
    assert stored.seq > 0
    assert (stored.customer, stored.message, stored.status) == (7, message.id, Status.DELIVERED)
    assert (stored.at_ms, stored.next_ms, stored.attempts) == (NOW + 5, NOW + 6, 2)


async def test_what_a_sender_asked_to_be_told_is_kept(ledger: Ledger) -> None:
    message = a_message(key_id=-3, notify=17)
    await ledger.apply(accepts(message))
    found = await ledger.messages.find(message.customer, message.id)
    assert found is not None
    assert (found.key_id, found.notify) == (-3, 17)


async def test_a_waiting_message_gets_another_text_and_one_that_has_left_does_not(ledger: Ledger) -> None:
    waiting, left = a_message(), a_message()
    await ledger.apply(accepts(waiting, left))
    await ledger.apply([submitted(left, "A1")])
    changes = {"content": Sealed(b"\x01other"), "private": None, "segments": 2, "encoding": "ucs2", "parts": b"\0\0"}
    times = {"due_ms": NOW + 5, "expires_ms": NOW + 9, "notify": 1}
    revised = [msgspec.structs.replace(each, **changes, **times) for each in (waiting, left)]
    assert await ledger.apply([Replace(each) for each in revised]) == [DONE, NOT_DONE]
    assert await ledger.messages.find(waiting.customer, waiting.id) == revised[0]
    assert await ledger.messages.find(left.customer, left.id) == left


async def test_a_submitted_message_is_claimed_when_it_is_to_be_looked_at_again(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply([Accept(message)])
    change = submitted(message, "1")
    change.message.due_ms = NOW + 1_000
    await ledger.apply([change])
    assert await ledger.work.claim_due("stc", NOW + 999, 10, ()) == []
    (claimed,) = await ledger.work.claim_due("stc", NOW + 1_000, 10, ())
    assert (claimed.id, claimed.status) == (message.id, Status.SUBMITTED)
    ended = copy(change.message)
    ended.status, ended.due_ms = Status.UNKNOWN, None
    await ledger.apply([Change(message=ended)])
    assert await ledger.work.claim_due("stc", NOW + 1_000, 10, ()) == []


@pytest.mark.case("smpp-7")
@pytest.mark.smpp("S-46")
@pytest.mark.parametrize("end", [Status.DELIVERED, Status.REJECTED])
async def test_only_unknown_gives_way_to_what_is_learned_later(ledger: Ledger, end: Status) -> None:
    unknown, delivered = a_message(), a_message()
    await ledger.apply(accepts(unknown, delivered))
    for message, status in ((unknown, Status.UNKNOWN), (delivered, Status.DELIVERED)):
        message.status, message.due_ms, message.final_ms = status, None, NOW
        await ledger.apply([Change(message=copy(message))])
    for message in (unknown, delivered):
        message.status = end
        assert await ledger.apply([Change(message=copy(message))]) == [NOT_DONE]
    later = [Change(message=copy(each), over_unknown=True) for each in (unknown, delivered)]
    assert await ledger.apply(later) == [DONE, NOT_DONE]
    unknown.status = Status.EXPIRED
    assert await ledger.apply([Change(message=copy(unknown), over_unknown=True)]) == [NOT_DONE]
    found = await ledger.messages.find(unknown.customer, unknown.id)
    assert found is not None
    assert found.status is end


@pytest.mark.case("smpp-7")
async def test_what_is_learned_over_unknown_in_one_batch_with_it_is_applied_in_order(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    first, second = copy(message), copy(message)
    first.status, first.due_ms, first.final_ms = Status.UNKNOWN, None, NOW
    second.status, second.due_ms, second.final_ms = Status.DELIVERED, None, NOW + 1
    assert await ledger.apply([Change(message=first), Change(message=second, over_unknown=True)]) == [DONE, DONE]
    found = await ledger.messages.find(message.customer, message.id)
    assert found is not None
    assert found.status is Status.DELIVERED
