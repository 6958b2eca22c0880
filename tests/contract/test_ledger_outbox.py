"""The outbox: order per message, waiting, forgetting."""

from copy import copy

import pytest

from gateway.ledger.contract import EVENT_KEPT_MS, Accept, Change, Notify, TellLater, Told, WriteOp
from gateway.ledger.roles import Ledger
from gateway.model.message import OutboxEvent, Status, no_message
from tests.contract.conftest import Engine
from tests.contract.records import DAY_MS, DONE, NOT_DONE, NOW, a_message, a_notice, accepts, an_event, submitted
from tests.contract.spoiling import Spoiler


async def _three_events_of_two_messages(ledger: Ledger) -> list[OutboxEvent]:
    """Of messages A, B and A again, in this order."""
    first, second = a_message(), a_message()
    await ledger.apply(accepts(first, second))
    changes: list[WriteOp] = [
        Change(message=copy(message), event=an_event(message, at_ms=NOW + place))
        for place, message in enumerate((first, second, first))
    ]
    assert await ledger.apply(changes) == [DONE, DONE, DONE]
    first_of_each = list(await ledger.outbox.due(NOW, 10, ()))
    await ledger.apply([Told(first_of_each[0].seq + 1_000_000)])
    assert [each.message for each in first_of_each] == [first.id, second.id]
    return first_of_each


async def test_events_come_in_order_and_only_the_first_of_each_message(ledger: Ledger) -> None:
    a, b = await _three_events_of_two_messages(ledger)
    assert a.seq < b.seq
    assert await ledger.outbox.size() == 3


async def test_a_later_event_waits_for_the_first_of_its_message(ledger: Ledger) -> None:
    a, b = await _three_events_of_two_messages(ledger)
    assert await ledger.outbox.due(NOW, 10, {a.seq}) == [b]
    await ledger.apply([TellLater(a.seq, NOW + 1_000, 1)])
    assert await ledger.outbox.due(NOW, 10, ()) == [b]


async def test_the_next_event_comes_when_the_first_was_told(ledger: Ledger) -> None:
    a, b = await _three_events_of_two_messages(ledger)
    assert await ledger.apply([Told(a.seq)]) == [DONE]
    due = await ledger.outbox.due(NOW, 10, ())
    assert [each.message for each in due] == [b.message, a.message]
    assert due[1].at_ms == NOW + 2
    assert await ledger.outbox.size() == 2


async def test_a_delayed_event_comes_back_at_its_time(ledger: Ledger) -> None:
    a, _ = await _three_events_of_two_messages(ledger)
    assert await ledger.apply([TellLater(a.seq, NOW + 1_000, 4)]) == [DONE]
    assert a.seq not in {each.seq for each in await ledger.outbox.due(NOW + 999, 10, ())}
    due = await ledger.outbox.due(NOW + 1_000, 10, ())
    assert (due[0].seq, due[0].attempts, due[0].next_ms) == (a.seq, 4, NOW + 1_000)


async def test_the_ledger_writes_its_number_into_each_event_that_it_stores(ledger: Ledger) -> None:
    messages = [a_message() for _ in range(4)]
    ended = a_message(status=Status.CANCELLED, due_ms=None)
    await ledger.apply(accepts(*messages, ended))
    events = [an_event(message) for message in (*messages, ended)]
    changes: list[WriteOp] = [
        Change(message=copy(message), event=event) for message, event in zip((*messages, ended), events, strict=True)
    ]
    received = a_message(status=Status.RECEIVED, due_ms=None)
    events.append(an_event(received))
    assert await ledger.apply([*changes, Accept(received, event=events[-1])]) == [DONE] * 4 + [NOT_DONE, received.id]
    due = await ledger.outbox.due(NOW + 1_000_000, 10, ())
    assert [each.seq for each in due] == [each.seq for each in (*events[:4], events[5])]
    assert [each.message for each in due] == [each.id for each in (*messages, received)]
    assert list(due) == sorted(due, key=lambda each: each.seq)


async def test_no_more_events_than_asked_for(ledger: Ledger) -> None:
    await _three_events_of_two_messages(ledger)
    assert len(await ledger.outbox.due(NOW, 1, ())) == 1


async def test_nothing_is_due_before_its_time(ledger: Ledger) -> None:
    await _three_events_of_two_messages(ledger)
    assert not await ledger.outbox.due(NOW - 1, 10, ())


async def test_numbers_of_told_events_are_not_used_again(ledger: Ledger) -> None:
    a, b = await _three_events_of_two_messages(ledger)
    await ledger.apply([Told(a.seq), Told(b.seq)])
    (last,) = await ledger.outbox.due(NOW, 10, ())
    await ledger.apply([Told(last.seq)])
    assert await ledger.outbox.size() == 0
    fresh = await _three_events_of_two_messages(ledger)
    assert fresh[0].seq > last.seq


async def test_of_two_orders_about_one_event_told_wins(ledger: Ledger) -> None:
    a, _ = await _three_events_of_two_messages(ledger)
    await ledger.apply([TellLater(a.seq, NOW + 1, 1), Told(a.seq)])
    assert await ledger.outbox.size() == 2


