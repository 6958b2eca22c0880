from hypothesis import given
from hypothesis import strategies as st

from gateway.webhooks.pauses import HOLD_S, JITTER, Pauses
from tests.unit.gateway.webhooks.events import NOW_MS

SCHEDULE = (5.0, 30.0, 120.0)


def test_the_pauses_follow_the_schedule_and_the_last_one_repeats() -> None:
    pauses = Pauses(SCHEDULE, lambda: 0.0)
    assert [pauses.retry_ms(NOW_MS, attempts, 1.0) - NOW_MS for attempts in range(5)] == [
        5_000, 30_000, 120_000, 120_000, 120_000
    ]  # fmt: skip


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 9))
def test_no_pause_is_shorter_than_it_says_nor_longer_by_more_than_a_tenth(chance: float, attempts: int) -> None:
    pauses = Pauses(SCHEDULE, lambda: chance)
    wanted_s = SCHEDULE[min(attempts, 2)]
    for moment_ms, pause_s in (
        (pauses.retry_ms(NOW_MS, attempts, pauses.spread()), wanted_s),
        (pauses.rest_ms(NOW_MS, NOW_MS + 60_000), 60.0),
        (pauses.hold_ms(NOW_MS), HOLD_S),
    ):
        assert pause_s * 1000 <= moment_ms - NOW_MS <= pause_s * 1000 * (1 + JITTER) + 1
