"""Answer times, counted by several processes and added up."""

from gateway.model.answer_times import BOUNDS_MS, added, quantile_ms


def test_what_processes_counted_is_added_up_and_told_by_the_bound_within_which_it_came() -> None:
    one, other = [0] * (len(BOUNDS_MS) + 1), [0] * (len(BOUNDS_MS) + 1)
    one[2], other[4], other[-1] = 60, 39, 1
    together = added([one, other, (), (1, 2)])
    assert sum(together) == 100
    assert (quantile_ms(together, 0.5), quantile_ms(together, 0.99)) == (BOUNDS_MS[2], BOUNDS_MS[4])
    assert quantile_ms(together, 1.0) == BOUNDS_MS[-1]
    assert (quantile_ms(added([]), 0.5), quantile_ms((), 0.5)) == (None, None)
