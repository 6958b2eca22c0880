"""The last day of a key: written once, moved on with the days, and forgotten in time."""

import pytest

from gateway.accounts.key_uses import DAY_MS, KEPT_DAYS, KIND, KeyUses, last_days
from gateway.ledger.contract import DocumentWrite, LedgerUnavailable
from gateway.process.clock import ManualClock
from tests.unit.gateway.small_acts import SmallActs


async def test_a_day_is_written_once_for_a_key_and_is_another_one_tomorrow() -> None:
    acts, clock, used = SmallActs(), ManualClock(), {"aa", "bb"}
    uses = KeyUses(acts, clock, lambda: used)
    await uses.write()
    today, version = clock.now_ms() // DAY_MS, await acts.version()
    assert await last_days(acts) == {"aa": today, "bb": today}
    await uses.write()
    assert await acts.version() == version
    used.discard("bb")
    clock.advance(DAY_MS / 1000)
    await uses.write()
    assert await last_days(acts) == {"aa": today + 1, "bb": today}


async def test_what_was_not_written_is_the_next_time_and_what_is_old_is_forgotten() -> None:
    acts, clock, used = SmallActs(), ManualClock(), [{"aa"}, set[str](), set[str]()]
    uses = KeyUses(acts, clock, lambda: used.pop(0))
    await uses.write()
    clock.advance((KEPT_DAYS + 2) * DAY_MS / 1000)
    acts.broken = True
    with pytest.raises(LedgerUnavailable):
        await uses.write()
    acts.broken = False
    await KeyUses(acts, clock, set).write()
    assert await acts.of_kind(KIND) == []


@pytest.mark.parametrize("octets", [b"", b"\xc1", b"\xa1x", b"\xff", b"\xcf" + b"\xff" * 8])
async def test_a_day_that_is_none_is_left_out(octets: bytes) -> None:
    acts, clock = SmallActs(), ManualClock()
    await acts.act([DocumentWrite(KIND, "aa", octets)])
    await KeyUses(acts, clock, lambda: {"bb"}).write()
    assert await last_days(acts) == {"bb": clock.now_ms() // DAY_MS}
