"""`python -m benchmarks.sick`: one-time codes beside an operator that is up and useless, in each of several ways.

A route `[a, b]`, a sick from the first message on, b healthy, times as the gateway has them by default. Codes come at a
fixed rate; what counts is the time from when a code was due until b got it, or a, where a is only slow and takes what
it gets. Promotional messages on the same route must wait for a and never reach b. Then a recovers, and has to get codes
again. The exit code is 1 when a code is lost or expired, came to b twice, took longer than `--wanted` at the 99th
percentile, or a was not taken back.
"""

import argparse
import asyncio
import contextlib
import math
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp

from benchmarks.machine import reference_us
from gateway.tools.trial_site import Code, Stage
from operators.simulator import Faults, Onlooker, Simulator
from operators.smpp import pdu as p
from operators.smpp import status as st

WAYS: Final[Mapping[str, Faults]] = {
    "throttles": Faults(throttle_rate=1.0),
    "queue full": Faults(queue_full_rate=1.0),
    "silent": Faults(silent_rate=1.0),
    "slow (8 s)": Faults(answer_delay_s=8.0),
    "passing errors": Faults(error_rate=1.0, error_status=st.RX_T_APPN),
    "refuses all": Faults(error_rate=1.0, error_status=st.RINVSYSID),
}
PROMOTIONAL: Final = 50
DRAIN_S: Final = 60.0
"""How long the last codes may take before they count as lost."""
BACK_S: Final = 90.0
BACK_RATE_PER_S: Final = 20.0
BACK_CODES: Final = 20
"""Codes that a takes after it has recovered, for it to count as taken back."""


