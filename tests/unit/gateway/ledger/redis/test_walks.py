"""How far a walk should have come."""

import pytest

from gateway.ledger.redis.walks import CATCH_UP_MS, Round

ROWS, ROUND_MS = 256, 1_000_000


def test_a_round_of_all_slots_is_owed_in_its_time() -> None:
    walk = Round("i", ROWS, ROUND_MS)
    assert walk.owed(8, 0) == 0
    assert sum(walk.owed(8, at) for at in range(50_000, ROUND_MS + 1, 50_000)) == pytest.approx(8 * ROWS)


def test_a_long_pause_is_not_made_up_for_and_a_clock_that_goes_back_owes_nothing() -> None:
    walk = Round("i", ROWS, ROUND_MS)
    walk.owed(1, 0)
    assert walk.owed(1, 50 * CATCH_UP_MS) == ROWS * CATCH_UP_MS / ROUND_MS
    assert walk.owed(1, 0) == 0


def test_slots_have_their_turn_though_some_leave() -> None:
    walk = Round("i", ROWS, ROUND_MS)
    slots = [3, 5, 7]
    assert [walk.next_slots(slots, 2) for _ in range(3)] == [[3, 5], [7], [3, 5]]
    assert walk.next_slots([9], 2) == [9]


def test_a_new_slot_begins_where_the_clock_is() -> None:
    walk = Round("i", ROWS, ROUND_MS)
    assert walk.after(1, 7 * ROUND_MS) == -1
    assert walk.after(1, 7 * ROUND_MS + ROUND_MS // 2) == ROWS // 2 - 1
    assert walk.after(1, 8 * ROUND_MS - 1) == ROWS - 2


def test_what_a_walk_passed_is_counted_to_the_end_of_a_slot() -> None:
    walk = Round("i", ROWS, ROUND_MS)
    assert walk.came_to(1, 9, 0) == 10
    assert walk.came_to(1, 11, 0) == 2
    assert walk.came_to(1, -1, 0) == ROWS - 12
    assert walk.came_to(1, 0, 0) == 1
