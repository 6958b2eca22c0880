"""An operator whose answers take very different times, in any order: is its window full all the while?

80 of 100 messages are answered after 10 ms, 15 after 100 ms, 5 after a second. A gateway that waits for answers in
their order, or that holds up one message for another, leaves places of the window empty; a message rate alone would not
tell, since it follows the draw of the answers. So the operator counts what it has not answered, over time.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.habits import UNEVEN
from benchmarks.scenarios import WARM_UP, Options, warnings
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong

NAME: Final = "uneven"
FULL: Final = 0.95
"""Of the window, on average."""
QUICKEST_S: Final = 0.01
SHAPES: Final = ((10, 1), (64, 2), (256, 1))
"""Windows, and binds with each."""
STEADY: Final = (0.1, 0.9)
"""The part of the messages in which the window is looked at: before it fills, after it empties."""


def measured(engine: Engine, options: Options, watch: Watch) -> Iterator[Result]:
    """A result for each shape. Raises Wrong."""
    for window, binds in SHAPES:
        yield _run(window, binds, engine, options, watch)


def per_s(window: int, binds: int) -> float:
    """What such an operator takes whose window is always full."""
    return window * binds / (QUICKEST_S * sum(share * times for share, times in UNEVEN))


def _run(window: int, binds: int, engine: Engine, options: Options, watch: Watch) -> Result:
    environ = {
        "CONNECT_GATEWAY__OPERATORS__SIMULATOR__WINDOW": str(window),
        "CONNECT_GATEWAY__OPERATORS__SIMULATOR__BINDS": str(binds),
    }
    target = GatewayTarget(FOLDER, engine, python=options.python, environ=environ)
    messages = round(per_s(window, binds) * options.seconds)
    windows: list[Window] = []
    shares: list[float] = []
    with standing(Bench(target, Plan(habits={"uneven": 1.0}), watch)) as bench:
        bench.window(min(WARM_UP, messages), name="warm-up")
        for number in range(options.runs):
            had = len(bench.smsc.samples)
            windows.append(bench.window(messages, name=f"window {window}, {binds} binds, {number + 1}"))
            shares.append(held(bench.smsc.samples[had:], window * binds))
        checked = bench.check()
    share = sorted(shares)[len(shares) // 2]
    return Result(
        scenario=NAME,
        target=target.name,
        engine=engine.name,
        closed=windows,
        checked=checked,
        build=target.build,
        notes=[f"{per_s(window, binds):.0f}/s is what such an operator takes", *warnings(windows, target.name)],
        thresholds=[
            Threshold(
                result=NAME,
                text=f"a window of {window} on {binds} binds is {FULL:.0%} full at least",
                value=f"{share:.1%}",
                met=share >= FULL,
            )
        ],
    )


def held(samples: Sequence[Sequence[Any]], places: int) -> float:
    """The share of the window's places that was taken, on average. samples: moments, messages taken by then, and the
    seconds that messages were without an answer. Raises Wrong for too few.
    """
    first, last = samples[0][1], samples[-1][1]
    steady = [each for each in samples if STEADY[0] <= (each[1] - first) / max(1, last - first) <= STEADY[1]]
    if len(steady) < 3:
        raise Wrong("too short to tell how full the window was: take more --seconds")
    return float((steady[-1][3] - steady[0][3]) / (steady[-1][0] - steady[0][0]) / places)
