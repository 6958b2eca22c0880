"""What processes used, read from the system: CPU, octets written to disk, memory; no process is asked."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
import psutil

LIMIT_SHARE: Final = 0.8
"""Of a core; a generator or SMSC busier than that may itself be the limit."""


HELD_MS: Final = 20.0
"""A generator that stood still for longer is told of."""


class Reading(msgspec.Struct, frozen=True):
    """At one moment. cpu_s: by role. written_bytes: by the target, and what keeps its data."""

    moment: float
    cpu_s: dict[str, float]
    written_bytes: int


class Meter:
    """roles: processes by role. target: the role whose memory counts, and with whose processes those count that they
    start later. storing: more roles whose octets on the disk count with its own."""

    def __init__(self, roles: Mapping[str, Sequence[int]], target: str, storing: Iterable[str] = ()) -> None:
        self._roles = {role: [psutil.Process(pid) for pid in pids] for role, pids in roles.items() if pids}
        self._target = target
        self._storing = [target, *(role for role in storing if role != target)]

    def read(self) -> Reading:
        self._look_for_more()
        cpu = {role: sum(map(cpu_s, processes)) for role, processes in self._roles.items()}
        octets = sum(written(each) for role in self._storing for each in self._roles[role])
        return Reading(time.perf_counter(), cpu, octets)

    def _look_for_more(self) -> None:
        processes = self._roles[self._target]
        known = {each.pid for each in processes}
        found = {pid for each in known for pid in family(each)}
        processes += map(psutil.Process, sorted(found - known))

    def rss_mb(self) -> float:
        return sum(float(each.memory_info().rss) for each in self._roles[self._target]) / 2**20


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def written(process: psutil.Process) -> int:
    """Octets that went to the disk because of this process."""
    return int(process.io_counters().write_bytes)


def rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def limiting(busy: Mapping[str, float], target: str) -> Iterable[str]:
    """Warnings of processes that may have held the target up."""
    for role, share in busy.items():
        if role != target and share > LIMIT_SHARE:
            yield f"{role} used {share:.0%} of a core and may be the limit"


def held_up(held_ms: float) -> Iterable[str]:
    """A warning of a generator that stood still itself."""
    if held_ms > HELD_MS:
        yield f"the generator was held up for {held_ms:,.0f} ms: what fell due then left late, whatever the target did"


def family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    process = psutil.Process(pid)
    yield pid
    yield from (child.pid for child in process.children(recursive=True))
