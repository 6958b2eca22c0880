"""What this process says of itself (`gateway.control.reports`), read off its road and what is wanted of it."""

from gateway.control.lately import Lately, Totals
from gateway.control.reports import LinkReport, Report, Reporter
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.version import build


def reporter(stores: Stores, road: Road, clock: Clock, worker: int) -> Reporter:
    """worker: the number of this process among those of its node."""
    lately = Lately(clock.monotonic)
    return Reporter(stores.ledger.acts, clock, lambda: _look(stores, road, worker, lately))


def _look(stores: Stores, road: Road, worker: int, lately: Lately) -> Report:
    desired = stores.follower.desired
    totals = {name: _totals(name, road) for name in road.operators}
    lately.note(totals)
    return Report(
        node=stores.follower.node,
        worker=worker,
        build=build(),
        accepting=not road.admission.is_paused,
        dispatching=not road.dispatch.sender.is_held,
        draining=desired.draining,
        applied=desired.versions,
        operators={name: _link(name, road, totals[name], lately) for name in road.operators},
        awaited=len(road.inflight),
    )


def _totals(name: str, road: Road) -> Totals:
    counters = road.dispatch.counters
    took, codes = counters.took.get(name, ()), counters.codes.get(name, {})
    return Totals(sent=road.operators[name].health().submitted, took=tuple(took), errors=dict(codes))


def _link(name: str, road: Road, totals: Totals, lately: Lately) -> LinkReport:
    since = lately.since(name, totals)
    health, lane = road.operators[name].health(), road.dispatch.lanes.by_name[name]
    return LinkReport(
        state=health.state,
        paused=lane.is_paused,
        circuit=lane.circuit.state.value,
        binds_up=health.binds_up,
        binds=health.binds,
        why=tuple(f"{each.bind}: {each.reason} {each.code}".rstrip() for each in health.down),
        window_used=health.window_used,
        waiting=len(lane),
        sent=health.submitted,
        receipts=health.receipts,
        received=road.incoming.counters.received_from.get(name, 0),
        failed=road.dispatch.counters.refused_by.get(name, 0),
        rates=lately.rates(name, totals),
        took=since.took,
        errors=since.errors,
        certificate_ends_ms=None if health.peer_ends_s is None else int(health.peer_ends_s * 1000),
    )