async def test_each_esme_account_and_the_webhooks_have_an_outbox_of_their_own(ledger: Ledger) -> None:
    messages = [a_message() for _ in range(3)]
    await ledger.apply(accepts(*messages))
    changes: list[WriteOp] = [
        Change(message=copy(message), event=an_event(message, esme=esme))
        for message, esme in zip(messages, (0, 4, 5), strict=True)
    ]
    await ledger.apply(changes)
    for message, esme in zip(messages, (0, 4, 5), strict=True):
        (due,) = await ledger.outbox.due(NOW, 10, (), esme)
        assert (due.message, due.esme) == (message.id, esme)
        assert await ledger.outbox.size(esme) == 1


async def test_an_event_may_come_with_a_new_message_in_one_transaction(ledger: Ledger) -> None:
    message = a_message(status=Status.RECEIVED, due_ms=None)
    await ledger.apply([Accept(message, b"digest", NOW + 1_000, event=an_event(message))])
    assert [each.message for each in await ledger.outbox.due(NOW + 1_000_000, 10, ())] == [message.id]
    assert await ledger.messages.find(message.customer, message.id) == message
    again = a_message(status=Status.RECEIVED, due_ms=None)
    assert await ledger.apply([Accept(again, b"digest", NOW + 1_000, event=an_event(again))]) == [message.id]
    assert await ledger.outbox.size() == 1


# ----------------------------------------------------------------------------------------------------- of other kinds


