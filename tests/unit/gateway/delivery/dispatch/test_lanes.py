"""The line in front of an operator: order, fairness, bounds."""

import pytest

from gateway.delivery.dispatch.lanes import Lane
from gateway.model.message import Message, MessageClass
from operators.loopback import LoopbackOperator
from redaction.egress import standard_contract
from tests.unit.gateway.stage import a_message


def lane(limit: int = 8) -> Lane:
    return Lane(LoopbackOperator("loop", segments_of=lambda _: 1), standard_contract("loop"), limit)


def numbered(number: int, message_class: MessageClass = MessageClass.TRANSACTIONAL) -> Message:
    return a_message(id=number.to_bytes(16, "big"), message_class=message_class)


def drained(line: Lane) -> list[int]:
    numbers = []
    while (message := line.next()) is not None:
        numbers.append(int.from_bytes(message.id, "big"))
    return numbers


def test_an_empty_lane_has_no_next() -> None:
    assert lane().next() is None


def test_new_and_old_take_turns() -> None:
    line = lane()
    for number in (1, 2, 3):
        line.add_fresh(numbered(number))
        line.add_backlog(numbered(number + 10))
    assert drained(line) == [1, 11, 2, 12, 3, 13]


@pytest.mark.parametrize("urgent", [MessageClass.OTP, MessageClass.WARNING])
def test_urgent_messages_go_before_others_wherever_they_come_from(urgent: MessageClass) -> None:
    line = lane()
    line.add_fresh(numbered(1))
    line.add_backlog(numbered(2))
    line.add_backlog(numbered(3, urgent))
    line.add_fresh(numbered(4, urgent))
    assert drained(line)[:2] == [3, 4]


def test_what_was_begun_goes_first() -> None:
    line = lane()
    line.add_fresh(numbered(1, MessageClass.OTP))
    line.put_back(numbered(2))
    assert drained(line) == [2, 1]


def test_a_full_lane_refuses_and_remembers_that_the_ledger_holds_more() -> None:
    line = lane(2)
    line.overflowed = False
    assert line.add_fresh(numbered(1))
    assert line.add_fresh(numbered(2))
    assert not line.overflowed
    assert not line.add_fresh(numbered(3))
    assert line.overflowed
    assert len(line) == 2


def test_backlog_leaves_a_quarter_of_the_room_to_new_messages() -> None:
    line = lane(8)
    assert line.backlog_room() == 6
    for number in range(7):
        line.add_fresh(numbered(number))
    assert line.backlog_room() == 0


def test_a_lane_runs_low_below_a_quarter() -> None:
    line = lane(8)
    line.add_fresh(numbered(1))
    assert line.runs_low()
    line.add_fresh(numbered(2))
    assert not line.runs_low()


def test_a_message_can_be_taken_out_once_from_wherever_it_waits() -> None:
    line = lane()
    waiting = [numbered(1), numbered(2), numbered(3, MessageClass.OTP), numbered(4)]
    line.add_fresh(waiting[0])
    line.add_backlog(waiting[1])
    line.add_fresh(waiting[2])
    line.put_back(waiting[3])
    assert [line.remove(each) for each in waiting] == [True] * 4
    assert not line.remove(waiting[0])


def test_taking_all_leaves_nothing() -> None:
    line = lane()
    line.add_fresh(numbered(1))
    line.add_backlog(numbered(2))
    line.put_back(numbered(3))
    assert {each.id[-1] for each in line.take_all()} == {1, 2, 3}
    assert len(line) == 0


def test_what_another_node_has_leaves_the_line_and_the_rest_keeps_its_order() -> None:
    line = lane()
    for number in (1, 2, 3, 4):
        line.add_fresh(numbered(number))
    line.put_back(numbered(5))
    taken = line.take_where(lambda message: message.id[-1] in (2, 4, 5))
    assert sorted(message.id[-1] for message in taken) == [2, 4, 5]
    assert drained(line) == [1, 3]
