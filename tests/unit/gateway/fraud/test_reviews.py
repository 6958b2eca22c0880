"""Decisions on what controls against abuse hold go with their customer."""

from pathlib import Path

import msgspec

from gateway.fraud.reviews import KIND, Decision, forget_reviews
from gateway.ledger.contract import DocumentWrite
from gateway.model.fraud_controls import REVIEWED
from tests.unit.gateway.fraud.traffic import SHOP
from tests.unit.gateway.road import running_road


async def test_decisions_of_a_customer_that_leaves_are_gone_and_no_others(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        acts, decision = road.ledger.acts, msgspec.msgpack.encode(Decision(at_ms=1, releases=True))
        for customer in (SHOP, SHOP * 10):
            for control in REVIEWED.values():
                await acts.act([DocumentWrite(KIND, f"{customer}/{control}", decision)])
        await forget_reviews(acts, SHOP)
        left = {each.key for each in await acts.of_kind(KIND)}
        assert left == {f"{SHOP * 10}/{control}" for control in REVIEWED.values()}
        await forget_reviews(acts, SHOP)
