"""Time and randomness."""

import threading
from itertools import pairwise

import pytest

from gateway.process.clock import CHUNKS, LARGEST_CHUNK, ManualClock, SystemClock


def test_the_system_clock_never_gives_a_chunk_twice() -> None:
    clock = SystemClock()
    drawn = [clock.random(16) for _ in range(CHUNKS * 2 + 1)]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("size", [0, 1, 8, LARGEST_CHUNK, LARGEST_CHUNK + 1, 5_000])
def test_as_many_bytes_as_asked_for(size: int) -> None:
    clock = SystemClock()
    assert [len(clock.random(size)) for _ in range(3)] == [size] * 3


def test_keys_are_not_fetched_before_they_are_needed() -> None:
    clock = SystemClock()
    clock.random(16)
    clock.random(32)
    assert set(clock._chunks) == {16}


def test_what_was_drawn_is_not_held() -> None:
    clock = SystemClock()
    drawn = clock.random(16)
    assert drawn not in clock._chunks[16]


def test_threads_are_not_given_the_same_chunk() -> None:
    clock = SystemClock()
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.extend(clock.random(16) for _ in range(2_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) == 8_000


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


def test_the_system_clock_goes_on_from_the_systems_time() -> None:
    clock = SystemClock()
    assert abs(clock.now_ms() - clock.wall_ms()) < 1_000
    clock.set_distance(1_000 - clock.steady_ms())
    assert 1_000 <= clock.now_ms() < 60_000


def test_a_step_does_not_reach_who_asks_what_time_it_is() -> None:
    clock = ManualClock(5_000)
    clock.step(400.0)
    clock.advance(1.0)
    assert (clock.now_ms(), clock.wall_ms(), clock.steady_ms()) == (6_000, 406_000, 1_000)
