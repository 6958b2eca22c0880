"""Two versions of the gateway in turns: this one, and the one of another checkout.

Each may be its compiled build: `against . --build compiled` tells what compiling gives, and with
`--other-build compiled` two compiled versions stand beside each other. Else the interpreter of this environment runs
both.

Both stand all the time, and each run of one is followed by one of the other; who begins changes from run to run.
Whatever the machine does meanwhile it does to both. Each run has a process of its own, which is warmed up first:
processes of one version differ among themselves, and runs of one process would all share its luck.
"""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.bench import FOLDER, Bench, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Window
from benchmarks.following import Watch
from benchmarks.scenarios import WARM_UP, Options, Scenario, rates_of, whole
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong

OTHER: Final = "other"


def against(
    sources: Path,
    scenarios: tuple[Scenario, Scenario],
    engine: Engine,
    options: Options,
    watch: Watch,
    other_python: Path | None = None,
) -> list[Result]:
    """The results of the other version, in the checkout `sources`, and of this one.

    scenarios: in the same order. other_python: of the environment whose gateway is the other, instead of the one in
    the checkout.
    """
    if not (sources / "gateway" / "__main__.py").is_file():
        raise Wrong(f"{sources} holds no gateway")
    other, this = scenarios
    sides = [
        _side(OTHER, None if other_python else sources.resolve(), other_python, other, engine, watch),
        _side("gateway", None, options.python, this, engine, watch),
    ]
    with ExitStack() as stack:
        for bench in sides:
            stack.enter_context(standing(bench))
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
            build=sides[at].target.build,
        )
        for at in range(2)
    ]


def _side(
    name: str, sources: Path | None, python: Path | None, scenario: Scenario, engine: Engine, watch: Watch
) -> Bench:
    folder = FOLDER / name
    target = GatewayTarget(
        folder,
        engine,
        settings=scenario.settings,
        batched=scenario.batched,
        name=name,
        sources=sources,
        python=python,
    )
    return Bench(target, scenario.plan, watch, folder)


def _in_turns(sides: Sequence[Bench], messages: int, rate: float, runs: int) -> list[list[Window]]:
    """The windows of each side; who begins changes from run to run."""
    found: list[list[Window]] = [[] for _ in sides]
    for number in range(runs):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for at in order:
            bench = sides[at]
            name = f"{bench.target.name}, run {number + 1}" + (f" at {rate:.0f}/s" if rate else "")
            assert isinstance(bench.target, GatewayTarget)
            bench.target.renew()
            bench.window(whole(bench, min(WARM_UP, messages)), name=f"warm-up of {name}")
            found[at].append(bench.window(whole(bench, messages), rate, name))
    return found