class Arrivals(Onlooker):
    """When each number's message first came, by `time.monotonic`, and how often one came again."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.again = 0

    def submitted(self, submit: p.SubmitSm) -> None:
        if submit.destination_addr in self.at:
            self.again += 1
        else:
            self.at[submit.destination_addr] = time.monotonic()


class Outcome(NamedTuple):
    """p50_s, p99_s, longest_s: from when a code was due until it arrived. doubled: codes that came to b again.

    back_s: from the recovery of a until it had codes again; infinite when it got none. crossed: promotional messages
    at b.
    """

    codes: int
    arrived: int
    p50_s: float
    p99_s: float
    longest_s: float
    doubled: int
    crossed: int
    back_s: float

    def holds(self, wanted_s: float) -> bool:
        whole = self.arrived == self.codes and not self.doubled and not self.crossed
        return whole and self.p99_s <= wanted_s and math.isfinite(self.back_s)


class Bench:
    """Both SMSCs, the gateway, and who sends through it."""

    def __init__(self, folder: Path, python: Path | None) -> None:
        self.at_a, self.at_b = Arrivals(), Arrivals()
        self.a = Simulator(password="", onlooker=self.at_a)
        self.b = Simulator(password="", onlooker=self.at_b)
        self._folder = folder
        self._code = Code(python=python)
        self._numbers = 0

    @contextlib.asynccontextmanager
    async def standing(self) -> AsyncIterator["Bench"]:
        await self.a.start()
        await self.b.start()
        stage = Stage(self._folder, smsc_port=self.b.port, more=_settings(self.a, self.b), code=self._code)
        try:
            await asyncio.to_thread(stage.prepare)
            words = ("key", "add", stage.customer, "--allow-class", "promotional", "--allow-class", "otp")
            key = (await asyncio.to_thread(stage.command, *words))["key"]
            async with aiohttp.ClientSession(stage.url, headers={"Authorization": f"Bearer {key}"}) as self._session:
                await self._until_known()
                for smsc in (self.a, self.b):
                    async with asyncio.timeout(DRAIN_S):
                        await smsc.until(lambda tally: tally.binds > 0)
                yield self
        finally:
            await asyncio.to_thread(stage.stop)
            await self.a.stop()
            await self.b.stop()

    async def _until_known(self) -> None:
        async with asyncio.timeout(DRAIN_S):
            while (await self._session.get("/v1/messages")).status != 200:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)

    async def send(self, message_class: str) -> str:
        """One message to a number of its own, which is returned as SMPP has it. Raises RuntimeError when refused."""
        self._numbers += 1
        number = f"96650{self._numbers:07d}"
        fields = {"to": f"+{number}", "from": "INTERKEY", "text": "Your code is 482913", "class": message_class}
        async with self._session.post("/v1/messages", json=fields) as answer:
            if answer.status != 202:
                raise RuntimeError(f"the gateway answered {answer.status}")
        return number

    async def codes(self, count: int, rate_per_s: float) -> dict[str, float]:
        """By number: when each was due, by `time.monotonic`."""
        began, due, sends = time.monotonic(), {}, []

        async def one(at: float) -> None:
            due[await self.send("otp")] = at

        for index in range(count):
            at = began + index / rate_per_s
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            sends.append(asyncio.create_task(one(at)))
        await asyncio.gather(*sends)
        return due

    async def recovery_s(self) -> float:
        """Until a, healthy from now on, has taken codes again."""
        self.a.faults = Faults()
        began, sent = time.monotonic(), set[str]()
        while len(sent & self.at_a.at.keys()) < BACK_CODES:
            if time.monotonic() - began > BACK_S:
                return math.inf
            sent |= (await self.codes(1, BACK_RATE_PER_S)).keys()
            await asyncio.sleep(1 / BACK_RATE_PER_S)
        return time.monotonic() - began

    def arrived(self) -> dict[str, float]:
        """By number: when each message first came to b, or to a where that takes whatever it gets."""
        found = dict(self.at_b.at)
        if self.a.faults.spare_submits:
            for number, at in self.at_a.at.items():
                found[number] = min(at, found.get(number, math.inf))
        return found


async def run(faults: Faults, count: int, rate_per_s: float, python: Path | None) -> Outcome:
    """One way of being sick, with a gateway of its own."""
    with tempfile.TemporaryDirectory(prefix="sick-") as folder:
        async with Bench(Path(folder) / "stage", python).standing() as bench:
            bench.a.faults = faults
            waiting = [await bench.send("promotional") for _ in range(PROMOTIONAL)]
            due = await bench.codes(count, rate_per_s)
            arrived = await _all_arrived(bench, due)
            took = sorted(arrived[number] - at for number, at in due.items() if number in arrived) or [math.inf]
            return Outcome(
                codes=count,
                arrived=len(due.keys() & arrived.keys()),
                p50_s=took[len(took) // 2],
                p99_s=took[math.ceil(len(took) * 0.99) - 1],
                longest_s=took[-1],
                doubled=bench.at_b.again,
                crossed=len(bench.at_b.at.keys() & set(waiting)),
                back_s=await bench.recovery_s(),
            )


async def _all_arrived(bench: Bench, due: Mapping[str, float]) -> dict[str, float]:
    """When each message arrived, once all of these have, or the last have taken too long."""
    deadline = time.monotonic() + DRAIN_S
    while not due.keys() <= (arrived := bench.arrived()).keys() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return arrived


def _settings(a: Simulator, b: Simulator) -> str:
    operators = "".join(
        f'[[operators]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {smsc.port}\nsystem_id = "gateway"\n'
        for name, smsc in (("a", a), ("b", b))
    )
    routes = "".join(f'[[routes]]\nclasses = ["{each}"]\noperators = ["a", "b"]\n' for each in ("otp", "promotional"))
    return operators + routes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3_000, help="codes of each way")
    parser.add_argument("--rate", type=float, default=100.0, help="codes a second")
    parser.add_argument("--wanted", type=float, default=5.0, help="seconds, at the 99th percentile")
    parser.add_argument("--way", choices=list(WAYS), action="append", help="only this one; repeatable")
    parser.add_argument(
        "--python", type=Path, help="of the environment whose gateway runs, such as .venv-compiled/bin/python"
    )
    chosen = parser.parse_args()
    held = True
    print(f"100 additions in a loop: {reference_us():.2f} µs")
    print(f"{'a':<16}{'at b':>12}{'p50 s':>9}{'p99 s':>9}{'max s':>9}{'twice':>7}{'promo':>7}{'back s':>8}")
    for way in chosen.way or WAYS:
        outcome = asyncio.run(run(WAYS[way], chosen.count, chosen.rate, chosen.python))
        ends = "" if outcome.holds(chosen.wanted) else "  missed"
        held = held and not ends
        print(
            f"{way:<16}{f'{outcome.arrived}/{outcome.codes}':>12}{outcome.p50_s:>9.2f}{outcome.p99_s:>9.2f}"
            f"{outcome.longest_s:>9.2f}{outcome.doubled:>7}{outcome.crossed:>7}{outcome.back_s:>8.1f}{ends}",
            flush=True,
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
