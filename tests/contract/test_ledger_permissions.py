"""Consents and suppressions: found by token, replaced by what was said later, read from end to end and forgotten."""

from typing import Any

from msgspec.structs import replace

from gateway.ledger.permissions import (
    EVER_MS,
    Permission,
    PermissionKind,
    PermissionName,
    lift,
    prolong,
    put,
)
from gateway.ledger.roles import Ledger
from tests.contract.records import NOW

CONSENT, SUPPRESSION = PermissionKind.CONSENT, PermissionKind.SUPPRESSION
ALICE = PermissionName(CONSENT, 7, b"\x00\xffalice".ljust(16, b"\xfe"))
BOB = PermissionName(CONSENT, 7, b"bob".ljust(16))
STOPPED = PermissionName(SUPPRESSION, 7, b"\xff\x00alice!")


def a_row(name: PermissionName = ALICE, **fields: Any) -> Permission:
    base: dict[str, Any] = {
        "name": name,
        "word": "promotional",
        "stands_in_the_way": False,
        "changed_ms": NOW,
        "ends_ms": NOW + 1_000_000,
        "details": b"\x00\xff details",
    }
    return Permission(**(base | fields))


async def rows_of(ledger: Ledger, name: PermissionName) -> list[Permission]:
    ((*found,),) = await ledger.permissions.find([name])
    return [replace(each, number=0) for each in found]


async def test_rows_are_found_by_name_in_the_order_of_words_all_names_in_one_look(ledger: Ledger) -> None:
    rows = [a_row(word="promotional"), a_row(word="awareness"), a_row(word="promotional\0عروض")]
    other = a_row(BOB, ends_ms=0)
    elsewhere = a_row(replace(ALICE, customer=8))
    stopped = a_row(replace(STOPPED), word="all", stands_in_the_way=True, ends_ms=0, details=b"")
    written = [*rows, other, elsewhere, stopped]
    assert list(await ledger.permissions.change([put(each) for each in written])) == [True] * len(written)
    found = await ledger.permissions.find([BOB, ALICE, replace(BOB, customer=9), STOPPED])
    assert [[replace(each, number=0) for each in of_name] for of_name in found] == [
        [other],
        sorted(rows, key=lambda each: each.word),
        [],
        [stopped],
    ]
    numbers = [each.number for of_name in found for each in of_name]
    assert len(set(numbers)) == len(numbers)
    assert list(await ledger.permissions.find([])) == []


async def test_a_row_gives_way_to_what_was_said_later_and_a_refusal_wins_at_one_time(ledger: Ledger) -> None:
    change = ledger.permissions.change
    given = a_row()
    assert list(await change([put(given), put(given)])) == [True, False]
    withdrawn = a_row(stands_in_the_way=True, details=b"withdrawn")
    assert list(await change([put(withdrawn)])) == [True]
    assert list(await change([put(given), put(a_row(changed_ms=NOW - 1))])) == [False, False]
    assert await rows_of(ledger, ALICE) == [withdrawn]
    again = a_row(changed_ms=NOW + 1)
    assert list(await change([put(again)])) == [True]
    assert await rows_of(ledger, ALICE) == [again]


async def test_a_refusal_without_an_end_does_not_give_way_to_one_that_ends(ledger: Ledger) -> None:
    lasting = a_row(STOPPED, word="all", stands_in_the_way=True, ends_ms=0)
    soft = replace(lasting, changed_ms=NOW + 5, ends_ms=NOW + 10)
    assert list(await ledger.permissions.change([put(soft)])) == [True]
    longer = replace(soft, changed_ms=NOW + 6, ends_ms=NOW + 20)
    lasting = replace(lasting, changed_ms=NOW + 7)
    assert list(await ledger.permissions.change([put(longer), put(lasting)])) == [True, True]
    assert list(await ledger.permissions.change([put(replace(soft, changed_ms=NOW + 8))])) == [False]
    assert await rows_of(ledger, STOPPED) == [lasting]


