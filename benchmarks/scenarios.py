"""The scenarios: what each sends, over what, and in which order it is measured.

Warm-up, closed loops for capacity, open loops for latency, a sampling run for the stages, and at the end the truth of
all of it at once. A scenario that lost or repeated a message raises Wrong and gives nothing.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.binds import SETTINGS as SMPP_SETTINGS
from benchmarks.binds import Binds
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.habits import said
from benchmarks.meter import held_up, limiting
from benchmarks.stages import ProfilerMissing, Sampler
from benchmarks.targets import GatewayTarget, Target

WARM_UP: Final = 2_000
SUSTAINED: Final = 0.95
DRAIN: Final = 0.8
NORMAL: Final = 10_000
"""Messages of the closed loop that a drain is compared with."""
ATTACH_S: Final = 0.5
"""What py-spy needs until it samples."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """messages: of a closed loop. runs: of each window. shares: of the capacity, for open loops; rates_per_s: instead
    of them. seconds: of an open loop. profile: sample the stages, where py-spy is installed. python: of the environment
    whose gateway is measured; None is this one's. habits: of the operator, see `benchmarks.habits`.
    """

    engine: str = "sqlite"
    workers: int = 1
    messages: int = 20_000
    runs: int = 3
    shares: tuple[float, ...] = (0.5,)
    rates_per_s: tuple[float, ...] = ()
    seconds: float = 10.0
    profile: bool = True
    python: Path | None = None
    habits: Mapping[str, float] = MappingProxyType({})


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """text: for people. plan: what its windows have in common. settings: of the gateway, as TOML."""

    name: str
    text: str
    plan: Plan
    settings: str = ""

    @property
    def batched(self) -> bool:
        return self.plan.batch > 1


SCENARIOS: Final = {
    each.name: each
    for each in (
        Scenario(name="http", text="HTTP → SMPP → receipt recorded", plan=Plan()),
        Scenario(name="webhooks", text="the same, and a webhook for each message's end", plan=Plan(told=True)),
        Scenario(
            name="webhook-batches",
            text="webhooks with up to 100 events in a request",
            plan=Plan(told=True, events=100),
        ),
        Scenario(name="batch", text="the batch API, 100 messages a request", plan=Plan(batch=100, connections=4)),
        Scenario(name="mixed", text="one-time codes, Arabic, emoji and long messages", plan=Plan(mix="mixed")),
        Scenario(
            name="smpp",
            text="SMPP → SMPP → receipt told to the customer's binds",
            plan=Plan(binds=Binds()),
            settings=SMPP_SETTINGS,
        ),
    )
}


def gateway_run(scenario: Scenario, engine: Engine, options: Options, watch: Watch) -> Result:
    """The scenario on the gateway."""
    target = GatewayTarget(FOLDER, engine, settings=scenario.settings, batched=scenario.batched, python=options.python)
    plan = msgspec.structs.replace(scenario.plan, habits=options.habits)
    return run(scenario.name, target, plan, options, watch, engine.name)


def run(name: str, target: Target, plan: Plan, options: Options, watch: Watch, engine: str = "") -> Result:
    """Closed loops, open loops and the sampling run on one target."""
    with standing(Bench(target, plan, watch)) as bench:
        bench.window(min(WARM_UP, options.messages), name="warm-up")
        closed = [bench.window(options.messages, name=f"closed loop {n + 1}") for n in range(options.runs)]
        rates, notes = rates_of(closed, options)
        opened = list(open_loops(bench, rates, options))
        stages, more = sampled(bench, options) if options.profile and engine else ({}, [])
        checked = bench.check()
    notes += [*more, *said(plan.habits), *warnings([*closed, *opened], target.name)]
    return Result(
        scenario=name,
        target=target.name,
        engine=engine,
        closed=closed,
        open=opened,
        stages=stages,
        checked=checked,
        notes=notes,
        build=target.build,
    )


def warnings(windows: Sequence[Window], target: str) -> list[str]:
    """Notes of what else than the target may have been the limit."""
    limits = dict.fromkeys(text for window in windows for text in limiting(window.busy, target))
    return [*limits, *held_up(max(window.held_ms for window in windows))]


def rates_of(closed: Sequence[Window], options: Options) -> tuple[list[float], list[str]]:
    """The rates of open loops, lowest first. Beyond the capacity there is no latency, only a queue: such rates are left
    out, with a note.
    """
    capacity = statistics.median(each.per_s for each in closed)
    wanted = sorted(options.rates_per_s or [capacity * share for share in options.shares])
    rates = [rate for rate in wanted if rate <= capacity * SUSTAINED]
    left = ", ".join(f"{rate:.0f}/s" for rate in wanted if rate not in rates)
    return rates, [f"no open loop at {left}: more than {SUSTAINED:.0%} of its capacity"] if left else []


def open_loops(bench: Bench, rates: Sequence[float], options: Options) -> Iterator[Window]:
    """At each rate, as often as there are runs."""
    for rate in rates:
        for number in range(options.runs):
            yield bench.window(whole(bench, rate * options.seconds), rate, f"open loop {rate:.0f}/s, {number + 1}")


def whole(bench: Bench, messages: float) -> int:
    """So many messages, in full batches."""
    return max(1, round(messages / bench.plan.batch)) * bench.plan.batch


def sampled(bench: Bench, options: Options) -> tuple[dict[str, float], list[str]]:
    """Shares of the stages from one more closed loop, of one worker; without a profiler none, and a note."""
    pids = bench.target.pids()[bench.target.name]
    pid = pids[0] if options.workers == 1 else pids[-1]
    sampler = Sampler(pid, bench.folder / "stacks.txt", compiled=bench.target.build == "compiled")
    generator = bench.generator(options.messages)
    try:
        sampler.start()
    except ProfilerMissing as missing:
        generator.stop()
        return {}, [str(missing)]
    time.sleep(ATTACH_S)
    bench.measure(generator, options.messages, 0.0, "sampling")
    sampler.pause()
    return sampler.stop(), []


# ------------------------------------------------------------------------------------------------------ others


def backlog(engine: Engine, options: Options, watch: Watch) -> Result:
    """Messages accepted while the operator is down, and the drain when it is back; `per_s` is the drain's."""
    target = GatewayTarget(FOLDER, engine, python=options.python)
    with standing(Bench(target, Plan(), watch)) as bench:
        idle = bench.window(WARM_UP, name="warm-up").rss_mb
        normal = statistics.median(bench.window(NORMAL, name="normal traffic").per_s for _ in range(options.runs))
        drain = _Drain(bench)
        bench.smsc.ask({"down": True})
        window = bench.measure(bench.generator(options.messages), options.messages, 0.0, "backlog", drain.begin)
        drained_s = window.seconds - drain.began_s(window)
        drained_per_s = window.messages / drained_s
        checked = bench.check()
    return Result(
        scenario="backlog",
        target=target.name,
        engine=engine.name,
        closed=[msgspec.structs.replace(window, seconds=drained_s, per_s=drained_per_s)],
        checked=checked,
        build=target.build,
        notes=[
            f"{window.messages} accepted at {window.answered_per_s:.0f}/s with the operator down",
            f"drained at {drained_per_s:.0f}/s; a closed loop before it had {normal:.0f}/s",
            f"RSS {idle:.0f} MB before, {drain.rss_mb:.0f} MB with the backlog, {window.rss_mb:.0f} MB after the drain",
        ],
        thresholds=[
            Threshold(
                result="backlog",
                text=f"drained at {DRAIN:.0%} of a closed loop's rate at least",
                value=f"{drained_per_s / normal:.0%}",
                met=drained_per_s >= DRAIN * normal,
            )
        ],
    )


class _Drain:
    """Brings the operator back once everything is accepted."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.rss_mb = 0.0

    def begin(self) -> None:
        self.rss_mb = self._bench.rss_mb()
        self._bench.smsc.ask({"up": True})

    def began_s(self, window: Window) -> float:
        """When the drain began, after the first message."""
        return window.messages / window.answered_per_s


def memory(engine: Engine, options: Options, watch: Watch) -> Result:
    """RSS over a long run, tenth by tenth."""
    target = GatewayTarget(FOLDER, engine, python=options.python)
    with standing(Bench(target, Plan(), watch)) as bench:
        windows = [bench.window(options.messages // 10, name=f"tenth {tenth + 1}") for tenth in range(10)]
        checked = bench.check()
    grown = ", ".join(f"{each.rss_mb:.1f}" for each in windows)
    notes = [f"RSS in MB after each tenth of {options.messages} messages: {grown}"]
    return Result(
        scenario="memory",
        target=target.name,
        engine=engine.name,
        closed=windows,
        checked=checked,
        notes=notes,
        build=target.build,
    )


Special = Callable[[Engine, Options, Watch], Result]
SPECIAL: Final[dict[str, Special]] = {"backlog": backlog, "memory": memory}
