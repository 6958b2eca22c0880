"""`python -m benchmarks reload`: the time to a 202 while settings are reloaded a hundred times, beside the time before.

A customer posts messages at a fixed rate, over connections that stay open, from when each is due. First nobody changes
anything; then the settings file is written and SIGHUP sent again and again, each time once the last reload was taken
over: another window of the operator, whose link is made anew, another route, another limit.
Every message must be taken and delivered, and its webhook must come.
"""

import asyncio
import math
import os
import signal
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.fairness import Heard, Quiet
from benchmarks.machine import reference_us
from gateway.tools.trial_site import Code, Stage

ALLOWED: Final = 1.2
"""p99 while reloads run, in times that of before."""
LOOK_S: Final = 0.005
LIMIT_S: Final = 30.0
_TAKEN_OVER: Final = b'"reloaded"'


class Turn(msgspec.Struct, frozen=True):
    """Milliseconds of one turn without reloads and of one with them; reloads: that were taken over."""

    quiet: list[float]
    beside: list[float]
    reloads: int
    refused: int
    lost: int


def run(turns: int, rate_per_s: float, reloads: int, python: Path | None) -> Iterator[Turn]:
    """python: of the environment whose gateway runs; None is this one's."""
    print(f"100 additions in a loop: {reference_us():.2f} µs; load {os.getloadavg()[0]:.1f}")
    for _ in range(turns):
        with tempfile.TemporaryDirectory(prefix="reload-") as folder:
            yield asyncio.run(_turn(Path(folder), rate_per_s, reloads, python))


async def _turn(folder: Path, rate_per_s: float, reloads: int, python: Path | None) -> Turn:
    stage, heard = Stage(folder / "stage", log_level="info", code=Code(python=python)), Heard()
    try:
        await asyncio.to_thread(stage.prepare)
        async with heard.listening():
            await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, f"http://127.0.0.1:{heard.port}/")
            async with Quiet(stage.url, stage.key).opened() as customer:
                await customer.post_all(rate_per_s, 1.0)  # warm
                customer.taken.clear()
                stopped = asyncio.create_task(_reload(stage, reloads))
                beside: list[float] = []
                while not stopped.done():
                    beside += await _posted(customer, rate_per_s)
                quiet = [each for _ in range(3) for each in await _posted(customer, rate_per_s)]
                lost = await heard.until(set(customer.taken))
                return Turn(sorted(quiet), sorted(beside), await stopped, customer.refused, lost)
    finally:
        await asyncio.to_thread(stage.stop)


async def _posted(customer: Quiet, rate_per_s: float) -> list[float]:
    """Of a second or so: milliseconds of each message."""
    before = set(customer.taken)
    await customer.post_all(rate_per_s, 1.0)
    return [took for name, took in customer.taken.items() if name not in before]


async def _reload(stage: Stage, times: int) -> int:
    """How many were taken over, one after the other."""
    file = stage.folder / "gateway.toml"
    text = file.read_text("utf-8")
    for number in range(1, times + 1):
        changed = text.replace("window = 256", f"window = {256 + number % 7}")
        changed = changed.replace("[http]\n", f"[http]\nmax_inflight = {5_000 + number}\n")
        file.write_text(f'{changed}label = "{number}"\n', encoding="utf-8")
        stage.gateway.send_signal(signal.SIGHUP)
        async with asyncio.timeout(LIMIT_S):
            while stage.log.read_bytes().count(_TAKEN_OVER) < number:  # noqa: ASYNC110  another process
                await asyncio.sleep(LOOK_S)
    return times


def shown(turns: Iterator[Turn]) -> bool:
    """A line each, as they come, and the median; whether it holds."""
    ratios: list[float] = []
    held = True
    print(f"{'202s':>8}{'reloads':>9}{'lost':>6}{'p99 before ms':>15}{'p99 beside ms':>15}{'ratio':>8}")
    for each in turns:
        before, beside = _p99(each.quiet), _p99(each.beside)
        ratios.append(beside / before)
        held = held and not (each.refused or each.lost)
        count = len(each.quiet) + len(each.beside)
        print(f"{count:>8}{each.reloads:>9}{each.lost:>6}{before:>15.1f}{beside:>15.1f}{ratios[-1]:>8.2f}", flush=True)
    median = statistics.median(ratios)
    print(f"median ratio {median:.2f}, allowed {ALLOWED:.2f}")
    return held and median <= ALLOWED


def _p99(took: list[float]) -> float:
    return took[math.ceil(len(took) * 0.99) - 1]
