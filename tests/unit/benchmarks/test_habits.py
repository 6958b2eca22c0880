"""What an operator of a run is like."""

from pathlib import Path

import pytest

from benchmarks.habits import HABITS, faults_of, habit_of
from benchmarks.messages import SENDER, number_of
from benchmarks.smsc import Stamps
from operators.base import ReceiptState
from operators.simulator import Faults, Receipt
from operators.smpp import status as st
from operators.smpp.pdu import SubmitSm, SubmitSmResp

TEXT = b"Your order has been shipped and arrives on Thursday. Thank you for shopping with us."
SUBMIT = SubmitSm(source_addr=SENDER, destination_addr=number_of(0), registered_delivery=1, short_message=TEXT)


def test_habits_become_faults_of_the_simulator() -> None:
    assert faults_of({}) == Faults()
    assert faults_of({"throttle": 0.1, "answer-delay": 20.0, "throttle-above": 50.0}) == Faults(
        throttle_rate=0.1, answer_delay_s=0.02, throttle_above_per_s=50
    )


def test_an_uneven_operator_answers_most_at_once_and_some_late() -> None:
    assert faults_of({"uneven": 2.0}).answers == ((0.8, 0.02), (0.15, 0.2), (0.05, 2.0))


def test_messages_without_an_answer_are_counted_over_time() -> None:
    stamps = Stamps("plain")
    assert stamps.held_s() == 0
    stamps.submitted(SUBMIT)
    first = stamps.held_s()
    assert stamps.held_s() > first
    stamps.left()
    last = stamps.held_s()
    assert stamps.held_s() == last > first


@pytest.mark.parametrize("name", HABITS)
def test_every_habit_is_one_of_the_simulator(name: str) -> None:
    assert habit_of(f"{name}=0.5") == (name, 0.5)
    assert faults_of({name: 1.0}) != Faults()


@pytest.mark.parametrize(
    "text", ["lazy=1", "throttle", "throttle=", "throttle=0", "throttle=1", "answer-delay=-1", "strangers=nan"]
)
def test_what_is_no_habit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no habit|above 0"):
        habit_of(text)


@pytest.mark.case("loadtest-6")
def test_a_message_that_was_throttled_and_came_again_came_once(tmp_path: Path) -> None:
    stamps = Stamps("plain")
    for status in (st.RTHROTTLED, st.RMSGQFUL, st.OK):
        stamps.submitted(SUBMIT)
        stamps.answered(SubmitSmResp(1, status, "a"))
    assert stamps.lot(0, 1, str(tmp_path / "lot"))["whole"] == 1
    assert stamps.receipts_asked == 1


def test_receipts_that_come_twice_or_for_nobody_count_once() -> None:
    stamps = Stamps("plain", doubled=True)
    stamps.submitted(SUBMIT)
    stamps.answered(SubmitSmResp(1, st.OK, "a"))
    for name in ("a", "a", "stranger"):
        stamps.acknowledged(Receipt(name, SUBMIT, ReceiptState.DELIVERED, b""))
    assert stamps.receipts_told == 1
