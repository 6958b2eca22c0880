"""How fast counts grow."""

from gateway.http_api.facades.kannel.pace import LOOK_S, Pace

SENT = ("stc", "sent")


def rates(pace: Pace, count: int, now_s: float, uptime_s: float) -> tuple[float, ...]:
    return pace.rates({SENT: count}, now_s, uptime_s)[SENT]


def test_all_windows_begin_with_the_start_until_looks_are_old_enough() -> None:
    pace = Pace()
    assert rates(pace, 100, 1_000, 20) == (5, 5, 5)
    assert rates(pace, 100, 1_030, 50) == (2, 2, 2)


def test_a_window_begins_with_the_newest_look_that_is_so_old() -> None:
    pace = Pace()
    rates(pace, 0, 1_000, 0)
    rates(pace, 600, 1_300, 300)
    rates(pace, 660, 1_360, 360)
    assert rates(pace, 1_220, 1_610, 610) == (560 / 250, 620 / 310, 1_220 / 610)


def test_a_count_that_fell_and_one_without_time_grow_with_nothing() -> None:
    pace = Pace()
    assert rates(pace, 5, 1_000, 0) == (0, 0, 0)
    rates(pace, 50, 1_100, 100)
    assert rates(pace, 10, 1_200, 0)[0] == 0


def test_what_is_kept_of_many_looks_is_bounded() -> None:
    pace = Pace()
    for at in range(10_000):
        rates(pace, at, at / 2, at / 2)
    assert len(pace._looks) <= 300 / LOOK_S + 2
