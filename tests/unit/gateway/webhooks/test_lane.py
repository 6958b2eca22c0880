from gateway.webhooks.delivery import Job
from gateway.webhooks.lane import FIRST_AT_ONCE, LONGEST_ASIDE_S, PROBE_S, REST_AFTER, Lane
from tests.unit.gateway.webhooks.events import event, message

SCHEDULE = (5.0, 30.0, 7200.0)


def test_requests_at_once_shrink_with_failures_and_grow_with_successes() -> None:
    lane = Lane(8, SCHEDULE)
    lane.failed(0)
    lane.failed(0)
    assert lane.limit == 2
    for _ in range(20):
        lane.succeeded()
    assert lane.limit == 8


def test_a_lane_begins_with_few_requests_at_once_and_grows_to_what_is_set() -> None:
    lane = Lane(32, SCHEDULE)
    assert lane.limit == FIRST_AT_ONCE
    for _ in range(40):
        lane.succeeded()
    assert lane.limit == 32


def test_a_lane_whose_requests_carry_many_events_is_not_slow_for_what_they_take() -> None:
    lanes = [Lane(8, SCHEDULE), Lane(8, SCHEDULE)]
    for lane, events in zip(lanes, (1, 100), strict=True):
        lane.size = 1000
        for _ in range(100):
            lane.took(0.1, events)
    assert [lane.is_slow() for lane in lanes] == [True, False]


def test_a_lane_has_a_turn_only_below_its_limit() -> None:
    lane = Lane(1, SCHEDULE)
    assert not lane.has_turn()
    told = message()
    lane.waiting.append(Job(event(told), told))
    assert lane.has_turn()
    lane.active = 1
    assert not lane.has_turn()


def test_failures_in_a_row_make_the_lane_rest_longer_and_longer() -> None:
    lane, now_ms, rests = Lane(8, SCHEDULE), 0, []
    for _ in range(REST_AFTER + 3):
        if lane.failed(now_ms):
            rests.append((lane.rest_until_ms - now_ms) / 1000)
            now_ms = lane.rest_until_ms
    assert rests == [5, PROBE_S, PROBE_S, PROBE_S]
    assert lane.aside_until_ms - now_ms < LONGEST_ASIDE_S * 1000


def test_answers_that_fail_while_the_lane_rests_do_not_prolong_it() -> None:
    lane = Lane(8, SCHEDULE)
    assert [lane.failed(0) for _ in range(REST_AFTER + 4)].count(True) == 1
    assert lane.rest_until_ms == 5000


def test_one_success_ends_rest_and_failures() -> None:
    lane = Lane(8, SCHEDULE)
    for _ in range(REST_AFTER):
        lane.failed(0)
    lane.succeeded()
    assert not lane.is_resting(0)
    assert not lane.failed(0)


def test_events_without_room_are_spread_over_the_time_that_the_lane_needs() -> None:
    lane = Lane(8, SCHEDULE)
    for _ in range(200):
        lane.took(0.8)
    assert not lane.is_slow()
    lane.size = 500
    assert lane.is_slow()
    slots = [lane.next_slot_ms(0) for _ in range(100)]
    assert slots == sorted(slots)
    assert 49_000 < slots[0] < 51_000
    assert 9_000 < slots[-1] - slots[0] < 11_000
