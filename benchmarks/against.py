"""Two versions of the gateway in turns: this one, and the one of another checkout, run by the same interpreter.

Both stand all the time, and each window of one is followed by one of the other, first this one first and then the other
one, so that whatever the machine does meanwhile it does to both.
"""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.bench import FOLDER, Bench, Watch, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Window
from benchmarks.scenarios import WARM_UP, Options, Scenario, rates_of, whole
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong

OTHER: Final = "other"


def against(
    sources: Path, scenarios: tuple[Scenario, Scenario], engine: Engine, options: Options, watch: Watch
) -> list[Result]:
    """The results of the other version, in the checkout `sources`, and of this one. scenarios: in the same order."""
    if not (sources / "gateway" / "__main__.py").is_file():
        raise Wrong(f"{sources} holds no gateway")
    other, this = scenarios
    sides = [_side(OTHER, sources.resolve(), other, engine, watch), _side("gateway", None, this, engine, watch)]
    with ExitStack() as stack:
        for bench in sides:
            stack.enter_context(standing(bench))
            bench.window(min(WARM_UP, options.messages), name=f"warm-up, {bench.target.name}")
        closed = _in_turns(sides, options.messages, 0.0, options.runs)
        capacity = min(closed, key=lambda windows: statistics.median(each.per_s for each in windows))
        opened: list[list[Window]] = [[], []]
        for rate in rates_of(capacity, options)[0]:
            for at, more in enumerate(_in_turns(sides, round(rate * options.seconds), rate, options.runs)):
                opened[at] += more
        checked = [bench.check() for bench in sides]
    return [
        Result(
            scenario=scenarios[at].name,
            target=sides[at].target.name,
            engine=engine.name,
            closed=closed[at],
            open=opened[at],
            checked=checked[at],
        )
        for at in range(2)
    ]


def _side(name: str, sources: Path | None, scenario: Scenario, engine: Engine, watch: Watch) -> Bench:
    folder = FOLDER / name
    target = GatewayTarget(
        folder, engine, settings=scenario.settings, batched=scenario.batched, name=name, sources=sources
    )
    return Bench(target, scenario.plan, watch, folder)


def _in_turns(sides: Sequence[Bench], messages: int, rate: float, runs: int) -> list[list[Window]]:
    """The windows of each side; who begins changes from run to run."""
    found: list[list[Window]] = [[] for _ in sides]
    for number in range(runs):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for at in order:
            name = f"{sides[at].target.name}, run {number + 1}" + (f" at {rate:.0f}/s" if rate else "")
            found[at].append(sides[at].window(whole(sides[at], messages), rate, name))
    return found
