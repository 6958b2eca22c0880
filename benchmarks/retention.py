"""What forgetting costs while messages come in: a sweep of expired records beside an open loop at half rate.

The ledger is filled behind the gateway's back with records that expire all at one moment, a little later. Before that
moment the latency of accepting is measured on the full ledger; after it, slice by slice, while the sweep runs. Slices
that the sweep did not fill are not counted. Both figures come from one run, on one ledger.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.stored import fill as fill_shared
from benchmarks.stored import ledger_of, message_of
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from gateway.model.message import Message
from gateway.tools.trial_site import Stage

DAY_MS: Final = 86_400_000
SLICE_S: Final = 4.0
BASELINE_SLICES: Final = 6
BASELINE_S: Final = BASELINE_SLICES * (SLICE_S + 1.5) + 10
FILL_S: Final = 50e-6
SHARED_FILL_S: Final = 150e-6
"""For each record; generous."""
CUSTOMER: Final = 1
CLOSED: Final = 10_000
WARM_UP: Final = 3_000
LIMIT_S: Final = 300.0
SWEPT_PER_S: Final = 20_000
MORE: Final = 0.2
SWEEPER: Final = """
[sweeper]
interval_s = 0.5
batch_limit = {batch}
"""
COLUMNS: Final = (
    *("id", "customer", "subject", "country", "last_two", "class", "tag", "status", "segments", "encoding", "operator"),
    *("accepted_ms", "due_ms", "expires_ms", "content_until_ms", "record_until_ms", "attempts", "retry_unknown"),
    *("submitted_ms", "final_ms", "operator_ids", "parts", "disclosure", "key_id", "notify"),
)


def run(
    engine: Engine, watch: Watch, *, records: int, rate_per_s: float, batch: int, python: Path | None = None
) -> Result:
    """rate_per_s: of the open loop; 0 measures the closed loop first and takes half of it. batch: the sweeper's.
    python: of the environment whose gateway is measured; None is this one's.
    """
    target = GatewayTarget(FOLDER, engine, settings=SWEEPER.format(batch=batch), python=python)
    with standing(Bench(target, Plan(), watch)) as bench:
        closed = [] if rate_per_s else [bench.window(CLOSED)]
        rate = rate_per_s or closed[0].per_s / 2
        target.stage.stop_gateway()
        expiry_ms = expiry_of(records, FILL_S if engine.name == "sqlite" else SHARED_FILL_S)
        if engine.name == "sqlite":
            fill(target.stage.ledger, records, expiry_ms)
        else:
            asyncio.run(fill_shared(ledger_of(target), records, watch, expired(records, expiry_ms)))
        os.sync()  # what was filled in must not be written out while something is measured
        target.stage.start_gateway()
        bench.window(WARM_UP, name="warm-up on the full ledger")
        before = [load_slice(bench, rate, "before the sweep") for _ in range(BASELINE_SLICES)]
        wait_until(expiry_ms)
        during = list(while_sweeping(bench, target.stage, rate, records))
        swept = sweep_of(target.stage.log.read_bytes(), records)
        if swept is None:
            raise Wrong(f"the sweep did not end within {LIMIT_S:.0f} s")
        checked = bench.check()
    notes = [told(records, before, during[:-1] or during, swept)]
    return Result(
        scenario="retention",
        target=target.name,
        engine=engine.name,
        closed=closed,
        open=[*before, *during],
        checked=checked,
        build=target.build,
        notes=notes,
        thresholds=thresholds(before, during[:-1] or during, swept),
    )


def expiry_of(records: int, fill_s: float) -> int:
    """When they expire: later than filling and the baseline take."""
    return round((time.time() + records * fill_s + BASELINE_S) * 1000)


def fill(ledger: Path, records: int, expiry_ms: int) -> None:
    """Put in final records of as many people, by SQL: three times as fast as by the ledger's own code."""
    connection = sqlite3.connect(ledger, isolation_level=None)
    connection.execute("PRAGMA cache_size = -400000")
    connection.execute("BEGIN")
    names, places = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
    connection.executemany(f"INSERT INTO message ({names}) VALUES ({places})", rows(records, expiry_ms))
    connection.execute(
        "INSERT INTO correlation SELECT operator, replace(operator_ids, x'1f', ''), id, 0 FROM message"
        " WHERE operator = 'stc' ORDER BY operator_ids"
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def expired(records: int, expiry_ms: int) -> Iterator[list[Message]]:
    """The same for the ledger's own code: messages of one day, three months ago."""
    first_ms, batch = expiry_ms - 91 * DAY_MS, 2_000
    for start in range(0, records, batch):
        messages = [
            message_of(number, first_ms + number * DAY_MS // records, expiry_ms, CUSTOMER)
            for number in range(start, min(start + batch, records))
        ]
        for each in messages:
            each.record_until_ms = expiry_ms
        yield messages


def rows(records: int, expiry_ms: int) -> Iterator[tuple[object, ...]]:
    first_ms = expiry_ms - 91 * DAY_MS
    for index in range(records):
        at_ms = first_ms + index * DAY_MS // records
        identifier = at_ms.to_bytes(6, "big") + (index & 0xFFFF).to_bytes(2, "big") + os.urandom(8)
        yield (
            *(identifier, 1, os.urandom(16), 966, index % 100, 1, "transactional", 3, 1, "gsm7", "stc"),
            *(at_ms, None, at_ms + DAY_MS, at_ms + DAY_MS, expiry_ms, 1, 1, at_ms + 100, at_ms + 2_000),
            *(f"{index:016x}\x1f", b"\x02", 31, 1, 0),
        )


def load_slice(bench: Bench, rate: float, name: str) -> Window:
    return bench.window(round(rate * SLICE_S), rate, name)


def wait_until(moment_ms: int) -> None:
    time.sleep(max(0.0, moment_ms / 1000 + 0.5 - time.time()))


def while_sweeping(bench: Bench, stage: Stage, rate: float, records: int) -> Iterator[Window]:
    """Slices until the sweep has ended; the last one was not filled by it."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        yield load_slice(bench, rate, "during the sweep")
        if sweep_of(stage.log.read_bytes(), records):
            return


def sweep_of(log: bytes, records: int) -> dict[str, Any] | None:
    """What the log says of a sweep once it has taken all: of workers each has its share, and the slowest tells."""
    count, seconds = 0, Counter[int]()
    for line in log.splitlines():
        if b'"records_forgotten"' in line:
            event = json.loads(line)
            count += event["count"]
            seconds[event.get("worker", 0)] += event["seconds"]
    return {"count": count, "seconds": max(seconds.values())} if count >= records else None


def told(records: int, before: list[Window], during: list[Window], swept: dict[str, Any]) -> str:
    """The answer in one sentence."""
    quiet = [each.answer_ms.p99 for each in before]
    busy = [each.answer_ms.p99 for each in during]
    return (
        f"{records} expired records swept in {swept['seconds']:.1f} s; 202 p99, median of slices of {SLICE_S:.0f} s:"
        f" {statistics.median(quiet):.1f} ms before ({min(quiet):.1f}–{max(quiet):.1f}),"
        f" {statistics.median(busy):.1f} ms during ({min(busy):.1f}–{max(busy):.1f})"
    )


def thresholds(before: list[Window], during: list[Window], swept: dict[str, Any]) -> list[Threshold]:
    """What a sweep has to reach."""
    per_s = swept["count"] / swept["seconds"]
    quiet, busy = (statistics.median(each.answer_ms.p99 for each in windows) for windows in (before, during))
    return [
        Threshold(
            result="retention",
            text=f"swept at {SWEPT_PER_S:,}/s at least",
            value=f"{per_s:,.0f}/s",
            met=per_s >= SWEPT_PER_S,
        ),
        Threshold(
            result="retention",
            text=f"answer p99 during the sweep longer by {MORE:.0%} at most",
            value=f"{busy / quiet - 1:+.0%}",
            met=busy <= quiet * (1 + MORE),
        ),
    ]
