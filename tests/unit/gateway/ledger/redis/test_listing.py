"""Marks of many partitions are merged newest first, and partitions are asked only for what may be among the next."""

from struct import pack, unpack

from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.redis.listing import _marks, _Merge

STEP = 1024
NEWEST = 1_000 * STEP

stored_marks = st.lists(st.lists(st.integers(0, 40).map(lambda each: each * STEP), unique=True), min_size=1, max_size=6)


class Partitions:
    """Partitions as the server has them. asked: how often one was."""

    def __init__(self, marks: list[list[int]]) -> None:
        self._marks = [sorted(each, reverse=True) for each in marks]
        self.asked = 0

    def tell(self, merge: _Merge, bar: int, wanted: int) -> bool:
        """Answer everything that is unclear; whether anything was."""
        unclear = merge.unclear(bar)
        for each in unclear:
            left = [mark for mark in self._marks[each] if mark <= merge.upto[each]]
            merge.add(each, left[:wanted], has_more=len(left) >= wanted)
        self.asked += len(unclear)
        return bool(unclear)


def next_of(merge: _Merge, partitions: Partitions, count: int, wanted: int) -> dict[int, list[int]]:
    while partitions.tell(merge, merge.bar(count), wanted):
        pass
    return {each: list(unpack(f">{len(raw) // 8}Q", raw)) for each, raw in merge.take(merge.bar(count)).items()}


@given(stored_marks, st.integers(1, 20), st.integers(1, 5))
def test_every_page_has_the_next_marks_of_all_partitions(marks: list[list[int]], count: int, wanted: int) -> None:
    partitions, merge = Partitions(marks), _Merge(len(marks), NEWEST, 0)
    left = sorted((mark for each in marks for mark in each), reverse=True)
    while left:
        page = next_of(merge, partitions, count, wanted)
        taken = sorted((mark for each in page.values() for mark in each), reverse=True)
        size = len(taken)
        assert taken == left[:size]
        assert size >= min(count, len(left))
        assert left[size:] == [each for each in left if each < taken[-1]]
        assert merge.reached == taken[-1]
        left = left[size:]
    assert merge.taken == sum(map(len, marks))
    assert next_of(merge, partitions, count, wanted) == {}


def test_marks_of_a_partition_stay_in_order() -> None:
    partitions, merge = Partitions([[3 * STEP, STEP, 2 * STEP], [2 * STEP]]), _Merge(2, NEWEST, 0)
    assert next_of(merge, partitions, 4, 8) == {0: [3 * STEP, 2 * STEP, STEP], 1: [2 * STEP]}


def test_only_partitions_that_may_have_more_of_the_page_are_asked_again() -> None:
    full, quiet = list(range(500 * STEP, 400 * STEP, -STEP)), [STEP, 2 * STEP, 3 * STEP]
    partitions, merge = Partitions([full, quiet]), _Merge(2, NEWEST, 0)
    assert next_of(merge, partitions, 6, 3) == {0: full[:6]}
    assert partitions.asked == 3  # both at first, and the full one once more
    assert next_of(merge, partitions, 3, 3) == {0: full[6:9]}
    assert partitions.asked == 4


def test_marks_before_the_time_asked_for_are_left_out_and_end_their_partition() -> None:
    since = 5 * STEP + 7
    partitions, merge = Partitions([[each * STEP for each in range(10)]]), _Merge(1, NEWEST, since)
    assert next_of(merge, partitions, 20, 8) == {0: [each * STEP for each in range(9, 4, -1)]}
    assert partitions.asked == 1
    assert (
        merge.reached == 5 * STEP
    )  # its messages may be at or after that time: a mark says a quarter of a millisecond


def test_nothing_is_asked_above_where_a_page_ended() -> None:
    partitions, merge = Partitions([[each * STEP for each in range(10)]]), _Merge(1, 4 * STEP, 0)
    assert next_of(merge, partitions, 3, 8) == {0: [4 * STEP, 3 * STEP, 2 * STEP]}


def test_rows_are_positions_newest_first() -> None:
    rows = [b"8192000", pack(">3I", 1, 2, 9), b"4096", pack(">I", 3)]
    assert _marks(rows) == [8_192_000 + 9 * STEP, 8_192_000 + 2 * STEP, 8_192_000 + STEP, 4_096 + 3 * STEP]
