"""Receipts that memory does not know: looked up, waited for, passed on."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.delivery.neighbours import Forwarded, Place
from gateway.delivery.receipts.uncorrelated import ENOUGH
from gateway.ledger.contract import LedgerUnavailable
from gateway.model.message import Status
from operators.base import DeliveryReceipt, ReceiptState
from tests.unit.gateway.delivery.receipts.submitting import DELIVERED, submitted
from tests.unit.gateway.road import LONG, running_road
from tests.unit.gateway.stage import until


async def test_a_receipt_after_a_restart_is_found_in_the_ledger(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road, text=LONG)
    async with running_road(tmp_path) as road:
        for number in ("1", "2", "3"):
            road.receipt(number, DELIVERED)
        await road.becomes(identifier, Status.DELIVERED)
        assert road.outcomes.counters.looked_up == 3


@pytest.mark.smpp("S-44")
async def test_the_best_of_several_candidates_is_taken(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        road.sort([DeliveryReceipt("loop", ("none", "1"), DELIVERED, None, None, "handle")])
        await road.becomes(identifier, Status.DELIVERED)


@pytest.mark.smpp("S-65")
async def test_a_receipt_that_overtakes_its_answer_waits_for_it(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send()
        await until(road.held_answers)
        answers = road.held_answers()
        road.held = None
        road.receipt("1", DELIVERED)
        await until(lambda: road.outcomes.counters.early)
        assert road.acknowledged() == []
        road.sort(answers)
        message = await road.becomes(identifier, Status.DELIVERED)
        await until(road.acknowledged)
        assert message.operator_ids == ("1",)
        assert message.submitted_ms is not None
        assert road.outcomes.waiting() == 0


@pytest.mark.smpp("S-65")
async def test_a_final_receipt_is_not_lost_to_a_second_early_one_for_the_same_segment(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send()
        await until(road.held_answers)
        answers = road.held_answers()
        road.held = None
        road.receipt("1", DELIVERED)
        road.receipt("1", ReceiptState.ENROUTE)
        await until(lambda: road.outcomes.counters.early == 2)
        road.sort(answers)
        await road.becomes(identifier, Status.DELIVERED)
        await until(lambda: len(road.acknowledged()) == 2)
        assert road.outcomes.waiting() == 0


@pytest.mark.smpp("S-65")
async def test_a_receipt_that_nobody_claims_is_acknowledged_after_its_time(tmp_path: Path) -> None:
    async with running_road(tmp_path, outcomes={"unclaimed_after_s": 0.04}) as road:
        road.receipt("stranger", DELIVERED)
        await until(lambda: road.outcomes.counters.early)
        assert road.acknowledged() == []
        road.clock.advance(1)
        await until(road.acknowledged)
        assert road.acknowledged() == [("stranger", True)]
        assert road.outcomes.counters.unclaimed == 1
        assert road.outcomes.waiting() == 0


@pytest.mark.smpp("S-65")
async def test_an_id_learned_after_the_receipt_was_given_up_disturbs_nobody(tmp_path: Path) -> None:
    async with running_road(tmp_path, outcomes={"unclaimed_after_s": 0.04}) as road:
        road.receipt("1", DELIVERED)
        await until(lambda: road.outcomes.counters.early)
        road.clock.advance(1)
        await until(road.acknowledged)
        identifier = await submitted(road)
        assert (await road.stored(identifier)).status is Status.SUBMITTED
        assert len(road.acknowledged()) == 1


@pytest.mark.smpp("S-65")
async def test_two_early_receipts_of_one_segment_are_both_acknowledged(tmp_path: Path) -> None:
    async with running_road(tmp_path, outcomes={"unclaimed_after_s": 0.04}) as road:
        road.hold()
        identifier = await road.send()
        await until(road.held_answers)
        answers, road.held = road.held_answers(), None
        road.receipt("1", ReceiptState.ENROUTE, handle="first")
        road.receipt("1", DELIVERED, handle="second")
        await until(lambda: road.outcomes.counters.early == 2)
        road.sort(answers)
        await road.becomes(identifier, Status.DELIVERED)
        road.clock.advance(1)
        await until(lambda: len(road.acknowledged()) == 2)


class Elsewhere:
    """Other nodes, one of which has every message once there is any. refuse: how often the way to them is closed."""

    are_there = True

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.message = b""
        self.left: list[DeliveryReceipt] = []
        self.batches: list[int] = []

    def works_on(self, message: bytes) -> bool:
        return False

    async def pass_on(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        if self.refuse:
            self.refuse -= 1
            raise LedgerUnavailable
        self.batches.append(len(receipts))
        if not self.message:
            return [Place.NOWHERE] * len(receipts)
        self.left.extend(receipts)
        return [Place.LEFT] * len(receipts)


async def test_a_receipt_for_another_nodes_message_is_left_there_and_then_acknowledged(tmp_path: Path) -> None:
    elsewhere = Elsewhere(refuse=1)
    async with running_road(tmp_path, neighbours=elsewhere) as road:
        identifier = elsewhere.message = await submitted(road)
        road.inflight.forget_where(lambda _: True)
        road.receipt("1", DELIVERED)
        await until(road.acknowledged)
        assert [receipt.handle for receipt in elsewhere.left] == ["1"]
        assert road.acknowledged() == [("1", True)]
        assert (await road.stored(identifier)).status is Status.SUBMITTED
        assert (road.outcomes.counters.forwarded, road.outcomes.waiting()) == (1, 0)


async def test_receipts_for_other_nodes_leave_together_and_many_at_once(tmp_path: Path) -> None:
    elsewhere = Elsewhere()
    elsewhere.message = bytes(16)
    async with running_road(tmp_path, neighbours=elsewhere) as road:
        for number in range(3):
            road.receipt(f"few{number}", DELIVERED)
        await until(lambda: len(road.acknowledged()) == 3)
        for number in range(ENOUGH):
            road.receipt(f"many{number}", DELIVERED)
        await until(lambda: len(road.acknowledged()) == 3 + ENOUGH)
        assert elsewhere.batches == [3, ENOUGH]


async def test_a_receipt_that_overtakes_another_nodes_answer_is_left_there_later(tmp_path: Path) -> None:
    elsewhere = Elsewhere()
    async with running_road(tmp_path, neighbours=elsewhere) as road:
        road.receipt("1", DELIVERED)
        await until(lambda: road.outcomes.counters.early == 1)
        assert road.acknowledged() == []
        elsewhere.message = bytes(16)
        road.clock.advance(1)
        await until(road.acknowledged)
        assert road.acknowledged() == [("1", True)]
        assert (road.outcomes.counters.forwarded, road.outcomes.waiting()) == (1, 0)


async def test_a_receipt_left_here_for_a_message_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        answered: list[bool] = []
        road.receipt("nobody's", DELIVERED, handle=Forwarded(answered.append))
        await until(lambda: answered == [True])
        assert (road.outcomes.counters.unclaimed, road.outcomes.waiting()) == (1, 0)


async def test_a_receipt_that_another_node_left_here_is_answered_to_it(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        answered: list[bool] = []
        road.receipt("1", DELIVERED, handle=Forwarded(answered.append))
        await road.becomes(identifier, Status.DELIVERED)
        await road.settled()
        assert answered == [True]
        assert road.acknowledged() == []
