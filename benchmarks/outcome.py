"""What a run came to, read beside the gateway: from its ledger and from the system."""

import sqlite3
import time

import psutil

from gateway.stage import Stage


class Wrong(Exception):
    """A run that lost or repeated a message is no measurement."""


def statuses(stage: Stage) -> dict[int, int]:
    """How many messages stand in which status, read beside the gateway."""
    connection = sqlite3.connect(f"file:{stage.ledger}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT final_ms IS NOT NULL, count(*) FROM message GROUP BY 1"))
    finally:
        connection.close()


def await_final(stage: Stage, count: int, *, limit_s: float = 300.0) -> float:
    """Wait until `count` messages are final; when."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        now = statuses(stage)
        if now.get(1, 0) >= count:
            if sum(now.values()) != count:
                raise Wrong(f"{sum(now.values())} messages are stored, {count} were accepted")
            return time.perf_counter()
        time.sleep(0.05)
    raise Wrong(f"only {statuses(stage)} of {count} messages became final")


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20
