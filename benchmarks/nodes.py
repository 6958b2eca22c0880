"""CPU a message by the number of nodes on one shared ledger, at the same rate for each node or for all together.

Each number of nodes gets servers, a gateway and an SMSC of its own, one after the other: an idle stretch first, then
open loops. The SMSC sends every receipt over another bind, as operators do, so of N nodes' receipts only one of N comes
to the node that has the message. A closed loop would not compare like with like: on a machine with fewer processors
than processes, nodes at their limit wait for each other, and few connections divided are smaller batches for each.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, Watch, standing
from benchmarks.engines import engine
from benchmarks.figures import Result, Window, over
from benchmarks.meter import Meter
from benchmarks.scenarios import SCENARIOS, WARM_UP, Options, whole
from benchmarks.targets import GatewayTarget

IDLE_S: Final = 4.0
ENOUGH_RATE: Final = 0.97
"""Of the rate that was asked for; below, the machine is the limit and the figures say nothing."""


class Idle(msgspec.Struct, frozen=True):
    """What a node uses that has nothing to do, the ledger's server with it; shares of a core."""

    node: float
    server: float


def measured(
    counts: Sequence[int], scenario: str, rate_per_s: float, options: Options, watch: Watch, *, together: bool
) -> Iterator[Result]:
    """A result for each number of nodes, in the order given. together: the rate is that of all of them.

    Raises EngineMissing.
    """
    for count in counts:
        yield _run(count, scenario, rate_per_s if together else rate_per_s * count, options, watch)


def _run(count: int, scenario: str, rate_per_s: float, options: Options, watch: Watch) -> Result:
    shared = engine("redis", count)
    plan: Plan = SCENARIOS[scenario].plan
    target = GatewayTarget(FOLDER, shared, settings=SCENARIOS[scenario].settings, python=options.python)
    with standing(Bench(target, plan, watch)) as bench:
        bench.window(WARM_UP, name=f"warm-up, {count}")
        idle = _idle(target, count)
        name = f"{count} nodes at {rate_per_s:.0f}/s"
        messages = whole(bench, rate_per_s * options.seconds)
        opened = [bench.window(messages, rate_per_s, f"{name}, {n + 1}") for n in range(options.runs)]
        checked = bench.check()
    return Result(
        scenario=scenario,
        target=target.name,
        engine=shared.name,
        nodes=count,
        closed=[],
        open=opened,
        checked=checked,
        notes=[f"idle: {idle.node:.2%} of a core a node, {idle.server:.2%} the ledger's server", *_late(opened)],
        build=target.build,
    )


def _idle(target: GatewayTarget, count: int) -> Idle:
    meter = Meter(target.pids(), target.name)
    before = meter.read()
    time.sleep(IDLE_S)
    after = meter.read()
    shares = {role: (after.cpu_s[role] - before.cpu_s[role]) / (after.moment - before.moment) for role in after.cpu_s}
    return Idle(shares[target.name] / count, shares["Redis"])


def _late(windows: Sequence[Window]) -> list[str]:
    """A note when messages went out slower than they fell due."""
    slowest = min(each.answered_per_s / each.rate_per_s for each in windows)
    return [f"only {slowest:.0%} of the rate was reached"] if slowest < ENOUGH_RATE else []


def by_nodes(results: Sequence[Result]) -> list[str]:
    """The line that says whether a message costs the same on several nodes; none for fewer than two results."""
    rows = [each for each in results if each.nodes and each.open]
    if len(rows) < 2:
        return []
    cost = [over(each.open, f"cpu_us.{each.target}").median for each in rows]
    parts = [f"{each.nodes} {value:.0f} µs ({value / cost[0]:.2f})" for each, value in zip(rows, cost, strict=True)]
    rates = [each.open[0].rate_per_s for each in rows]
    said = f"{rates[0]:,.0f}/s in all" if len(set(rates)) == 1 else f"{rates[0] / rows[0].nodes:,.0f}/s each"
    return [f"CPU a message from {rows[0].nodes} to {rows[-1].nodes} nodes, {said}: " + ", ".join(parts)]
