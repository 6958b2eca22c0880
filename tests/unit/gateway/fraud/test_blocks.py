"""Blocks as documents of a ledger, and letting one go."""

from pathlib import Path

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import read_entry
from gateway.fraud.blocks import Blocks, UnknownBlock, blocks, release
from gateway.fraud.prefixes import FEWEST, SPARED_MS
from gateway.fraud.sentry import Sentry
from gateway.model.fraud_controls import Control, FraudMode
from tests.unit.gateway.fraud.traffic import SHOP, a_key, a_submission
from tests.unit.gateway.road import running_road

KEY = a_key(SHOP, FraudMode.ENFORCE)
CUSTOMER = "cus_0123456789abcdef"


def send(sentry: Sentry, at: int, now_ms: int) -> list[str]:
    submission = a_submission(f"96655123{at:04d}", text=f"code {at}")
    found = sentry.look(KEY, submission, now_ms)
    sentry.note(KEY, submission, now_ms, found)
    return [each.rule for each in found]


async def test_a_block_is_seen_let_go_and_does_not_come_back_for_a_day(tmp_path: Path) -> None:
    sentry = Sentry()
    async with running_road(tmp_path) as road:
        acts, now_ms = road.ledger.acts, road.clock.now_ms()
        keeper = Blocks(sentry.tallies.prefixes, acts, road.clock)
        said = [send(sentry, at, now_ms) for at in range(FEWEST + 5)]
        assert said[-1] == [Control.RANGE_BURST]
        await keeper.look()
        ((key, block),) = await blocks(acts, now_ms)
        assert (block.customer, block.range, block.numbers, block.watched) == (SHOP, "9665512", FEWEST + 1, False)
        assert send(sentry, 30, now_ms) == [Control.RANGE_BURST]
        await release(acts, road.clock, COMMAND_LINE, key, CUSTOMER)
        await keeper.look()
        assert send(sentry, 31, now_ms) == []
        assert await blocks(acts, now_ms) == []
        (entry,) = [read_entry(each.octets) for each in await acts.pending(10)]
        assert (entry["act"], entry["obj"], entry["customer"]) == ("fraud.release", key, CUSTOMER)
        with pytest.raises(UnknownBlock):
            await release(acts, road.clock, COMMAND_LINE, key, CUSTOMER)
        again = [send(sentry, at, now_ms + SPARED_MS) for at in range(100, 100 + 2 * FEWEST)]
        assert again[-1] == [Control.RANGE_BURST]


async def test_a_block_that_is_over_leaves_no_document(tmp_path: Path) -> None:
    sentry = Sentry()
    async with running_road(tmp_path) as road:
        acts, now_ms = road.ledger.acts, road.clock.now_ms()
        keeper = Blocks(sentry.tallies.prefixes, acts, road.clock)
        for at in range(FEWEST + 5):
            send(sentry, at, now_ms)
        await keeper.look()
        ((key, block),) = await blocks(acts, now_ms)
        road.clock.advance((block.until_ms - now_ms) / 1000)
        with pytest.raises(UnknownBlock):
            await release(acts, road.clock, COMMAND_LINE, key, CUSTOMER)
        await keeper.look()
        assert await acts.of_kind("fraud_block") == []
