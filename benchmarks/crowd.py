"""What customers cost that are connected and send nothing: 10,000 binds, 5,000 kept-alive HTTP connections.

Each kind stands beside the same gateway: memory and CPU without it and with it, and the answers to somebody who sends
at a steady rate meanwhile.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.child import Child
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.meter import Meter
from benchmarks.scenarios import WARM_UP, Options, warnings, whole
from benchmarks.targets import GatewayTarget

NAME: Final = "crowd"
BINDS: Final = 10_000
CONNECTIONS: Final = 5_000
OF_ACCOUNT: Final = 500
"""Binds of one account."""
RATE_PER_S: Final = 500.0
"""Of whoever sends beside them."""
STILL_S: Final = 35.0
"""Over so long what they cost is read: each bind is asked once for a sign of life."""
MORE_MB: Final = 400.0
SHARE: Final = 0.15
LATER: Final = 1.2
SETTINGS: Final = {
    "HTTP__MAX_CONNECTIONS": CONNECTIONS + 1_000,
    "HTTP__MAX_CONNECTIONS_PER_ADDRESS": CONNECTIONS + 1_000,
    "HTTP__IDLE_S": 3_600,
    "SMPP_SERVER__PORT": 0,
    "SMPP_SERVER__MAX_CONNECTIONS": BINDS + 1_000,
    "SMPP_SERVER__MAX_CONNECTIONS_PER_ADDRESS": BINDS + 1_000,
    "SMPP_SERVER__MAX_UNBOUND": 1_000,
    "SMPP_SERVER__MAX_UNBOUND_PER_ADDRESS": 1_000,
}


class Kind(msgspec.Struct, frozen=True):
    """text: for people. count: of them."""

    text: str
    count: int


class State(msgspec.Struct, frozen=True):
    """Of the gateway at rest, and of whoever sends: share of a core, MB, the p99 of answers in milliseconds."""

    share: float
    rss_mb: float
    p99_ms: float


def crowd(engine: Engine, options: Options, watch: Watch) -> Result:
    """Binds first, then connections, each kind by itself."""
    environ = {f"CONNECT_GATEWAY__{name}": str(value) for name, value in SETTINGS.items()}
    target = GatewayTarget(FOLDER, engine, python=options.python, environ=environ)
    windows: list[Window] = []
    thresholds: list[Threshold] = []
    notes: list[str] = []
    with standing(Bench(target, Plan(), watch)) as bench:
        accounts = [
            {**target.add_account(OF_ACCOUNT, 10, f"bench{at // OF_ACCOUNT}"), "binds": OF_ACCOUNT}
            for at in range(0, BINDS, OF_ACCOUNT)
        ]
        bench.window(WARM_UP, name="warm-up")
        alone = _state(bench, options, windows)
        for kind, port, job in (
            (Kind("binds", BINDS), target.stage.smpp_port, {"accounts": accounts}),
            (Kind("connections", CONNECTIONS), target.port, {"connections": CONNECTIONS, "key": target.secret}),
        ):
            before_mb = bench.rss_mb()
            with idling({"port": port, **job}) as said:
                beside = _state(bench, options, windows)
            notes.append(f"{kind.count:,} {kind.text} stood after {said['seconds']:.1f} s, p99 {said['p99_s']:.2f} s")
            thresholds += held(kind, msgspec.structs.replace(alone, rss_mb=before_mb), beside)
        checked = bench.check()
    return Result(
        scenario=NAME,
        target=target.name,
        engine=engine.name,
        closed=[],
        open=windows,
        checked=checked,
        build=target.build,
        notes=[*notes, *warnings(windows, target.name)],
        thresholds=thresholds,
    )


@contextmanager
def idling(job: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Raises Wrong when not all of them come in."""
    idlers = Child("benchmarks.idlers", job)
    try:
        yield idlers.ready
    finally:
        idlers.stop()


def _state(bench: Bench, options: Options, windows: list[Window]) -> State:
    meter = Meter(bench.target.pids(), bench.target.name)
    before = meter.read()
    time.sleep(STILL_S)
    after, rss_mb = meter.read(), meter.rss_mb()
    name = bench.target.name
    rate = options.rates_per_s[0] if options.rates_per_s else RATE_PER_S
    found = [
        bench.window(whole(bench, rate * options.seconds), rate, f"at {rate:.0f}/s, {number + 1}")
        for number in range(options.runs)
    ]
    windows += found
    return State(
        share=(after.cpu_s[name] - before.cpu_s[name]) / (after.moment - before.moment),
        rss_mb=rss_mb,
        p99_ms=statistics.median(each.answer_ms.p99 for each in found),
    )


def held(kind: Kind, alone: State, beside: State) -> Sequence[Threshold]:
    """What they may cost."""
    said = f"{kind.count:,} idle {kind.text}"
    more_mb, later = beside.rss_mb - alone.rss_mb, beside.p99_ms / alone.p99_ms
    return [
        Threshold(
            result=NAME,
            text=f"{said} take {MORE_MB:.0f} MB more at most",
            value=f"{more_mb:.0f} MB, {more_mb * 1024 / kind.count:.1f} KB each",
            met=more_mb <= MORE_MB,
        ),
        Threshold(
            result=NAME,
            text=f"{said} take {SHARE:.0%} of a core at most",
            value=f"{beside.share:.1%}, {alone.share:.1%} without them",
            met=beside.share <= SHARE,
        ),
        Threshold(
            result=NAME,
            text=f"p99 of the answers beside {said} is {LATER - 1:.0%} later at most",
            value=f"{beside.p99_ms:.1f} ms, {alone.p99_ms:.1f} without them: {later:.2f} times",
            met=later <= LATER,
        ),
    ]
