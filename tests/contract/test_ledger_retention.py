"""Forgetting: content first, records later, and all that hangs on them."""

from copy import copy

import pytest

from gateway.ledger.base import Accept, Change, Ledger
from gateway.message import Link
from tests.contract.records import DAY_MS, NOW, a_message, accepts, final, submitted


@pytest.mark.policy("P-21")
async def test_content_is_forgotten_when_its_time_has_come(ledger: Ledger) -> None:
    due, later = a_message(content_until_ms=NOW), a_message(content_until_ms=NOW + 1)
    await ledger.apply(accepts(due, later))
    assert await ledger.retention_due(NOW) == (1, 0)
    assert await ledger.forget_content(NOW, 10) == 1
    found = await ledger.find_many([due.id, later.id])
    assert [each and (each.content, each.private) for each in found] == [
        (None, None),
        (later.content, later.private),
    ]
    assert await ledger.retention_due(NOW) == (0, 0)
    assert await ledger.forget_content(NOW, 10) == 0


@pytest.mark.policy("P-21")
async def test_the_private_field_is_forgotten_after_the_content_was_dropped(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message, drop_content=True)])
    assert await ledger.retention_due(NOW + DAY_MS) == (1, 0)
    assert await ledger.forget_content(NOW + DAY_MS, 10) == 1
    found = await ledger.find(7, message.id)
    assert found is not None
    assert found.private is None


async def test_no_more_is_forgotten_at_once_than_asked_for(ledger: Ledger) -> None:
    await ledger.apply(accepts(*(a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(5))))
    assert [await ledger.forget_content(NOW, 3) for _ in range(3)] == [3, 2, 0]
    assert [await ledger.forget_records(NOW, 3) for _ in range(3)] == [3, 2, 0]


async def test_an_end_that_comes_early_brings_the_forgetting_forward(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.apply([final(message)])
    assert message.content_until_ms == NOW + DAY_MS
    assert await ledger.forget_content(NOW + DAY_MS - 1, 10) == 0
    assert await ledger.forget_content(NOW + DAY_MS, 10) == 1


@pytest.mark.policy("P-23")
async def test_a_record_goes_with_all_that_hangs_on_it(ledger: Ledger) -> None:
    over = NOW + 4 * DAY_MS
    old, young = a_message(record_until_ms=over), a_message(content=None, private=None)
    await ledger.apply([Accept(copy(old), b"d" * 16, over + DAY_MS), *accepts(young)])
    await ledger.apply([submitted(old, "1"), submitted(young, "2")])
    await ledger.apply([final(old, tell=True), final(young, tell=True)])
    assert await ledger.retention_due(over) == (1, 1)
    assert await ledger.forget_content(over, 10) == 1
    assert await ledger.forget_records(over, 10) == 1
    assert await ledger.find_many([old.id, young.id]) == [None, young]
    assert [each is None for each in await ledger.correlate([("stc", ("1",)), ("stc", ("2",))])] == [True, False]
    assert [each.message for each in await ledger.outbox_due(NOW, 10, ())] == [young.id]
    again = a_message()
    assert await ledger.apply([Accept(again, b"d" * 16, over + DAY_MS)]) == [again.id]
    assert await ledger.retention_due(over - DAY_MS) == (1, 0)


async def test_a_forgotten_message_does_not_take_a_reused_id_with_it(ledger: Ledger) -> None:
    old, young = a_message(content_until_ms=NOW, record_until_ms=NOW), a_message()
    await ledger.apply(accepts(old, young))
    await ledger.apply([submitted(old, "1")])
    await ledger.apply([submitted(young, "1")])
    await ledger.forget_records(NOW, 10)
    (found,) = await ledger.correlate([("stc", ("1",))])
    assert found is not None
    assert found.message.id == young.id


async def test_a_link_that_its_record_does_not_name_finds_nothing_any_more(ledger: Ledger) -> None:
    message = a_message(content_until_ms=NOW, record_until_ms=NOW)
    await ledger.apply(accepts(message))
    await ledger.apply([Change(message=copy(message), links=(Link("mobily", "late", 0),))])
    await ledger.forget_records(NOW, 10)
    assert await ledger.correlate([("mobily", ("late",))]) == [None]


async def test_forgotten_work_is_not_due(ledger: Ledger) -> None:
    message = a_message(content_until_ms=NOW, record_until_ms=NOW)
    await ledger.apply(accepts(message))
    await ledger.forget_records(NOW, 10)
    assert await ledger.lanes() == []
    assert not (await ledger.list_messages(7, status=None, since_ms=None, cursor=None, limit=5)).messages
    assert not await ledger.list_subject(7, [message.subject], 5)


async def test_a_checkpoint_changes_nothing_that_can_be_read(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply(accepts(message))
    await ledger.checkpoint()
    assert await ledger.find(7, message.id) == message
