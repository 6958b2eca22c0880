"""Small sums stay hidden beside what they add up to."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.small_cells import FEWEST_HIDDEN, hidden_cells

SMALLEST = 10
TABLES = st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 40))


def test_nothing_is_hidden_where_nothing_is_small_or_all_may_be_told() -> None:
    assert hidden_cells({"a": 10, "b": 11}, [["a", "b"]], SMALLEST) == frozenset()
    assert hidden_cells({"a": 1}, [["a"]], 0) == frozenset()
    assert hidden_cells({}, [], SMALLEST) == frozenset()


def test_a_small_one_takes_the_smallest_of_its_line_along() -> None:
    cells = {"a": 100, "b": 3, "c": 20, "alone": 50}
    assert hidden_cells(cells, [["a", "b", "c"], ["alone"]], SMALLEST) == {"b", "c"}


def test_small_ones_that_are_many_messages_together_take_nothing_along() -> None:
    assert hidden_cells({"a": 100, "b": 6, "c": 7}, [["a", "b", "c"]], SMALLEST) == {"b", "c"}
    assert hidden_cells({"a": 100, "b": 1, "c": 2}, [["a", "b", "c"]], SMALLEST) == {"a", "b", "c"}


@given(TABLES)
def test_no_line_of_any_table_tells_a_small_one_by_subtraction(cells: Mapping[tuple[int, int], int]) -> None:
    lines = [[key for key in cells if key[axis] == at] for axis in (0, 1) for at in range(5)]
    hidden = hidden_cells(cells, lines, SMALLEST)
    assert {key for key, count in cells.items() if count < SMALLEST} <= hidden
    for line in lines:
        inside = [key for key in line if key in hidden]
        few = len(inside) < FEWEST_HIDDEN or sum(cells[key] for key in inside) < SMALLEST
        assert not inside or not few or len(inside) == len(line)