async def test_an_event_about_no_message_comes_back_as_it_was(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    notice = a_notice(kind="audit.checkpoint", data=b'{"size":41,"root":"7f"}')
    assert await ledger.apply([Notify(notice)]) == [DONE]
    assert notice.seq > 0
    assert await ledger.outbox.due(NOW, 10, ()) == [notice]
    assert await ledger.outbox.size() == 1
    assert await ledger.apply([Told(notice.seq)]) == [DONE]
    assert await ledger.outbox.size() == 0


async def test_events_of_all_kinds_are_numbered_in_the_order_of_their_batch(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    message = a_message(id=bytes((1, *bytes(7), 7)).ljust(16, b"\x07"))  # in the partition of its customer's notices
    first, second = a_notice(), a_notice()
    status = an_event(message)
    changed = Change(message=copy(message), event=status)
    assert await ledger.apply([*accepts(message), Notify(first), changed, Notify(second)]) == [message.id, *[DONE] * 3]
    assert first.seq < status.seq < second.seq
    assert await ledger.outbox.due(NOW, 10, ()) == [first, status]
    await ledger.apply([Told(first.seq)])
    assert await ledger.outbox.due(NOW, 10, ()) == [status, second]


async def test_events_about_no_message_are_in_order_for_each_customer(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    first, second, other = a_notice(), a_notice(), a_notice(customer=8)
    for each in (first, second, other):
        await ledger.apply([Notify(each)])
    assert set(map(seq_of, await ledger.outbox.due(NOW, 10, ()))) == {first.seq, other.seq}
    await ledger.apply([TellLater(first.seq, NOW + 1_000, 3)])
    assert await ledger.outbox.due(NOW, 10, ()) == [other]
    (again,) = await ledger.outbox.due(NOW + 1_000, 10, {other.seq})
    assert (again.seq, again.kind, again.data, again.attempts) == (first.seq, first.kind, first.data, 3)
    await ledger.apply([Told(first.seq), Told(other.seq)])
    (last,) = await ledger.outbox.due(NOW + 1_000, 10, ())
    assert (last.seq, last.data) == (second.seq, second.data)


def seq_of(event: OutboxEvent) -> int:
    return event.seq


async def test_an_event_of_another_kind_may_be_about_a_message_and_goes_with_it(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    message = a_message(record_until_ms=NOW + 5, content_until_ms=NOW + 5)
    await ledger.apply(accepts(message))
    status, later = an_event(message), a_notice(message=message.id)
    await ledger.apply([Change(message=copy(message), event=status), Notify(later)])
    assert await ledger.outbox.due(NOW, 10, ()) == [status]
    await ledger.apply([Told(status.seq)])
    assert await ledger.outbox.due(NOW, 10, ()) == [later]
    assert await ledger.retention.forget_records(NOW + 5, 10) == 1
    assert await ledger.outbox.size() == 0


async def test_an_event_about_no_message_is_kept_until_it_is_old(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    old, young, about = a_notice(at_ms=NOW), a_notice(at_ms=NOW + 1), a_message(record_until_ms=NOW + 90 * DAY_MS)
    await ledger.apply([Notify(old), Notify(young), *accepts(about), submitted(about)])
    await ledger.apply([Change(message=copy(about), event=an_event(about, next_ms=NOW + 90 * DAY_MS))])
    await ledger.apply([TellLater(old.seq, NOW + 80 * DAY_MS, 1)])
    assert await ledger.retention.forget_leftovers(NOW + EVENT_KEPT_MS - 1, 100) == 0
    assert await ledger.retention.forget_leftovers(NOW + EVENT_KEPT_MS, 100) == 1
    assert [each.seq for each in await ledger.outbox.due(NOW + 80 * DAY_MS, 10, ())] == [young.seq]
    assert await ledger.outbox.size() == 2


async def test_a_format_that_knows_no_other_kinds_takes_none(ledger: Ledger) -> None:
    notice, is_old = a_notice(), (await ledger.formats.state()).written == 1
    assert await ledger.apply([Notify(notice)]) == [NOT_DONE if is_old else DONE]
    assert await ledger.outbox.size() == (0 if is_old else 1)


async def test_events_of_all_kinds_are_exported(ledger: Ledger) -> None:
    await ledger.formats.raise_to_newest()
    notice = a_notice()
    await ledger.apply([Notify(notice)])
    found: list[OutboxEvent] = []
    cursor = None
    while True:
        page, cursor = await ledger.copies.events(cursor, 10)
        found += page
        if cursor is None:
            break
    assert found == [notice]
    assert notice.message == no_message(notice.customer)


# ------------------------------------------------------------------------------------------------------- put off


@pytest.mark.case("faults-5")
async def test_what_follows_an_event_that_was_put_off_comes_after_it_and_not_before(ledger: Ledger) -> None:
    a, b = await _three_events_of_two_messages(ledger)
    await ledger.apply([TellLater(a.seq, NOW + 1_000, 1)])
    assert await ledger.outbox.due(NOW + 999, 10, ()) == [b]
    (again, _) = await ledger.outbox.due(NOW + 1_000, 10, ())
    assert again.seq == a.seq
    await ledger.apply([Told(a.seq), Told(b.seq)])
    (follower,) = await ledger.outbox.due(NOW + 1_000, 10, ())
    assert (follower.message, follower.attempts) == (a.message, 0)


@pytest.mark.case("faults-5")
async def test_all_that_was_put_off_comes_in_the_end_however_few_are_asked_for(ledger: Ledger) -> None:
    messages = [a_message() for _ in range(30)]
    await ledger.apply(accepts(*messages))
    await ledger.apply([Change(message=copy(message), event=an_event(message, at_ms=NOW)) for message in messages])
    events = await ledger.outbox.due(NOW, 100, ())
    assert len(events) == 30
    await ledger.apply([TellLater(each.seq, NOW + 1_000 - each.seq % 7, 1) for each in events[:20]])
    known: set[int] = set()
    while due := await ledger.outbox.due(NOW + 1_000, 4, known):
        assert [each.seq for each in due] == sorted({each.seq for each in due} - known)
        known |= {each.seq for each in due}
    assert known == {each.seq for each in events}


@pytest.mark.case("faults-14")
async def test_what_was_put_off_for_a_customer_can_be_listed(ledger: Ledger) -> None:
    messages = [a_message(customer=customer) for customer in (7, 7, 8, 7)]
    await ledger.apply(accepts(*messages))
    await ledger.apply([Change(message=copy(message), event=an_event(message, at_ms=NOW)) for message in messages])
    first, second, other, fresh = await ledger.outbox.due(NOW, 100, ())
    await ledger.apply([TellLater(each.seq, NOW + 1_000, 2) for each in (first, second, other)])
    outbox = ledger.outbox
    assert {each.seq for each in await outbox.put_off({7}, NOW, 100)} == {first.seq, second.seq}
    assert {each.seq for each in await outbox.put_off({7, 8, 9}, NOW, 100)} == {first.seq, second.seq, other.seq}
    assert len(await outbox.put_off({7}, NOW, 1)) == 1
    assert [each.seq for each in await outbox.put_off({7}, NOW, 9, {first.seq})] == [second.seq]
    assert not await outbox.put_off({7}, NOW + 1_000, 100)
    assert fresh.seq in {each.seq for each in await outbox.due(NOW, 100, ())}


# ---------------------------------------------------------------------------------------------------- unreadable

SPOILT = {
    "no status has its code": ("status", 99),
    "a time that is a word": ("at_ms", "yesterday"),
    "a message that is a number": ("message", 17),
    "a kind that is no text": ("kind", b"\xff\xfe"),
    "data that are a number": ("data", 17),
    "a customer that is a word": ("customer", "seven"),
}


@pytest.mark.case("faults-5")
@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=list(SPOILT))
async def test_an_event_that_cannot_be_read_costs_itself_only(engine: Engine, spoilt: tuple[str, object]) -> None:
    ledger = await engine.open()
    first, second = a_message(), a_message()
    await ledger.apply(accepts(first, second))
    await ledger.apply([Change(message=copy(each), event=an_event(each)) for each in (first, second)])
    (one, _) = await ledger.outbox.due(NOW, 10, ())
    Spoiler(engine.name, engine.place).spoil_event(one.seq, *spoilt)
    for _ in range(2):
        assert [each.message for each in await ledger.outbox.due(NOW, 10, ())] == [second.id]
    assert len(ledger.outbox.unreadable) == 1