async def test_what_was_said_before_a_time_is_lifted_and_what_was_used_ends_later(ledger: Ledger) -> None:
    stopped = a_row(STOPPED, word="all", stands_in_the_way=True, ends_ms=0)
    await ledger.permissions.change([put(stopped), put(a_row())])
    assert list(await ledger.permissions.change([lift(STOPPED, "all", NOW)])) == [False]
    assert list(await ledger.permissions.change([lift(STOPPED, "sender:X", EVER_MS)])) == [False]
    assert list(await ledger.permissions.change([lift(STOPPED, "all", NOW + 1)])) == [True]
    assert await rows_of(ledger, STOPPED) == []
    later = NOW + 9_000_000
    assert list(await ledger.permissions.change([prolong(a_row(), later), prolong(stopped, later)])) == [True, False]
    assert list(await ledger.permissions.change([prolong(a_row(), later - 1)])) == [False]
    assert await rows_of(ledger, ALICE) == [a_row(ends_ms=later)]


async def test_what_stands_in_the_way_is_read_by_number_from_where_one_was(ledger: Ledger) -> None:
    stopped = a_row(STOPPED, word="all", stands_in_the_way=True, ends_ms=0)
    withdrawn = a_row(stands_in_the_way=True)
    version = await ledger.acts.version()
    await ledger.permissions.change([put(stopped), put(a_row(BOB)), put(withdrawn)])
    assert await ledger.acts.version() > version
    found = await ledger.permissions.in_the_way(0, 10)
    assert [token for _, token in found] == [STOPPED.token, ALICE.token]
    assert list(await ledger.permissions.in_the_way(0, 1)) == [found[0]]
    assert list(await ledger.permissions.in_the_way(found[0][0], 10)) == [found[1]]
    assert list(await ledger.permissions.in_the_way(found[1][0], 10)) == []
    await ledger.permissions.change([put(a_row(changed_ms=NOW + 1)), lift(STOPPED, "all", EVER_MS)])
    assert list(await ledger.permissions.in_the_way(0, 10)) == []
    await ledger.permissions.change([put(stopped)])
    ((number, token),) = await ledger.permissions.in_the_way(found[1][0], 10)
    assert (number > found[1][0], token) == (True, STOPPED.token)
    version = await ledger.acts.version()
    await ledger.permissions.change([prolong(a_row(BOB), NOW * 2), put(a_row(BOB))])
    assert await ledger.acts.version() == version


async def test_a_reading_from_end_to_end_has_every_row_once(ledger: Ledger) -> None:
    rows = [
        a_row(PermissionName(kind, customer, bytes((place, number)) + bytes(14)[: 14 if kind is CONSENT else 6]))
        for kind in PermissionKind
        for customer in (1, 300)
        for place in (0, 128, 255)
        for number in range(5)
    ]
    await ledger.permissions.change([put(each) for each in rows])
    read: list[Permission] = []
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.permissions.page(cursor, 7)
        read += [replace(each, number=0) for each in page]
        if cursor is None:
            break
    assert sorted(read, key=repr_of) == sorted(rows, key=repr_of)


def repr_of(row: Permission) -> tuple[int, int, bytes, str]:
    return row.name.kind, row.name.customer, row.name.token, row.word


async def test_what_has_ended_is_forgotten_and_nothing_else(ledger: Ledger) -> None:
    over = [a_row(PermissionName(CONSENT, 7, bytes((number,)) * 16), ends_ms=NOW) for number in range(20)]
    soft = a_row(STOPPED, word="purpose:promotional", stands_in_the_way=True, ends_ms=NOW - 5)
    kept = [a_row(STOPPED, word="all", stands_in_the_way=True, ends_ms=0), a_row(ends_ms=NOW + 1), a_row(BOB)]
    await ledger.permissions.change([put(each) for each in (*over, soft, *kept)])
    await ledger.permissions.change([prolong(over[3], NOW + 50)])
    count = 0
    while ended := await ledger.permissions.forget_ended(NOW, 10):
        count += ended
    assert count == len(over)  # one was used meanwhile, and one was soft
    assert await rows_of(ledger, STOPPED) == [kept[0]]
    assert await rows_of(ledger, ALICE) == [kept[1]]
    assert await rows_of(ledger, over[3].name) == [replace(over[3], ends_ms=NOW + 50)]
    assert await ledger.permissions.forget_ended(NOW + 49, 10) == 1
    assert [token for _, token in await ledger.permissions.in_the_way(0, 10)] == [STOPPED.token]


async def test_entries_are_kept_with_a_change(ledger: Ledger) -> None:
    await ledger.permissions.change([put(a_row())], [b"an entry"])
    assert [each.octets for each in await ledger.acts.pending(5)] == [b"an entry"]
