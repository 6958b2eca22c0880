"""What the log says of a sweep, and what is filled in for it."""

import json

from benchmarks.retention import DAY_MS, expired, sweep_of


def line(count: int, seconds: float, **more: int) -> bytes:
    return json.dumps({"event": "records_forgotten", "count": count, "seconds": seconds, **more}).encode()


def test_a_sweep_has_ended_when_all_is_gone() -> None:
    log = b"\n".join([b'{"event": "started"}', line(900, 1.0)])
    assert sweep_of(log, 1_000) is None
    assert sweep_of(log + b"\n" + line(100, 0.5), 1_000) == {"count": 1_000, "seconds": 1.5}


def test_workers_sweep_at_the_same_time_and_the_slowest_tells() -> None:
    log = b"\n".join([line(500, 1.0, worker=1), line(400, 2.5, worker=2), line(100, 1.0, worker=1)])
    assert sweep_of(log, 1_000) == {"count": 1_000, "seconds": 2.5}


def test_expired_messages_are_of_one_day_and_end_together() -> None:
    expiry_ms = 1_900_000_000_000
    messages = [each for batch in expired(4_100, expiry_ms) for each in batch]
    assert len({each.id for each in messages}) == 4_100
    assert {each.record_until_ms for each in messages} == {expiry_ms}
    assert {each.content for each in messages} == {None}
    assert max(each.accepted_ms for each in messages) - min(each.accepted_ms for each in messages) < DAY_MS
