"""Messages are found and listed: by id, page by page, by status and time, and by person."""

import pytest

from gateway.ledger.roles import Ledger
from gateway.model.message import Message, Status, message_id
from redaction.sealed import Pseudonym, Sealed
from tests.contract.records import DAY_MS, NOW, a_message, accepts, identifier, submitted


@pytest.mark.policy("P-15")
@pytest.mark.policy("P-25")
async def test_somebody_elses_message_looks_unknown(ledger: Ledger) -> None:
    message = a_message(customer=8)
    await ledger.apply(accepts(message))
    assert await ledger.messages.find(7, message.id) is None
    assert await ledger.messages.find(7, b"\0" * 16) is None


async def test_find_many_answers_in_the_order_asked(ledger: Ledger) -> None:
    first, second = a_message(customer=7), a_message(customer=8)
    await ledger.apply(accepts(first, second))
    asked = [second.id, b"\0" * 16, first.id, second.id]
    assert await ledger.messages.find_many(asked) == [second, None, first, second]


async def _pages(ledger: Ledger, limit: int, **wanted: object) -> list[list[Message]]:
    pages: list[list[Message]] = []
    cursor: bytes | None = None
    while True:
        asked = {"status": None, "since_ms": None} | wanted
        page = await ledger.messages.list_messages(7, cursor=cursor, limit=limit, **asked)  # type: ignore[arg-type]
        pages.append(list(page.messages))
        cursor = page.cursor
        if cursor is None:
            return pages


async def test_a_list_pages_newest_first_and_loses_none_of_one_millisecond(ledger: Ledger) -> None:
    messages = [a_message(id=identifier(number)) for number in range(25)]
    await ledger.apply(accepts(*messages, a_message(customer=8)))
    pages = await _pages(ledger, 10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [each.id for page in pages for each in page] == [each.id for each in reversed(messages)]


async def test_a_page_that_is_just_full_is_the_last(ledger: Ledger) -> None:
    await ledger.apply(accepts(*(a_message() for _ in range(10))))
    assert [len(page) for page in await _pages(ledger, 10)] == [10]


async def test_what_comes_during_paging_does_not_shift_the_pages(ledger: Ledger) -> None:
    messages = [a_message(id=identifier(number)) for number in range(10)]
    await ledger.apply(accepts(*messages))
    first = await ledger.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=5)
    await ledger.apply(accepts(*(a_message(id=identifier(number)) for number in range(10, 15))))
    second = await ledger.messages.list_messages(7, status=None, since_ms=None, cursor=first.cursor, limit=5)
    assert [each.id for each in (*first.messages, *second.messages)] == [each.id for each in reversed(messages)]


async def test_a_list_can_be_narrowed_by_status_and_time(ledger: Ledger) -> None:
    old = [a_message(id=identifier(number, NOW - 1)) for number in range(3)]
    new = [a_message(id=identifier(number, NOW)) for number in range(6)]
    await ledger.apply(accepts(*old, *new))
    await ledger.apply([submitted(each, "x") for each in (*old, *new[::2])])
    found = await _pages(ledger, 2, status=Status.SUBMITTED, since_ms=NOW)
    assert [each.id for page in found for each in page] == [new[4].id, new[2].id, new[0].id]
    assert sum(len(page) for page in await _pages(ledger, 4, since_ms=NOW - 1)) == 9


async def test_a_list_is_in_order_whatever_the_order_of_storing(ledger: Ledger) -> None:
    ages = [0, 1, 1_000, 60_000, *(day * DAY_MS + day for day in range(5, 85, 5))]
    messages = [a_message(id=message_id(NOW - age, n * 97, bytes((n,)) * 8)) for age in ages for n in range(12)]
    messages.sort(key=lambda each: each.id)
    stored = messages[::3] + messages[2::3][::-1] + messages[1::3]
    for start in range(0, len(stored), 50):
        await ledger.apply(accepts(*stored[start : start + 50]))
    newest_first = [each.id for each in reversed(messages)]
    for limit in (7, 100):
        assert [each.id for page in await _pages(ledger, limit) for each in page] == newest_first
    since = NOW - 20 * DAY_MS
    wanted = [each for each in newest_first if int.from_bytes(each[:6]) >= since]
    assert [each.id for page in await _pages(ledger, 50, since_ms=since) for each in page] == wanted


