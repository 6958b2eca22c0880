"""Sums of a batch: whichever way a message is counted, they are those of all uses."""

from collections import Counter
from copy import copy
from typing import Any

from gateway.ledger.contract import Accept, Change
from gateway.ledger.usage import HOUR_MS, Cell, Tally, uses_of
from gateway.model.gathering_lane import gathering_lane
from gateway.model.held_lane import held_lane
from gateway.model.message import Message, MessageClass, Status
from tests.contract.records import NOW, a_message, final

OTHERWISE: tuple[dict[str, Any], ...] = (
    {},
    {"segments": 3, "parts": bytes(3)},
    {"customer": 8},
    {"country": 971},
    {"message_class": MessageClass.OTP},
    {"accepted_ms": NOW + HOUR_MS},
    {"operator": "zain"},
    {"operator": held_lane(7, "stc")},
    {"operator": gathering_lane("stc")},
)


def operations() -> list[Accept | Change]:
    """Each kind twice in a row, and again after all others."""
    found: list[Accept | Change] = []
    for _ in range(2):
        for fields in OTHERWISE:
            message: Message = a_message(**fields)
            found += [Accept(copy(message)), Accept(copy(message)), Change(message=copy(message))]
            found += [final(message), final(message, Status.UNKNOWN), final(message, Status.UNKNOWN, over_unknown=True)]
            found += [final(message, over_unknown=True), final(message), final(message)]
    return found


def test_the_sums_of_a_batch_are_those_of_all_its_uses() -> None:
    tally = Tally()
    sums: dict[Cell, Counter[str]] = {}
    for op in operations():
        uses = tally.use(op)
        wanted = uses_of(op)
        assert [use[1:] for use in uses] == [(messages, segments) for _, messages, segments in wanted]
        assert [tally.cells[cell] for cell, _, _ in wanted] == [at for at, _, _ in uses]
        for cell, messages, segments in wanted:
            sums.setdefault(cell, Counter()).update(messages=messages, segments=segments)
    assert {cell: tuple(tally.sums[at]) for cell, at in tally.cells.items()} == {
        cell: (each["messages"], each["segments"]) for cell, each in sums.items()
    }
