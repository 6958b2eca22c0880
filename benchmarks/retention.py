"""What forgetting costs while messages come in: a sweep of expired records beside an open loop at half rate.

The ledger is filled behind the gateway's back with records that expire all at one moment, a little later. Before that
moment the latency of accepting is measured on the full ledger; after it, slice by slice, while the sweep runs. Slices
that the sweep did not fill are not counted. Both figures come from one run, on one file.
"""

import json
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from gateway.stage import Stage, staged

Generate = Callable[[Stage, int, float], dict[str, Any]]
Load = dict[str, Any]

DAY_MS: Final = 86_400_000
SLICE_S: Final = 4.0
BASELINE_SLICES: Final = 6
BASELINE_S: Final = BASELINE_SLICES * (SLICE_S + 1.5) + 10
FILL_S: Final = 50e-6
"""For each record; generous."""
CLOSED: Final = 10_000
WARM_UP: Final = 3_000
LIMIT_S: Final = 300.0
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


def run(folder: Path, records: int, rate_per_s: float, batch: int, generate: Generate) -> None:
    """rate_per_s: of the open loop; 0 measures the closed loop first and takes half of it. batch: the sweeper's."""
    with staged(Stage(folder, more=SWEEPER.format(batch=batch))) as stage:
        rate = rate_per_s or generate(stage, CLOSED, 0.0)["per_s"] / 2
        stage.stop_gateway()
        expiry_ms = fill(stage.ledger, records)
        stage.start_gateway()
        generate(stage, WARM_UP, 0.0)
        before = [load_slice(stage, rate, generate) for _ in range(BASELINE_SLICES)]
        wait_until(expiry_ms)
        during = list(while_sweeping(stage, rate, generate))
        swept = await_sweep(stage, records)
    show(records, rate, before, during[:-1] or during, swept)


def fill(ledger: Path, records: int) -> int:
    """Put in final records of as many people; when they expire: later than the baseline takes."""
    expiry_ms = round((time.time() + records * FILL_S + BASELINE_S) * 1000)
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
    os.sync()  # what was filled in must not be written out while something is measured
    return expiry_ms


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


def load_slice(stage: Stage, rate: float, generate: Generate) -> Load:
    return generate(stage, round(rate * SLICE_S), rate)


def wait_until(moment_ms: int) -> None:
    time.sleep(max(0.0, moment_ms / 1000 + 0.5 - time.time()))


def while_sweeping(stage: Stage, rate: float, generate: Generate) -> Iterator[Load]:
    """Slices until the sweep has ended; the last one was not filled by it."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        yield load_slice(stage, rate, generate)
        if sweep_of(stage):
            return


def await_sweep(stage: Stage, records: int) -> dict[str, Any]:
    swept = sweep_of(stage)
    if swept is None or swept["count"] < records:
        raise SystemExit(f"the sweep did not end: {swept}")
    return swept


def sweep_of(stage: Stage) -> dict[str, Any] | None:
    """What the gateway's log says of its one large sweep."""
    found = None
    for line in stage.log.read_bytes().splitlines():
        if b'"records_forgotten"' in line:
            event = json.loads(line)
            if event["count"] > 10_000:
                found = event
    return found


def show(records: int, rate: float, before: list[Load], during: list[Load], swept: dict[str, Any]) -> None:
    quiet = [each["latency_ms"]["p99"] for each in before]
    busy = [each["latency_ms"]["p99"] for each in during]
    p99_before, p99_during = statistics.median(quiet), statistics.median(busy)
    speed = swept["count"] / swept["seconds"]
    print(f"sweep: {swept['count']} records in {swept['seconds']:.1f} s, {speed:.0f}/s (wanted: 20,000/s)")
    print(f"202 in an open loop at {rate:.0f}/s, {records} records in the ledger, slices of {SLICE_S:.0f} s:")
    for name, slices in (("before", before), ("during", during)):
        for each in slices:
            print(f"  {name} {each['latency_ms']}")
    print(
        f"median p99: {p99_before:.1f} ms before ({min(quiet):.1f} to {max(quiet):.1f}),"
        f" {p99_during:.1f} ms during ({min(busy):.1f} to {max(busy):.1f}):"
        f" {100 * (p99_during / p99_before - 1):+.0f} % (wanted: at most +20 %)"
    )
