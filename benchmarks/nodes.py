"""CPU a message by the number of nodes on one shared ledger: at the same rate or with as many connections for each, or
with one rate or number of connections for all together.

Each number of nodes gets servers, a gateway and an SMSC of its own, one after the other: an idle stretch first, then
open loops, or closed ones, in which the machine is at its capacity. The SMSC sends every receipt over another bind, as
operators do, so of N nodes' receipts only one of N comes to the node that has the message.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import engine
from benchmarks.figures import Result, Window
from benchmarks.following import Watch
from benchmarks.meter import Meter
from benchmarks.scenarios import SCENARIOS, WARM_UP, Options, whole
from benchmarks.targets import GatewayTarget

IDLE_S: Final = 4.0
SERVER: Final = "Redis"
"""The role of the ledger's server."""
ENOUGH_RATE: Final = 0.97
"""Of the rate that was asked for; below, the machine is the limit and the figures say nothing."""


class Load(msgspec.Struct, frozen=True):
    """amount: messages a second, or connections of a closed loop; of each node, or of all together."""

    amount: float
    is_closed: bool = False
    is_shared: bool = False

    def of_all(self, nodes: int) -> float:
        """What all nodes get together."""
        return self.amount if self.is_shared else self.amount * nodes


class Idle(msgspec.Struct, frozen=True):
    """What a node uses that has nothing to do, the ledger's server with it; shares of a core."""

    node: float
    server: float


def measured(counts: Sequence[int], scenario: str, load: Load, options: Options, watch: Watch) -> Iterator[Result]:
    """A result for each number of nodes, in the order given. Raises EngineMissing."""
    for count in counts:
        yield _run(count, scenario, load, options, watch)


def _run(count: int, scenario: str, load: Load, options: Options, watch: Watch) -> Result:
    shared = engine("redis", count)
    plan: Plan = SCENARIOS[scenario].plan
    if load.is_closed:
        plan = msgspec.structs.replace(plan, connections=round(load.of_all(count)))
    target = GatewayTarget(FOLDER, shared, settings=SCENARIOS[scenario].settings, python=options.python)
    with standing(Bench(target, plan, watch)) as bench:
        bench.window(WARM_UP, name=f"warm-up, {count}")
        idle = _idle(target, count)
        windows = [_window(bench, load, count, f"{n + 1}", options) for n in range(options.runs)]
        checked = bench.check()
    return Result(
        scenario=scenario,
        target=target.name,
        engine=shared.name,
        nodes=count,
        closed=windows if load.is_closed else [],
        open=[] if load.is_closed else windows,
        checked=checked,
        notes=[
            f"idle: {idle.node:.2%} of a core a node, {idle.server:.2%} the ledger's server",
            *([f"{bench.plan.connections} connections"] if load.is_closed else _late(windows)),
        ],
        build=target.build,
    )


def _window(bench: Bench, load: Load, count: int, run: str, options: Options) -> Window:
    if load.is_closed:
        return bench.window(options.messages, name=f"{count} nodes, closed loop {run}")
    rate_per_s = load.of_all(count)
    messages = whole(bench, rate_per_s * options.seconds)
    return bench.window(messages, rate_per_s, f"{count} nodes at {rate_per_s:.0f}/s, {run}")


def _idle(target: GatewayTarget, count: int) -> Idle:
    meter = Meter(target.pids(), target.name)
    before = meter.read()
    time.sleep(IDLE_S)
    after = meter.read()
    shares = {role: (after.cpu_s[role] - before.cpu_s[role]) / (after.moment - before.moment) for role in after.cpu_s}
    return Idle(shares[target.name] / count, shares[SERVER])


def _late(windows: Sequence[Window]) -> list[str]:
    """A note when messages went out slower than they fell due."""
    slowest = min(each.answered_per_s / each.rate_per_s for each in windows)
    return [f"only {slowest:.0%} of the rate was reached"] if slowest < ENOUGH_RATE else []


def by_nodes(results: Sequence[Result]) -> list[str]:
    """Lines that say whether a message costs the same on several nodes, without and with the ledger's server; none for
    fewer than two results.
    """
    rows = [each for each in results if each.nodes and _windows(each)]
    if len(rows) < 2:
        return []
    said = f"from {rows[0].nodes} to {rows[-1].nodes} nodes, {_load(rows)}: "
    return [
        f"CPU a message {said}" + _costs(rows, lambda window, name: window.cpu_us[name]),
        f"with the server's {said}" + _costs(rows, lambda window, name: window.cpu_us[name] + window.cpu_us[SERVER]),
    ]


def _costs(rows: Sequence[Result], cost: Callable[[Window, str], float]) -> str:
    """The medians, and what each is of the first."""
    found = [(each.nodes, median(cost(window, each.target) for window in _windows(each))) for each in rows]
    return ", ".join(f"{nodes} {value:.0f} µs ({value / found[0][1]:.2f})" for nodes, value in found)


def _windows(result: Result) -> Sequence[Window]:
    return result.open or result.closed


def _load(rows: Sequence[Result]) -> str:
    if not all(each.open for each in rows):
        return "closed loop"
    rates = [each.open[0].rate_per_s for each in rows]
    return f"{rates[0]:,.0f}/s in all" if len(set(rates)) == 1 else f"{rates[0] / rows[0].nodes:,.0f}/s each"
