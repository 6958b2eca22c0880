"""What is set of a customer who pays in advance."""

import json

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import ChangedMeanwhile, DocumentWrite
from gateway.limits.balance import KIND, MOST_MICRO, BalanceDesk, Terms, micro_of, top_up
from gateway.process.clock import ManualClock
from tests.unit.gateway.small_acts import SmallActs

CUSTOMER = "cus_0123456789abcdef"


class Spent:
    """What was spent is as it is said here."""

    async def spent(self, customer: int) -> int:
        return 30 if customer == 7 else 0


def desk(acts: SmallActs) -> BalanceDesk:
    return BalanceDesk(acts, Spent(), ManualClock(), COMMAND_LINE)  # type: ignore[arg-type]


async def test_a_top_up_is_one_write_with_its_entry_and_what_is_left_is_the_rest() -> None:
    acts = SmallActs()
    assert await desk(acts).show(7) is None
    first = await desk(acts).change(7, CUSTOMER, top_up(100))
    assert (first.terms.paid_micro, first.left_micro, first.terms.active) == (100, 70, True)
    second = await desk(acts).change(7, CUSTOMER, top_up(-40), read=first.version)
    assert second.left_micro == 30
    entries = [json.loads(each.octets) for each in await acts.pending(10)]
    assert [(each["act"], each["obj"], each["n"]) for each in entries] == [
        ("balance.set", CUSTOMER, {"version": 0, "margin": 0, "added": 100}),
        ("balance.set", CUSTOMER, {"version": first.version, "margin": 0, "taken": 40}),
    ]


async def test_over_a_version_that_does_not_stand_nothing_is_done() -> None:
    acts = SmallActs()
    await desk(acts).change(7, CUSTOMER, top_up(100), read=0)
    with pytest.raises(ChangedMeanwhile):
        await desk(acts).change(7, CUSTOMER, top_up(100), read=0)
    found = await desk(acts).show(7)
    assert found is not None
    assert found.terms.paid_micro == 100


async def test_a_document_that_cannot_be_read_lets_nothing_be_spent() -> None:
    acts = SmallActs()
    await acts.act([DocumentWrite(KIND, "7", b"\xc1")])
    found = await desk(acts).show(7)
    assert found is not None
    assert (found.terms.most_micro, found.terms.active) == (0, True)


def test_amounts_have_bounds() -> None:
    for wrong in (
        {"margin_micro": -1},
        {"margin_micro": MOST_MICRO + 1},
        {"paid_micro": MOST_MICRO + 1},
        {"warn_below_micro": (-1,)},
        {"warn_below_micro": tuple(range(9))},
    ):
        with pytest.raises(InvalidSetting):
            Terms(**wrong)
    assert micro_of(0.1) * 3 == micro_of(0.3)