async def test_a_list_has_messages_of_every_moment(ledger: Ledger) -> None:
    """Octets of times that mean something in a pattern, near one another and far apart."""
    odd = b"*?[]^-\\\0"
    start = NOW >> 24
    times = [int.from_bytes(bytes((a, b, c))) + (start << 24) for a in odd[:3] for b in odd for c in odd]
    messages = [a_message(id=identifier(number, at_ms)) for number, at_ms in enumerate(times)]
    others = [a_message(id=identifier(number + 1_000, at_ms + 1), customer=8) for number, at_ms in enumerate(times)]
    for start in range(0, len(times), 40):
        await ledger.apply(accepts(*messages[start : start + 40], *others[start : start + 40]))
    newest_first = sorted((each.id for each in messages), reverse=True)
    for limit in (1, 3, 10, 100):
        assert [each.id for page in await _pages(ledger, limit) for each in page] == newest_first


async def test_a_list_goes_on_behind_what_was_forgotten(ledger: Ledger) -> None:
    kept = [a_message(id=identifier(number)) for number in range(0, 600, 30)]
    gone = [
        a_message(id=identifier(number), record_until_ms=NOW - 1, content=None, private=None)
        for number in range(600)
        if number % 30
    ]
    await ledger.apply(accepts(*kept, *gone))
    assert [each.id for page in await _pages(ledger, 6) for each in page] == [each.id for each in reversed(kept)]
    while await ledger.retention.forget_records(NOW, 100):
        pass
    assert [each.id for page in await _pages(ledger, 6) for each in page] == [each.id for each in reversed(kept)]


async def test_a_burst_of_one_moment_is_listed_whole(ledger: Ledger) -> None:
    burst = [a_message(id=message_id(NOW, number, b"\x07" + number.to_bytes(7))) for number in range(2_500)]
    others = [a_message(id=message_id(NOW, number, b"\x07" * 8), customer=8) for number in range(0, 2_500, 50)]
    await ledger.apply(accepts(*burst, *others))
    pages = await _pages(ledger, 200)
    assert [each.id for page in pages for each in page] == [each.id for each in reversed(burst)]
    theirs = await ledger.messages.list_messages(8, status=None, since_ms=None, cursor=None, limit=100)
    assert [each.id for each in theirs.messages] == [each.id for each in reversed(others)]


async def test_a_rare_status_among_many_messages_is_found_all_the_same(ledger: Ledger) -> None:
    messages = [a_message(id=identifier(number), content=Sealed(b"x")) for number in range(4_500)]
    rare = [messages[3], messages[4_000]]
    await ledger.apply(accepts(*messages))
    await ledger.apply([submitted(each, "x") for each in rare])
    found = await _pages(ledger, 1, status=Status.SUBMITTED)
    assert [each.id for page in found for each in page] == [rare[1].id, rare[0].id]


@pytest.mark.policy("P-32")
async def test_a_subject_is_found_under_every_pseudonym_and_for_its_customer_only(ledger: Ledger) -> None:
    old, new = a_message(), a_message()
    foreign, other = a_message(customer=8, subject=new.subject), a_message()
    await ledger.apply(accepts(old, new, foreign, other))
    found = await ledger.messages.list_subject(7, [old.subject, new.subject], 10)
    assert {each.id for each in found} == {old.id, new.id}
    assert len(await ledger.messages.list_subject(7, [old.subject, new.subject], 1)) == 1
    assert not await ledger.messages.list_subject(7, [], 10)


async def test_a_subject_is_found_among_thousands_of_pseudonyms_newest_first(ledger: Ledger) -> None:
    """As many as there are epochs in the life of a record."""
    names = [Pseudonym(b"person" + number.to_bytes(10, "big")) for number in range(4_000)]
    theirs = [a_message(subject=names[each]) for each in (3_999, 0, 2_000)]
    others = [a_message() for _ in range(3)]
    await ledger.apply(accepts(*theirs, *others))
    found = await ledger.messages.list_subject(7, names, 10)
    assert [each.id for each in found] == sorted((each.id for each in theirs), reverse=True)
