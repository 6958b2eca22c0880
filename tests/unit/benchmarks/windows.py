"""Windows and reports with made-up figures, for tests of what is drawn and compared."""

from typing import Any

import msgspec

from benchmarks.figures import Machine, Percentiles, Report, Result, Window

MACHINE = Machine(
    cores=2, python="3.11.0", system="Linux x86_64", version="1", began="2026-01-01 00:00 UTC", reference_us=(2.0, 2.0)
)


def window(**changes: Any) -> Window:
    usual = Window(
        messages=1000,
        rate_per_s=0.0,
        seconds=0.25,
        per_s=4000.0,
        answered_per_s=4100.0,
        cpu_us={"gateway": 180.0, "smsc": 17.0, "generator": 9.0},
        busy={"gateway": 0.9, "smsc": 0.07, "generator": 0.04},
        answer_ms=Percentiles(5.0, 6.0, 9.0, 11.0, 12.0),
        submit_ms=Percentiles(1.0, 2.0, 3.0, 4.0, 5.0),
        told_ms=None,
        pause_ms=8.0,
        rss_mb=80.0,
        written_bytes=9000.0,
        timeline=[(0.05, 100, 90), (0.15, 500, 480), (0.25, 1000, 990)],
    )
    return msgspec.structs.replace(usual, **changes)


def result(**changes: Any) -> Result:
    usual = Result(scenario="http", target="gateway", engine="sqlite", closed=[window()] * 3, checked=3000)
    return msgspec.structs.replace(usual, **changes)


def report(*results: Result) -> Report:
    return Report(machine=MACHINE, results=list(results or [result()]))
