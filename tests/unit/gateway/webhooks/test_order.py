from hypothesis import given
from hypothesis import strategies as st

from gateway.model.message import Status
from gateway.webhooks.delivery import Job
from gateway.webhooks.order import Order
from tests.unit.gateway.webhooks.events import NOW_MS, event, message

TOLD = message()


def job(seq: int) -> Job:
    return Job(event(TOLD, seq), TOLD)


def test_the_events_of_one_message_follow_each_other() -> None:
    order, first, second, third = Order(), job(1), job(2), job(3)
    assert [order.add(each) for each in (first, second, third)] == [True, False, False]
    assert order.told(first) is second
    assert order.told(second) is third
    assert order.told(third) is None
    assert order.add(job(4))


def test_events_of_different_messages_do_not_wait_for_each_other() -> None:
    order, other = Order(), message(2)
    assert order.add(job(1))
    assert order.add(Job(event(other, 2), other))


def test_what_is_put_back_takes_its_followers_along() -> None:
    order, first, second = Order(), job(1), job(2)
    order.add(first)
    order.add(second)
    assert order.put_back(first, NOW_MS) == [first, second]
    assert not order.may_skip_ledger(event(TOLD, 3), TOLD)


def test_a_message_may_skip_the_ledger_again_once_all_left_behind_is_told() -> None:
    order = Order()
    order.leave(event(TOLD, 1), NOW_MS)
    order.leave(event(TOLD, 2), NOW_MS)
    for seq, free in ((1, False), (2, True)):
        again = job(seq)
        order.add(again)
        order.told(again)
        assert order.may_skip_ledger(event(TOLD, 3), TOLD) is free


def test_after_a_restart_older_messages_go_by_way_of_the_ledger() -> None:
    order = Order()
    order.distrust(NOW_MS)
    assert not order.may_skip_ledger(event(TOLD), TOLD)
    newer = message(2, accepted_ms=NOW_MS + 1)
    assert order.may_skip_ledger(event(newer), newer)


def test_an_empty_ledger_needs_no_caution() -> None:
    order = Order()
    order.distrust(NOW_MS)
    order.trust()
    assert order.may_skip_ledger(event(TOLD), TOLD)


def test_a_full_memory_starts_afresh_and_forgets_no_order() -> None:
    order = Order(limit=2)
    for number in range(3):
        order.leave(event(message(number), number), NOW_MS)
    assert not any(order.may_skip_ledger(event(message(n), n), message(n)) for n in range(9))


def test_the_oldest_event_counts_wherever_it_waits_but_not_when_it_is_held() -> None:
    order = Order()
    assert order.oldest_ms() is None
    order.add(Job(event(TOLD, 1, at_ms=50), TOLD))
    order.leave(event(message(2), 2, at_ms=40), NOW_MS)
    order.leave(event(message(3), 3, at_ms=30), NOW_MS, held=True)
    assert order.oldest_ms() == 40


@given(st.lists(st.sampled_from(["offer", "read", "tell", "put back"]), max_size=60))
def test_no_event_of_a_message_is_ever_told_before_an_earlier_one(steps: list[str]) -> None:
    order = Order()
    stored: list[int] = []
    memory: list[Job] = []
    told: list[int] = []
    seq = 0
    for step in steps:
        if step == "offer":
            seq += 1
            fresh = event(TOLD, seq, status=Status.SUBMITTED)
            stored.append(seq)
            if order.may_skip_ledger(fresh, TOLD):
                memory.append(job(seq))
                order.add(memory[-1])
            else:
                order.leave(fresh, NOW_MS)
        elif step == "read" and stored and not memory:
            memory.append(job(stored[0]))
            order.add(memory[-1])
        elif step == "tell" and memory:
            told.append(memory[0].event.seq)
            stored.remove(told[-1])
            order.told(memory.pop(0))
        elif step == "put back" and memory:
            assert order.put_back(memory[0], NOW_MS) == memory
            memory.clear()
    assert told == sorted(told) == list(range(1, len(told) + 1))


def test_followers_of_a_message_that_another_node_has_are_cut_off() -> None:
    order, first, second, third, other = Order(), job(1), job(2), job(3), message(2)
    for each in (first, second, third, Job(event(other, 4), other)):
        order.add(each)
    assert order.cut(TOLD.id.__eq__) == [second, third]
    assert order.is_telling(TOLD.id.__eq__)
    assert order.told(first) is None
    assert not order.is_telling(TOLD.id.__eq__)
    assert order.is_telling(other.id.__eq__)


def test_a_message_that_is_dropped_is_not_told_here() -> None:
    order, first = Order(), job(1)
    order.add(first)
    order.drop(first)
    assert not order.is_telling(TOLD.id.__eq__)
