"""Time and randomness."""

import threading
from itertools import pairwise

from gateway.clock import POOL_BYTES, ManualClock, SystemClock


def test_the_system_clock_never_gives_a_byte_twice() -> None:
    clock = SystemClock()
    drawn = [clock.random(16) for _ in range(POOL_BYTES // 16 * 2 + 1)]
    assert len(set(drawn)) == len(drawn)


def test_more_than_the_pool_can_be_drawn_at_once() -> None:
    assert len(SystemClock().random(POOL_BYTES + 1)) == POOL_BYTES + 1


def test_what_was_drawn_is_wiped_from_the_pool() -> None:
    clock = SystemClock()
    drawn = clock.random(32)
    assert drawn not in bytes(clock._pool)


def test_another_thread_is_not_given_bytes_of_the_pool() -> None:
    clock = SystemClock()
    clock.random(16)
    pool = bytes(clock._pool)
    drawn: list[bytes] = []
    thread = threading.Thread(target=lambda: drawn.append(clock.random(16)))
    thread.start()
    thread.join()
    assert len(drawn[0]) == 16
    assert drawn[0] not in pool
    assert bytes(clock._pool) == pool


def test_monotonic_time_does_not_go_back() -> None:
    clock = SystemClock()
    times = [clock.monotonic() for _ in range(100)]
    assert all(later >= earlier for earlier, later in pairwise(times))


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(1_000)
    assert (clock.now_ms(), clock.monotonic()) == (1_000, 0.0)
    clock.advance(2.5)
    assert (clock.now_ms(), clock.monotonic()) == (3_500, 2.5)


def test_a_manual_clock_repeats_its_bytes_but_not_within_a_run() -> None:
    first, second = ManualClock(), ManualClock()
    drawn = [first.random(8) for _ in range(10)]
    assert len(set(drawn)) == 10
    assert drawn == [second.random(8) for _ in range(10)]
