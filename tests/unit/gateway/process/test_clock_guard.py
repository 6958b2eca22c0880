"""Wall time against steady time: what is followed, what is held, and what makes it sound again."""

import pytest

from gateway.process.clock import ManualClock
from gateway.process.clock_guard import CONFIRMED_MS, FAR_MS, ClockGuard, ClockMark

BOOT = 7
DAY_S = 86_400.0
START_MS = 1_800_000_000_000


def guarded(clock: ManualClock | None = None) -> tuple[ManualClock, ClockGuard]:
    clock = clock or ManualClock(START_MS)
    return clock, ClockGuard(clock, BOOT)


def after(clock: ManualClock, guard: ClockGuard, *, step_s: float, later_s: float = 1) -> None:
    clock.step(step_s)
    clock.advance(later_s)
    guard.look()


@pytest.mark.case("faults-3")
@pytest.mark.parametrize("step_s", [61, -61, DAY_S, -DAY_S, 400 * DAY_S, -400 * DAY_S])
def test_a_step_of_more_than_a_minute_is_a_jump_and_time_goes_on_as_before(step_s: float) -> None:
    clock, guard = guarded()
    clock.step(step_s)
    assert clock.now_ms() == START_MS  # before anybody has looked
    clock.advance(1)
    guard.look()
    assert not clock.is_sound
    assert guard.jump_ms == step_s * 1000
    clock.advance(20)
    guard.look()
    assert clock.now_ms() == START_MS + 21_000
    assert guard.jumps == 1


@pytest.mark.case("faults-3")
@pytest.mark.parametrize("step_s", [DAY_S, -DAY_S])
def test_a_clock_that_comes_back_is_sound_again(step_s: float) -> None:
    clock, guard = guarded()
    after(clock, guard, step_s=step_s)
    after(clock, guard, step_s=-step_s + 0.5)
    assert clock.is_sound
    assert (guard.jump_ms, guard.jumps) == (0, 1)
    assert clock.now_ms() == clock.wall_ms()


@pytest.mark.parametrize("step_s", [59, -59, 0.01])
def test_a_small_step_is_followed(step_s: float) -> None:
    clock, guard = guarded()
    after(clock, guard, step_s=step_s)
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms() == START_MS + 1_000 + round(step_s * 1000)


def test_small_steps_do_not_add_up_to_a_large_one() -> None:
    clock, guard = guarded()
    after(clock, guard, step_s=40)
    after(clock, guard, step_s=40)
    assert not clock.is_sound
    assert clock.now_ms() == START_MS + 2_000 + 40_000


def test_a_clock_that_runs_at_twice_the_speed_is_noticed_within_two_minutes() -> None:
    clock, guard = guarded()
    for _ in range(120):
        after(clock, guard, step_s=1)
    assert not clock.is_sound


def test_a_clock_that_drifts_as_clocks_do_is_followed_for_months() -> None:
    clock, guard = guarded()
    for _ in range(5_000):
        after(clock, guard, step_s=0.3, later_s=600)  # 500 parts in a million
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms()


def test_a_step_that_was_confirmed_is_followed() -> None:
    clock, guard = guarded()
    after(clock, guard, step_s=DAY_S)
    confirmed_ms = clock.wall_ms()
    clock.advance(5)
    assert guard.confirms(confirmed_ms)
    guard.accept()
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms()
    after(clock, guard, step_s=0)
    assert clock.is_sound


@pytest.mark.parametrize("away_ms", [-DAY_S * 1000, -CONFIRMED_MS - 1, 61_000])
def test_a_confirmation_of_another_time_says_nothing(away_ms: float) -> None:
    clock, guard = guarded()
    assert not guard.confirms(round(clock.wall_ms() + away_ms))


# ------------------------------------------------------------------------------------------------------ over a restart


def restarted(*, off_s: float, step_s: float, boot: int = BOOT) -> tuple[ManualClock, ClockGuard]:
    """A process that ended, and another one so much later, whose machine's clock was set meanwhile.

    boot: 0 where the machine was started anew; its steady time begins again.
    """
    clock, guard = guarded()
    clock.advance(500)
    mark = guard.mark()
    if boot != BOOT:
        clock = ManualClock(clock.now_ms() + round((off_s + step_s) * 1000))
    else:
        clock.advance(off_s)
        clock.step(step_s)
        clock.set_distance(clock.wall_ms() - clock.steady_ms())  # as a process finds it when it starts
    guard = ClockGuard(clock, boot)
    guard.resume(mark)
    return clock, guard


@pytest.mark.parametrize("off_s", [1, 30 * DAY_S, 300 * DAY_S])
def test_a_gateway_that_was_off_while_its_machine_ran_goes_on(off_s: float) -> None:
    clock, _ = restarted(off_s=off_s, step_s=0)
    assert clock.is_sound
    assert clock.now_ms() == START_MS + round((500 + off_s) * 1000)


@pytest.mark.case("faults-3")
@pytest.mark.parametrize("step_s", [DAY_S, -DAY_S])
def test_a_step_between_two_runs_on_one_machine_is_a_jump(step_s: float) -> None:
    clock, guard = restarted(off_s=100, step_s=step_s)
    assert not clock.is_sound
    assert clock.now_ms() == START_MS + 600_000
    clock.step(-step_s)
    guard.look()
    assert clock.is_sound


def test_a_machine_that_was_off_for_a_month_goes_on() -> None:
    clock, _ = restarted(off_s=31 * DAY_S, step_s=0, boot=8)
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms()


@pytest.mark.case("faults-3")
def test_a_machine_that_starts_before_the_time_that_was_known_waits_until_its_clock_is_set() -> None:
    clock, guard = restarted(off_s=0, step_s=-400 * DAY_S, boot=8)
    assert not clock.is_sound
    assert clock.now_ms() == START_MS + 500_000
    clock.step(400 * DAY_S + 3_600)  # an hour had passed
    clock.advance(1)
    guard.look()
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms() == START_MS + (500 + 3_600 + 1) * 1000


@pytest.mark.case("faults-3")
def test_a_machine_that_starts_far_after_the_time_that_was_known_waits_to_be_confirmed() -> None:
    clock, guard = restarted(off_s=FAR_MS / 1000 + 100, step_s=0, boot=8)
    assert not clock.is_sound
    assert clock.now_ms() == START_MS + 500_000
    guard.accept()
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms()


def test_a_machine_that_does_not_say_which_start_it_is_knows_no_more_than_that_time_has_passed() -> None:
    clock = ManualClock(START_MS)
    guard = ClockGuard(clock, 0)
    guard.resume(ClockMark(wall_ms=START_MS - 5_000, steady_ms=-5_000, boot=0))
    assert clock.is_sound
    guard.resume(ClockMark(wall_ms=START_MS + 100_000, steady_ms=0, boot=0))
    assert not clock.is_sound


# ---------------------------------------------------------------------------------------------------------- the reading


class Stopped(ManualClock):
    """The process is stopped for a long time between two of its questions."""

    stops_s: list[float]

    def wall_ms(self) -> int:
        said = super().wall_ms()
        if self.__dict__.get("stops_s"):
            self.advance(self.stops_s.pop())
        return said


def test_a_process_that_was_stopped_between_two_questions_sees_no_jump() -> None:
    clock = Stopped(START_MS)
    guard = ClockGuard(clock, BOOT)
    clock.stops_s = [500.0]
    guard.look()
    assert clock.is_sound
    assert guard.jumps == 0
