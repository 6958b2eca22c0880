"""When a process of its own pays for whoever writes."""

from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from gateway.ledger.sqlite.large_commits import ENOUGH_ROWS, LARGE_ROWS, LargeCommits


def pays_within(commits: int, sizes: Iterator[int]) -> bool:
    large = LargeCommits()
    return any(large.pay(rows) for rows in islice(sizes, commits))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([272, 432, 640, 640, 432, 512], id="batches of 100 over four connections"),
        pytest.param([128, 128, 272, 256, 256, 160], id="the same, out of step with their answers"),
        pytest.param([384, 384, 258, 384, 128], id="single messages over 128 connections"),
    ],
)
def test_large_commits_pay_soon(sizes: list[int]) -> None:
    assert pays_within(200, cycle(sizes))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([64, 96, 32, 160, 96], id="single messages over 32 connections"),
        pytest.param([192, 128, 192, 320], id="over 64"),
        pytest.param([128, 128, 192, 128, 224], id="over 32 with webhooks"),
        pytest.param([17, 40, 44, 60] * 3 + [381], id="over many at half load, now and then in a rush"),
        pytest.param([512, 512, 300, *[3] * 500], id="a batch of some hundred between single messages"),
    ],
)
def test_small_commits_never_pay(sizes: list[int]) -> None:
    assert not pays_within(100_000, cycle(sizes))


def test_a_few_large_commits_are_not_enough() -> None:
    large = LargeCommits()
    needed = (ENOUGH_ROWS - 1) // LARGE_ROWS
    assert not any(large.pay(LARGE_ROWS) for _ in range(needed))
    assert large.pay(LARGE_ROWS)


def test_it_still_pays_when_asked_again_and_not_after_small_ones() -> None:
    large = LargeCommits(large_rows=100, enough_rows=1_000)
    assert [large.pay(rows) for rows in (1_000, 500, 10, 100)] == [True, True, False, True]
