"""Receipts on their arrival: bounded, and none without an id."""

from pathlib import Path

import pytest

from operators.base import Accepted
from tests.unit.gateway.delivery.receipts.submitting import DELIVERED, submitted
from tests.unit.gateway.road import running_road


@pytest.mark.smpp("S-47")
async def test_more_receipts_than_can_wait_are_asked_for_again(tmp_path: Path) -> None:
    async with running_road(tmp_path, outcomes={"limit": 2}) as road:
        for number in range(3):
            road.receipt(f"stranger{number}", DELIVERED)
        assert road.acknowledged() == [("stranger2", False)]
        assert road.outcomes.counters.pushed_back == 1


async def test_an_answer_without_an_id_can_have_no_receipt_and_is_submitted_all_the_same(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": lambda *_: Accepted("")}) as road:
        await submitted(road)
        assert len(road.inflight) == 0
