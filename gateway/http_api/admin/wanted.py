"""How what is wanted is shown: by whom, why, and which processes have applied it."""

from collections.abc import Sequence
from typing import Any

from gateway.control.desk import Control
from gateway.control.figures import Figures
from gateway.control.reports import Report
from gateway.control.wanted import NodeWanted, OperatorWanted, Switch, W, Wanted
from gateway.http_api.admin.steering_views import (
    AppliedView,
    FiguresView,
    LinkView,
    NodeWantedView,
    OperatorWantedView,
    SwitchView,
)
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.errors import SealError
from redaction.personal import Purpose


def operator_view(wanted: Wanted[OperatorWanted], said: dict[str, Any]) -> OperatorWantedView:
    value = wanted.value
    return OperatorWantedView(
        state=value.state,
        rebinds=value.rebinds,
        reroute_to=value.reroute_to or None,
        throughput_per_s=value.throughput_per_s,
        throughput_until=rfc3339_or_none(value.throughput_until_ms),
        **said,
    )


def node_view(wanted: Wanted[NodeWanted], said: dict[str, Any]) -> NodeWantedView:
    return NodeWantedView(draining=wanted.value.draining, **said)


def switch_view(wanted: Wanted[Switch], said: dict[str, Any]) -> SwitchView:
    return SwitchView(on=wanted.value.on, **said)


def said_of(control: Control, wanted: Wanted[W], reports: Sequence[Report], *, tells_why: bool) -> dict[str, Any]:
    """What views of everything that is wanted share. reports: of the processes that it is wanted of."""
    said = wanted.said
    return {
        "version": wanted.version,
        "applied": [_applied(wanted, each) for each in reports],
        "by": None if said is None else f"{said.by.kind.value} {said.by.id}".rstrip(),
        "at": None if said is None else rfc3339(said.at_ms),
        "reason": _why(control, wanted) if tells_why else None,
    }


def figures_view(figures: Figures) -> FiguresView:
    return FiguresView(
        binds_up=figures.binds_up,
        binds=figures.binds,
        window_used=figures.window_used,
        waiting=figures.waiting,
        sent_per_s=list(figures.sent_per_s),
        answered_within_s=list(figures.answered_within_s),
        errors=dict(figures.errors),
        certificate_ends=rfc3339_or_none(figures.certificate_ends_ms),
    )


def link_views(name: str, reports: Sequence[Report]) -> list[LinkView]:
    """Of one operator, as every process has it."""
    return [
        LinkView(
            node=report.node,
            worker=report.worker,
            state="paused" if link.paused else link.state,
            since=rfc3339(link.since_ms),
            binds_up=link.binds_up,
            binds=link.binds,
            why=list(link.why),
            circuit=link.circuit,
            window_used=link.window_used,
            waiting=link.waiting,
        )
        for report in reports
        if (link := report.operators.get(name)) is not None
    ]


def _applied(wanted: Wanted[W], report: Report) -> AppliedView:
    version = report.applied.get(wanted.what, 0)
    return AppliedView(node=report.node, worker=report.worker, version=version, current=version >= wanted.version)


def _why(control: Control, wanted: Wanted[W]) -> str | None:
    """None where none was given, or it cannot be opened any more."""
    try:
        reason = control.book.reason(wanted, Purpose.SECURITY)
    except SealError:
        return None
    return None if reason is None else reason.reveal(Purpose.SECURITY)
