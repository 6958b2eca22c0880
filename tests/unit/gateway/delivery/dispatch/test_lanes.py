"""The line in front of an operator: order, fairness, bounds."""

import pytest

from gateway.delivery.dispatch.circuit import Circuit
from gateway.delivery.dispatch.lanes import MARKS, Lane
from gateway.model.message import Message, MessageClass
from operators.loopback import LoopbackOperator
from tests.unit.gateway.road import usual_contract
from tests.unit.gateway.stage import a_message


def lane(limit: int = 8) -> Lane:
    operator = LoopbackOperator("loop", segments_of=lambda _: 1)
    return Lane(operator, usual_contract("loop"), Circuit(20, 0.5, 15), limit)


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


def test_codes_can_be_taken_out_wherever_they_wait_but_for_those_that_are_tied() -> None:
    line = lane()
    line.put_back(numbered(1, MessageClass.OTP))
    line.put_back(numbered(2))
    for number, each in (
        (3, MessageClass.OTP),
        (4, MessageClass.WARNING),
        (5, MessageClass.OTP),
        (6, MessageClass.OTP),
    ):
        line.add_fresh(numbered(number, each))
    line.tied.add(numbered(5).id)
    assert [each.id[-1] for each in line.take_codes()] == [1, 3, 6]
    assert drained(line) == [2, 4, 5]


def test_a_lane_stands_still_while_something_waits_and_nothing_is_taken() -> None:
    line = lane()
    assert line.stood_still_s(1.0, False) == 0.0
    line.add_fresh(numbered(1))
    assert [line.stood_still_s(1.0, False) for _ in range(3)] == [1.0, 2.0, 3.0]
    line.has_moved = True
    assert [line.stood_still_s(1.0, False) for _ in range(2)] == [0.0, 1.0]
    assert line.stood_still_s(1.0, True) == 0.0


def test_an_urgent_message_waits_since_it_came_whatever_comes_after_it() -> None:
    line = lane()
    waits = []
    for number in range(4):
        line.add_fresh(numbered(number, MessageClass.OTP))
        waits.append(line.urgent_wait_s(1.0, False))
    assert waits == [0.0, 1.0, 2.0, 3.0]


def test_a_lane_that_moves_lets_no_urgent_message_wait() -> None:
    line = lane()
    for number in range(20):
        line.add_fresh(numbered(number, MessageClass.OTP))
        assert line.urgent_wait_s(1.0, False) <= 2.0
        if number:
            line.next()


def test_of_urgent_messages_that_keep_coming_the_oldest_ones_wait_counts() -> None:
    line = lane(100)
    waits = []
    for number in range(30):  # two come each second, and one leaves
        line.add_fresh(numbered(2 * number, MessageClass.OTP))
        line.add_fresh(numbered(2 * number + 1, MessageClass.OTP))
        waits.append(line.urgent_wait_s(1.0, False))
        line.next()
    assert waits == [number - number // 2 for number in range(30)]


def test_what_a_lane_remembers_of_its_waits_is_bounded() -> None:
    line = lane(1_000)
    for number in range(500):
        line.add_fresh(numbered(number, MessageClass.OTP))
        waited_s = line.urgent_wait_s(1.0, False)
    assert waited_s == 499.0
    assert len(line._urgent_marks) == MARKS
