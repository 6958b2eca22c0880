"""Forgetting: content first, records later, and all that hangs on them."""

from copy import copy
from typing import Any

import pytest

from gateway.ledger.contract import Accept, Change, TagDue
from gateway.ledger.roles import Ledger
from gateway.model.message import Link, Message, MessageClass, Status
from gateway.process.clock import ManualClock
from redaction.retention import OTP, TRANSACTIONAL
from tests.contract.records import DAY_MS, NOW, a_message, accepts, final, submitted


def ended(**fields: Any) -> Message:
    """A message whose clocks have both run out."""
    return a_message(content_until_ms=NOW, record_until_ms=NOW, **fields)


async def overdue(ledger: Ledger, now_ms: int) -> tuple[int, int]:
    """Content and records past their time, whatever their tag."""
    found = await ledger.retention.overdue(now_ms)
    return sum(each.content for each in found), sum(each.records for each in found)


@pytest.mark.policy("P-21")
async def test_content_is_forgotten_when_its_time_has_come(ledger: Ledger) -> None:
    due, later = a_message(content_until_ms=NOW), a_message(content_until_ms=NOW + 1)
    await ledger.apply(accepts(due, later))
    assert await overdue(ledger, NOW) == (1, 0)
    assert await ledger.retention.forget_content(NOW, 10) == 1
    found = await ledger.messages.find_many([due.id, later.id])
    assert [each and (each.content, each.private) for each in found] == [
        (None, None),
        (later.content, later.private),
    ]
    assert await overdue(ledger, NOW) == (0, 0)
    assert await ledger.retention.forget_content(NOW, 10) == 0


@pytest.mark.policy("P-21")
async def test_the_private_field_is_forgotten_after_the_content_was_dropped(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message, drop_content=True)])
    assert await overdue(ledger, NOW + DAY_MS) == (1, 0)
    assert await ledger.retention.forget_content(NOW + DAY_MS, 10) == 1
    found = await ledger.messages.find(7, message.id)
    assert found is not None
    assert found.private is None


@pytest.mark.policy("P-21")
async def test_what_is_final_is_emptied_when_asked(ledger: Ledger) -> None:
    over, waits, other = a_message(), a_message(), a_message()
    await ledger.apply(accepts(over, waits, other))
    await ledger.apply([final(over)])
    asked = [over.id, waits.id, b"\0" * 16]
    assert await ledger.retention.empty_these(asked) == 1
    assert await ledger.retention.empty_these(asked) == 0
    found = await ledger.messages.find_many([over.id, waits.id, other.id])
    assert [each and (each.content, each.private) for each in found] == [
        (None, None),
        (waits.content, waits.private),
        (other.content, other.private),
    ]
    assert await overdue(ledger, NOW + 3 * DAY_MS) == (2, 0)


async def test_no_more_is_forgotten_at_once_than_asked_for(ledger: Ledger) -> None:
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(5))))
    assert [await ledger.retention.forget_content(NOW, 3) for _ in range(3)] == [3, 2, 0]
    assert [await ledger.retention.forget_records(NOW, 3) for _ in range(3)] == [3, 2, 0]


async def test_an_end_that_comes_early_brings_the_forgetting_forward(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message)])
    assert message.content_until_ms == NOW + DAY_MS
    assert await ledger.retention.forget_content(NOW + DAY_MS - 1, 10) == 0
    assert await ledger.retention.forget_content(NOW + DAY_MS, 10) == 1


@pytest.mark.policy("P-23")
async def test_a_record_goes_with_all_that_hangs_on_it(ledger: Ledger) -> None:
    over = NOW + 4 * DAY_MS
    old, young = a_message(record_until_ms=over), a_message(content=None, private=None)
    await ledger.apply([Accept(copy(old), b"d" * 16, over + DAY_MS), *accepts(young)])
    await ledger.apply([submitted(old, "1"), submitted(young, "2")])
    await ledger.apply([final(old, tell=True), final(young, tell=True)])
    assert await overdue(ledger, over) == (1, 1)
    assert await ledger.retention.forget_content(over, 10) == 1
    assert await ledger.retention.forget_records(over, 10) == 1
    assert await ledger.messages.find_many([old.id, young.id]) == [None, young]
    assert [each is None for each in await ledger.work.correlate([("stc", ("1",)), ("stc", ("2",))])] == [True, False]
    assert [each.message for each in await ledger.outbox.due(NOW, 10, ())] == [young.id]
    again = a_message()
    assert await ledger.apply([Accept(again, b"d" * 16, over + DAY_MS)]) == [again.id]
    assert await overdue(ledger, over - DAY_MS) == (1, 0)


async def test_a_forgotten_message_does_not_take_a_reused_id_with_it(ledger: Ledger) -> None:
    old, young = a_message(content_until_ms=NOW, record_until_ms=NOW), a_message()
    await ledger.apply(accepts(old, young))
    await ledger.apply([submitted(old, "1")])
    await ledger.apply([submitted(young, "1")])
    await ledger.retention.forget_records(NOW, 10)
    (found,) = await ledger.work.correlate([("stc", ("1",))])
    assert found is not None
    assert found.message.id == young.id


async def test_a_link_that_its_record_does_not_name_finds_nothing_any_more(ledger: Ledger) -> None:
    message = a_message(content_until_ms=NOW, record_until_ms=NOW)
    await ledger.apply(accepts(message))
    await ledger.apply([Change(message=copy(message), links=(Link("mobily", "late", 0),))])
    await ledger.retention.forget_records(NOW, 10)
    assert await ledger.retention.forget_leftovers(NOW, 10) == 1
    assert await ledger.work.correlate([("mobily", ("late",))]) == [None]


