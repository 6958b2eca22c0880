"""Decisions on what controls against abuse hold go with their customer."""

from pathlib import Path

import msgspec

from gateway.fraud.reviews import KIND, Reviews, Stored, forget_reviews
from gateway.ledger.contract import DocumentWrite
from gateway.model.fraud_controls import REVIEWED
from tests.unit.gateway.fraud.traffic import SHOP
from tests.unit.gateway.road import running_road


async def test_decisions_of_a_customer_that_leaves_are_gone_and_no_others(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        acts, decision = road.ledger.acts, msgspec.msgpack.encode(Stored(at_ms=1, releases=True))
        for customer in (SHOP, SHOP * 10):
            for control in REVIEWED.values():
                await acts.act([DocumentWrite(KIND, f"{customer}/{control}", decision)])
        await forget_reviews(acts, SHOP)
        left = {each.key for each in await acts.of_kind(KIND)}
        assert left == {f"{SHOP * 10}/{control}" for control in REVIEWED.values()}
        await forget_reviews(acts, SHOP)


async def test_a_decision_has_the_version_of_its_document_and_an_unreadable_one_is_none(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        acts, reviews = road.ledger.acts, Reviews(road.ledger.acts)
        (control, other) = [*REVIEWED.values()][:2]
        decision = msgspec.msgpack.encode({"at_ms": 7, "releases": True, "version": 0})  # as they once were stored
        await acts.act(
            [DocumentWrite(KIND, f"{SHOP}/{control}", decision), DocumentWrite(KIND, f"{SHOP}/{other}", b"")]
        )
        await reviews.look()
        found = reviews.decided(SHOP, control)
        assert found is not None
        assert (found.at_ms, found.releases, found.version) == (7, True, await acts.version())
        assert reviews.decided(SHOP, other) is None
