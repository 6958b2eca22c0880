"""What dispatch counts of each operator."""

from gateway.delivery.dispatch.counters import MOST_CODES, OTHER, DispatchCounters
from gateway.model.answer_times import BOUNDS_MS


def test_codes_of_an_operator_are_bounded_and_those_of_others_their_own() -> None:
    counters = DispatchCounters()
    for number in range(MOST_CODES + 7):
        counters.said("stc", f"{number:08x}")
    counters.said("stc", f"{0:08x}")
    counters.said("mobily", "timeout")
    assert (len(counters.codes["stc"]), counters.codes["stc"][OTHER], counters.codes["stc"]["00000000"]) == (
        MOST_CODES + 1,
        7,
        2,
    )
    assert counters.codes["mobily"] == {"timeout": 1}


def test_answers_are_counted_by_how_long_they_took_whatever_the_clock_did() -> None:
    counters = DispatchCounters()
    for ms in (-5, 0, BOUNDS_MS[0], BOUNDS_MS[0] + 1, BOUNDS_MS[-1] + 1):
        counters.answered("stc", ms)
    assert (counters.took["stc"][:2], counters.took["stc"][-1]) == ([3, 1], 1)
