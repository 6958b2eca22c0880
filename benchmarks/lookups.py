"""Look-ups of statuses beside traffic: the same open loop alone, and with customers who ask how their messages fare."""

from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.child import Child
from benchmarks.engines import Engine
from benchmarks.figures import Result, Window, over
from benchmarks.following import Watch
from benchmarks.requests import Lot
from benchmarks.scenarios import WARM_UP, Options, open_loops, rates_of
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong

CONNECTIONS: Final = 32
EVERY: Final = 4
"""Customers who want to know soon have webhooks; look-ups are for the rest."""


def lookups(engine: Engine, options: Options, watch: Watch) -> Result:
    """A look-up for every `EVERY` messages. `open` has the rate alone; the note says what it became beside them."""
    target = GatewayTarget(FOLDER, engine, python=options.python)
    with standing(Bench(target, Plan(), watch)) as bench:
        bench.window(min(WARM_UP, options.messages), name="warm-up")
        closed = [bench.window(options.messages, name=f"closed loop {n + 1}") for n in range(options.runs)]
        rates, _ = rates_of(closed, options)
        if not rates:
            raise Wrong("look-ups need an open loop below the capacity")
        alone = list(open_loops(bench, rates, options))
        asked = [beside(bench, window, number) for number, window in enumerate(alone)]
        checked = bench.check()
    before, during = over(alone, "answer_ms.p99"), over([window for window, _ in asked], "answer_ms.p99")
    waits = sorted(wait for _, wait in asked)
    return Result(
        scenario="lookups",
        target=target.name,
        engine=engine.name,
        closed=closed,
        open=alone,
        checked=checked,
        build=target.build,
        notes=[
            f"202 p99 {before.median:.1f} ms alone, {during.median:.1f} ms beside a look-up for {EVERY} messages",
            f"look-ups: p99 {waits[len(waits) // 2]:.1f} ms",
        ],
    )


def beside(bench: Bench, alone: Window, number: int) -> tuple[Window, float]:
    """The same window with look-ups; and their p99 in milliseconds."""
    generator = bench.generator(alone.messages, alone.rate_per_s)
    asker = Child("benchmarks.load", job(bench, alone))
    try:
        asker.say({"go": True})
        window = bench.measure(generator, alone.messages, alone.rate_per_s, f"beside look-ups {number + 1}")
        told = asker.hear()
    finally:
        asker.stop()
    if told["statuses"] != {"200": asked_of(alone)}:
        raise Wrong(f"look-ups were answered {told['statuses']}")
    return window, float(told["p99_ms"])


def asked_of(alone: Window) -> int:
    """Look-ups beside a window like this one."""
    return max(1, alone.messages // EVERY)


def job(bench: Bench, alone: Window) -> dict[str, object]:
    lot = Lot(
        port=bench.target.port, shape="lookup", count=asked_of(alone), secret=bench.target.secret, ids=bench.ids[-1000:]
    )
    return {
        "lot": msgspec.to_builtins(lot),
        "rate_per_s": alone.rate_per_s / EVERY,
        "connections": CONNECTIONS,
        "path": str(bench.folder / "lookups.bin"),
    }