async def test_forgotten_work_is_not_due(ledger: Ledger) -> None:
    message = a_message(content_until_ms=NOW, record_until_ms=NOW)
    await ledger.apply(accepts(message))
    await ledger.retention.forget_records(NOW, 10)
    assert await ledger.work.lanes() == []
    assert not (await ledger.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=5)).messages
    assert not await ledger.messages.list_subject(7, [message.subject], 5)


@pytest.mark.policy("P-21")
async def test_a_record_past_its_clock_is_not_found_before_it_is_deleted(ledger: Ledger, clock: ManualClock) -> None:
    message = a_message(record_until_ms=NOW + 1_000)
    await ledger.apply(accepts(message))
    clock.advance(0.999)
    assert await ledger.messages.find(7, message.id) is not None
    clock.advance(0.001)
    assert await ledger.messages.find(7, message.id) is None
    assert not await ledger.messages.list_subject(7, [message.subject], 5)
    for status in (None, Status.ACCEPTED):
        assert not (await ledger.messages.list_messages(7, status=status, since_ms=None, cursor=None, limit=5)).messages


@pytest.mark.policy("P-23")
async def test_what_goes_was_counted_before(ledger: Ledger) -> None:
    first = ended(segments=3, private=None)
    second = ended(segments=2, country=44)
    third = ended(accepted_ms=NOW - DAY_MS, customer=8, message_class=MessageClass.OTP)
    await ledger.apply(accepts(first, second, ended(), third))
    await ledger.apply([final(first, drop_content=True)])
    while await ledger.retention.forget_records(NOW, 2):
        pass
    day = NOW // DAY_MS
    rows = await ledger.retention.traffic(0, 10)
    assert [
        (it.day, it.customer, it.country, it.message_class, it.status, it.messages, it.segments) for it in rows
    ] == [
        (day - 1, 8, 966, MessageClass.OTP, Status.ACCEPTED, 1, 1),
        (day, 7, 44, MessageClass.TRANSACTIONAL, Status.ACCEPTED, 1, 2),
        (day, 7, 966, MessageClass.TRANSACTIONAL, Status.ACCEPTED, 1, 1),
        (day, 7, 966, MessageClass.TRANSACTIONAL, Status.DELIVERED, 1, 3),
    ]
    assert await ledger.retention.traffic(day + 1, 10) == []
    assert [each.day for each in await ledger.retention.traffic(0, 1)] == [day - 1]


async def test_what_is_overdue_is_told_by_tag_with_its_lag_and_the_oldest_record(ledger: Ledger) -> None:
    late = a_message(tag=OTP, content_until_ms=NOW - 5_000, accepted_ms=NOW - 9_000)
    older = a_message(content=None, private=None, record_until_ms=NOW - 7_000)
    fresh = a_message()
    await ledger.apply(accepts(late, older, fresh))
    otp, transactional = await ledger.retention.overdue(NOW)
    assert otp == TagDue(tag=OTP, content=1, records=0, content_lag_ms=5_000, record_lag_ms=0, oldest_ms=NOW - 9_000)
    assert transactional == TagDue(
        tag=TRANSACTIONAL, content=0, records=1, content_lag_ms=0, record_lag_ms=7_000, oldest_ms=NOW
    )


async def test_digests_whose_time_is_over_are_left_over_and_the_others_stand(ledger: Ledger) -> None:
    kept = a_message()
    await ledger.apply([Accept(a_message(), b"a" * 16, NOW + 1), Accept(copy(kept), b"b" * 16, NOW + 2)])
    await ledger.apply([final(kept, tell=True)])
    assert await ledger.retention.forget_leftovers(NOW + 1, 10) == 1
    assert await ledger.retention.forget_leftovers(NOW + 1, 10) == 0
    again = a_message()
    assert await ledger.apply([Accept(again, b"a" * 16, NOW + 2)]) == [again.id]
    assert await ledger.apply([Accept(a_message(), b"b" * 16, NOW + 2)]) == [kept.id]
    assert [each.message for each in await ledger.outbox.due(NOW, 10, ())] == [kept.id]


@pytest.mark.parametrize("identifier", ['a"b', "a\\b", "\x1e", "ü/é", "{}", "0", "'"])
async def test_a_link_goes_with_its_record_whatever_the_operator_calls_it(ledger: Ledger, identifier: str) -> None:
    old, young = ended(segments=3), a_message()
    await ledger.apply(accepts(old, young))
    await ledger.apply([submitted(old, identifier, "", identifier + "2"), submitted(young, identifier + "3")])
    await ledger.retention.forget_records(NOW, 10)
    found = await ledger.work.correlate([("stc", (identifier + each,)) for each in ("", "2", "3")])
    assert [each is None for each in found] == [True, True, False]


async def test_a_checkpoint_changes_nothing_that_can_be_read(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.retention.checkpoint()
    assert await ledger.messages.find(7, message.id) == message


async def test_a_large_step_forgets_as_much_as_it_may_and_no_more(ledger: Ledger) -> None:
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW) for _ in range(150))))
    assert [await ledger.retention.forget_content(NOW, 100) for _ in range(3)] == [100, 50, 0]
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(150))))
    assert [await ledger.retention.forget_records(NOW, 100) for _ in range(3)] == [100, 50, 0]
    assert sum(each.messages for each in await ledger.retention.traffic(0, 10)) == 150
