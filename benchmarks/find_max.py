"""The highest rate at which everything wanted holds, found by halving between what held and what did not."""

from collections.abc import Sequence
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.habits import said
from benchmarks.scenarios import WARM_UP, Options, Scenario, warnings, whole
from benchmarks.targets import GatewayTarget
from benchmarks.thresholds import Wanted

STEP: Final = 0.04
"""Of the capacity: how exactly it is found."""
KEPT_UP: Final = 0.97
"""Of the rate: below, messages went out slower than they fell due."""


def find_max(
    scenario: Scenario, engine: Engine, options: Options, watch: Watch, wanted: Sequence[Wanted], peak_per_s: float
) -> Result:
    """peak_per_s: what the platform has to carry; 0 asks for no more than some rate."""
    target = GatewayTarget(FOLDER, engine, settings=scenario.settings, batched=scenario.batched, python=options.python)
    plan = msgspec.structs.replace(scenario.plan, habits=options.habits)
    tried: list[Window] = []
    with standing(Bench(target, plan, watch)) as bench:
        bench.window(min(WARM_UP, options.messages), name="warm-up")
        closed = [bench.window(options.messages, name="closed loop")]
        held, missed = 0.0, closed[0].per_s
        while missed - held > closed[0].per_s * STEP:
            rate = (held + missed) / 2
            window = bench.window(whole(bench, rate * options.seconds), rate, f"open loop {rate:.0f}/s")
            tried.append(window)
            if _holds(scenario.name, target.name, window, wanted):
                held = rate
            else:
                missed = rate
        checked = bench.check()
    value = f"{held:,.0f}/s" + (f", {held / peak_per_s:.1f} times the peak" if peak_per_s else "")
    text = "; ".join(each.text for each in wanted)
    about = Threshold(
        result=f"{scenario.name}, {target.name} on {engine.name}",
        text=f"{text} at " + (f"{peak_per_s:,.0f}/s" if peak_per_s else "some rate"),
        value=value,
        met=held > 0 and held >= peak_per_s,
    )
    return Result(
        scenario=scenario.name,
        target=target.name,
        engine=engine.name,
        closed=closed,
        open=sorted(tried, key=lambda each: each.rate_per_s),
        checked=checked,
        build=target.build,
        notes=[f"{text}: holds up to {held:,.0f}/s", *said(plan.habits), *warnings([*closed, *tried], target.name)],
        thresholds=[about],
    )


def _holds(scenario: str, target: str, window: Window, wanted: Sequence[Wanted]) -> bool:
    """Whether one window has all that is wanted, and went out as fast as it fell due."""
    alone = Result(scenario=scenario, target=target, engine="", closed=[], open=[window])
    kept_up = window.answered_per_s >= KEPT_UP * window.rate_per_s
    return kept_up and all(threshold.met for each in wanted for threshold in each.judge([alone]))
