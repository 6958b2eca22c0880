"""Usage: what was accepted and what became of it, by the hour, in the transaction of the messages."""

from copy import copy

import msgspec
import pytest

from gateway.ledger.contract import Accept, Used
from gateway.ledger.roles import Ledger
from gateway.ledger.usage import HOUR_MS, KEPT_HOURS
from gateway.model.message import MessageClass, Status
from tests.contract.records import DAY_MS, NOW, a_message, final, submitted

HOUR = NOW // HOUR_MS


async def cells(ledger: Ledger, customer: int = 7) -> dict[tuple[int, Status, str], tuple[int, int]]:
    """By hour, status and operator: messages and segments. Cells that have gone back to nothing are left out."""
    found = await ledger.usage.of_customer(customer, HOUR - 48, HOUR + 48)
    return {(u.hour, u.status, u.operator): (u.messages, u.segments) for u in found if u.messages or u.segments}


async def test_a_message_is_counted_when_it_is_accepted_and_when_it_ends(ledger: Ledger) -> None:
    messages = [a_message(segments=count) for count in (1, 1, 3)]
    await ledger.apply([Accept(each) for each in messages])
    assert await cells(ledger) == {(HOUR, Status.ACCEPTED, ""): (3, 5)}
    await ledger.apply([submitted(each, f"id-{n}") for n, each in enumerate(messages)])
    assert await cells(ledger) == {(HOUR, Status.ACCEPTED, ""): (3, 5)}
    await ledger.apply([final(messages[0]), final(messages[1], Status.UNDELIVERED), final(messages[2])])
    assert await cells(ledger) == {
        (HOUR, Status.ACCEPTED, ""): (3, 5),
        (HOUR, Status.DELIVERED, "stc"): (2, 4),
        (HOUR, Status.UNDELIVERED, "stc"): (1, 1),
    }


async def test_all_that_tells_cells_apart_does(ledger: Ledger) -> None:
    later = NOW + 2 * HOUR_MS
    messages = [
        a_message(),
        a_message(message_class=MessageClass.OTP),
        a_message(country=971),
        a_message(accepted_ms=later, due_ms=later),
        a_message(customer=8),
    ]
    await ledger.apply([Accept(each) for each in messages])
    assert list(await ledger.usage.customers()) == [7, 8]
    found = await ledger.usage.of_customer(7, HOUR, HOUR + 24)
    assert [(u.hour, u.message_class, u.country, u.messages) for u in found] == [
        (HOUR, MessageClass.OTP, 966, 1),
        (HOUR, MessageClass.TRANSACTIONAL, 966, 1),
        (HOUR, MessageClass.TRANSACTIONAL, 971, 1),
        (HOUR + 2, MessageClass.TRANSACTIONAL, 966, 1),
    ]
    assert [u.hour for u in await ledger.usage.of_customer(7, HOUR + 1, HOUR + 3)] == [HOUR + 2]
    assert await ledger.usage.of_customer(9, HOUR, HOUR + 24) == []


async def test_what_is_not_done_is_not_counted(ledger: Ledger) -> None:
    message = a_message()
    await ledger.apply([Accept(message, b"d" * 32, NOW + DAY_MS)])
    await ledger.apply([Accept(a_message(), b"d" * 32, NOW + DAY_MS), Accept(a_message(customer=8))])
    assert await cells(ledger) == {(HOUR, Status.ACCEPTED, ""): (1, 1)}
    await ledger.apply([submitted(message, "id-1")])
    late = copy(message)
    await ledger.apply([final(message)])
    await ledger.apply([final(late, Status.EXPIRED), final(a_message(), Status.FAILED)])
    assert await cells(ledger) == {(HOUR, Status.ACCEPTED, ""): (1, 1), (HOUR, Status.DELIVERED, "stc"): (1, 1)}


async def test_an_unknown_end_that_becomes_known_moves_to_its_cell(ledger: Ledger) -> None:
    message = a_message(segments=2)
    await ledger.apply([Accept(message)])
    await ledger.apply([submitted(message, "a", "b")])
    await ledger.apply([final(message, Status.UNKNOWN)])
    assert (await cells(ledger))[HOUR, Status.UNKNOWN, "stc"] == (1, 2)
    await ledger.apply([final(message, Status.UNKNOWN, over_unknown=True)])
    assert (await cells(ledger))[HOUR, Status.UNKNOWN, "stc"] == (1, 2)
    await ledger.apply([final(message, over_unknown=True)])
    assert await cells(ledger) == {(HOUR, Status.ACCEPTED, ""): (1, 2), (HOUR, Status.DELIVERED, "stc"): (1, 2)}


@pytest.mark.parametrize("lane", ["<stc", "~7~stc"])
async def test_lanes_that_are_no_operator_are_none_in_usage(ledger: Ledger, lane: str) -> None:
    message = a_message(operator=lane)
    await ledger.apply([Accept(message)])
    await ledger.apply([final(message, Status.EXPIRED)])
    assert {operator for _, _, operator in await cells(ledger)} <= {"", "stc", "<stc"}
    assert sum(count for (_, status, _), (count, _) in (await cells(ledger)).items() if status is Status.EXPIRED) == 1


async def test_usage_goes_after_thirteen_months(ledger: Ledger) -> None:
    used = Used(
        customer=7,
        hour=HOUR - KEPT_HOURS - 1,
        message_class=MessageClass.OTP,
        country=966,
        status=Status.DELIVERED,
        operator="stc",
        messages=1,
        segments=1,
    )
    await ledger.usage.add([used, msgspec.structs.replace(used, hour=HOUR - KEPT_HOURS + 24)])
    await ledger.retention.forget_leftovers(NOW, 100)
    kept = await ledger.usage.of_customer(7, HOUR - KEPT_HOURS - 2 * 24, HOUR)
    assert [each.hour for each in kept if each.hour >= HOUR - KEPT_HOURS] == [HOUR - KEPT_HOURS + 24]
