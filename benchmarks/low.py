"""What a message costs where there are few, and what a gateway costs that has nothing to do.

Most installations run below a hundred messages a second, where a gateway's own housekeeping is what its CPU goes into.
Kannel gets the same messages at the same rates beside it, where it is installed.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.kannel import KannelTarget, program
from benchmarks.meter import Meter
from benchmarks.peers import Say, is_there
from benchmarks.scenarios import Options, warnings, whole
from benchmarks.targets import GatewayTarget, Target

NAME: Final = "low"
RATES_PER_S: Final = (50.0, 200.0, 500.0)
WARM_UP: Final = 200
IDLE_S: Final = 10.0
SETTLED_S: Final = 2.0
"""After the warm-up, until what it left to do is done."""
LEAST: Final = 1.5
"""A message costs that many times one of Kannel's at the same rate, at the most."""
IDLE_SHARE: Final = 0.005
"""Of a core, that an idle node uses at the most."""

Costs = Mapping[float, float]
"""Microseconds of CPU a message, the median of the runs, by messages a second."""


def measured(engine: Engine, options: Options, watch: Watch, say: Say) -> Iterator[Result]:
    """Kannel's result first, where it is there; then the gateway's, held against it."""
    beside: Costs = {}
    if is_there(lambda: (program("bearerbox"), program("smsbox")), say):
        kannel, _ = _run(KannelTarget(FOLDER), "", options, watch)
        beside = costs(kannel)
        yield kannel
    own, idle = _run(GatewayTarget(FOLDER, engine, python=options.python), engine.name, options, watch)
    yield msgspec.structs.replace(
        own,
        notes=[*own.notes, f"idle: {idle:.2%} of a core"],
        thresholds=[*held_against(costs(own), beside), held_idle(idle)],
    )


def _run(target: Target, engine: str, options: Options, watch: Watch) -> tuple[Result, float]:
    """And the share of a core that it uses with nothing to do."""
    with standing(Bench(target, Plan(habits=options.habits), watch)) as bench:
        bench.window(WARM_UP, RATES_PER_S[-1], "warm-up")
        time.sleep(SETTLED_S)
        idle = _idle(target)
        windows = [
            bench.window(whole(bench, rate * options.seconds), rate, f"{target.name} at {rate:.0f}/s, {number + 1}")
            for rate in sorted(options.rates_per_s or RATES_PER_S)
            for number in range(options.runs)
        ]
        checked = bench.check()
    found = Result(
        scenario=NAME,
        target=target.name,
        engine=engine,
        closed=[],
        open=windows,
        checked=checked,
        notes=warnings(windows, target.name),
        build=target.build,
    )
    return found, idle


def _idle(target: Target) -> float:
    meter = Meter(target.pids(), target.name)
    before = meter.read()
    time.sleep(IDLE_S)
    after = meter.read()
    return (after.cpu_s[target.name] - before.cpu_s[target.name]) / (after.moment - before.moment)


def costs(result: Result) -> Costs:
    by_rate: dict[float, list[Window]] = {}
    for window in result.open:
        by_rate.setdefault(window.rate_per_s, []).append(window)
    return {rate: statistics.median(each.cpu_us[result.target] for each in of) for rate, of in by_rate.items()}


def held_against(own: Costs, beside: Costs) -> Sequence[Threshold]:
    """Missed where there is nothing to hold it against."""
    return [
        Threshold(
            result=NAME,
            text=f"a message costs {LEAST} times one of Kannel's at {rate:.0f}/s at most",
            value=f"{own[rate]:.0f} µs beside {beside[rate]:.0f}: {own[rate] / beside[rate]:.2f} times"
            if rate in beside
            else f"{own[rate]:.0f} µs; Kannel was not measured",
            met=rate in beside and own[rate] <= LEAST * beside[rate],
        )
        for rate in own
    ]


def held_idle(share: float) -> Threshold:
    return Threshold(
        result=NAME,
        text=f"an idle node uses {IDLE_SHARE:.1%} of a core at most",
        value=f"{share:.2%}",
        met=share <= IDLE_SHARE,
    )
