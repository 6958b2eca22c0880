"""Throughput that workers share: what one takes is gone for all, and no more than the limit is ever given."""

import multiprocessing
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.buckets import SETS, WAYS, OwnBuckets, SharedBuckets, create_table
from gateway.model.owners import LimitOwner
from operators.bucket import TokenBucket

NOW = 1_000.0


@pytest.fixture
def table() -> int:
    return create_table()


def test_what_one_worker_takes_is_gone_for_the_others(table: int) -> None:
    one, other = (SharedBuckets(os.dup(table)).bucket(LimitOwner(7), 10.0, 5, NOW) for _ in range(2))
    assert one.wait_s(5, NOW) == 0.0
    one.take(5, NOW)
    assert other.wait_s(1, NOW) == pytest.approx(0.1)
    assert other.wait_s(1, NOW + 0.1) == pytest.approx(0.0)
    other.take(1, NOW + 0.1)
    assert one.wait_s(1, NOW + 0.1) == pytest.approx(0.1)


@given(
    rate=st.floats(0.1, 1_000),
    burst=st.integers(1, 50),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 20)), max_size=30),
)
def test_a_shared_bucket_and_an_own_one_are_like_an_operators(
    rate: float, burst: int, steps: list[tuple[float, int]]
) -> None:
    model = TokenBucket(rate, burst, NOW)
    buckets = [made.bucket(LimitOwner(7), rate, burst, NOW) for made in (SharedBuckets(create_table()), OwnBuckets())]
    now = NOW
    for pause_s, messages in steps:
        now += pause_s
        for bucket in buckets:
            assert bucket.wait_s(messages, now) == pytest.approx(model.wait_s(messages, now), abs=1e-6)
        if model.take(messages, now):
            for bucket in buckets:
                bucket.take(messages, now)


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 3), st.integers(1, 20), st.floats(0.1, 100), st.integers(1, 50)), min_size=1, max_size=30
    )
)
def test_a_bucket_whose_rate_changes_gives_what_each_rate_earned(steps: list[tuple[float, int, float, int]]) -> None:
    buckets = [made.bucket(LimitOwner(7), 10.0, 10, NOW) for made in (SharedBuckets(create_table()), OwnBuckets())]
    now, earned, given, rate = NOW, 10.0, 0, 10.0
    for pause_s, messages, next_rate, burst in steps:
        now += pause_s
        earned += pause_s * rate
        waits = [bucket.wait_s(messages, now) for bucket in buckets]
        assert waits[0] == pytest.approx(waits[1], abs=1e-6)
        for bucket in buckets:
            if not waits[1]:
                bucket.take(messages, now)
            bucket.change(next_rate, burst, now)
        rate = next_rate
        given += 0 if waits[1] else messages
    assert given <= earned + 20 + 1e-6  # the last one may have passed a full bucket on credit


def test_owners_do_not_disturb_one_another(table: int) -> None:
    buckets = SharedBuckets(table)
    owners = [number for number in range(-500, 500) if number]
    for owner in owners:
        buckets.bucket(LimitOwner(owner), 1.0, 2, NOW).take(2, NOW)
    waits = [buckets.bucket(LimitOwner(owner), 1.0, 2, NOW).wait_s(1, NOW) for owner in owners]
    assert waits == [1.0] * len(owners)
    assert buckets.bucket(LimitOwner(501), 1.0, 2, NOW).wait_s(1, NOW) == 0.0


def test_slots_of_owners_who_were_quiet_are_given_away(table: int) -> None:
    buckets = SharedBuckets(table)
    many = 3 * SETS * WAYS
    for owner in range(1, many):
        now = NOW + 10 * owner
        bucket = buckets.bucket(LimitOwner(owner), 1.0, 1, now)
        bucket.take(1, now)
        assert bucket.wait_s(1, now) == 1.0


def test_a_changed_limit_holds_at_once(table: int) -> None:
    buckets = SharedBuckets(table)
    buckets.bucket(LimitOwner(7), 1.0, 100, NOW).take(50, NOW)
    assert buckets.bucket(LimitOwner(7), 1.0, 10, NOW).wait_s(10, NOW) == 0.0
    buckets.bucket(LimitOwner(7), 1.0, 10, NOW).take(10, NOW)
    assert buckets.bucket(LimitOwner(7), 4.0, 10, NOW).wait_s(1, NOW) == 0.25


def _take_all(descriptor: int, until: float, taken: "multiprocessing.Queue[int]") -> None:
    bucket = SharedBuckets(descriptor).bucket(LimitOwner(7), 2_000.0, 100, time.monotonic())
    count = 0
    while (now := time.monotonic()) < until:
        if bucket.wait_s(1, now) <= 0.0:
            bucket.take(1, now)
            count += 1
    taken.put(count)


def test_processes_together_get_what_the_limit_says(table: int) -> None:
    context = multiprocessing.get_context("fork")
    taken: multiprocessing.Queue[int] = context.Queue()
    begin = time.monotonic()
    until = begin + 1.0
    workers = [context.Process(target=_take_all, args=(table, until, taken)) for _ in range(3)]
    for each in workers:
        each.start()
    total = sum(taken.get(timeout=30) for _ in workers)
    for each in workers:
        each.join()
    assert 100 <= total <= 2_100 + len(workers)  # each may see the last token before another takes it
