"""What the verbs of desired state take, and how what is wanted is shown: by whom, why, and who has applied it."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.accept.request import OperatorView
from gateway.control.wanted import FASTEST_PER_S, SLOWEST_PER_S
from gateway.http_api.admin.views import Reason


class ThroughputRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """per_s: segments a second over each node's whole link; null for that of the settings. until: when it ends."""

    reason: Reason
    per_s: Annotated[float, Meta(ge=SLOWEST_PER_S, le=FASTEST_PER_S)] | None
    until: str | None = None


class RerouteRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """to: the operator that gets what waits, and what comes."""

    reason: Reason
    to: Annotated[str, Meta(min_length=1, max_length=64)]


class AppliedView(Struct, frozen=True, kw_only=True):
    """Which version a process that is there has applied. current: whether that is the one that is wanted."""

    node: str
    worker: int
    version: int
    current: bool


class WantedView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """version: 0 where nothing was ever set. by: a person, a token or the command line. reason: for those who may
    change it or read the audit log.
    """

    version: int
    applied: list[AppliedView]
    by: str | None = None
    at: str | None = None
    reason: str | None = None


class OperatorWantedView(WantedView, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of a link. state: `on`, `paused` or `draining`. rebinds: how often binds were made anew, ever."""

    state: str
    rebinds: int
    reroute_to: str | None = None
    throughput_per_s: float | None = None
    throughput_until: str | None = None


class NodeWantedView(WantedView, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of a node."""

    draining: bool


class SwitchView(WantedView, frozen=True, kw_only=True, omit_defaults=True):
    """Whether all nodes take messages, or whether they send them."""

    on: bool


class LinkView(Struct, frozen=True, kw_only=True):
    """A link as one process has it. since: when it came into this state. window_used, waiting: at its last report."""

    node: str
    worker: int
    state: str
    since: str
    binds_up: int
    binds: int
    why: list[str]
    circuit: str
    window_used: int
    waiting: int


class FiguresView(Struct, frozen=True, kw_only=True):
    """A link over all nodes and workers together, as of their last reports. sent_per_s: segments in the last 1, 5 and
    15 minutes. answered_within_s: half of the answers of 15 minutes, and 99 of 100, came within so many seconds, as far
    as their buckets tell; null without any. errors: of 15 minutes, by the operator's code or ours. certificate_ends: of
    those that the operator showed, the earliest.
    """

    binds_up: int
    binds: int
    window_used: int
    waiting: int
    sent_per_s: list[float]
    answered_within_s: list[float | None]
    errors: dict[str, int]
    certificate_ends: str | None = None


class AdminOperatorView(OperatorView, frozen=True, kw_only=True):
    """A link as the node that answers has it, what is wanted of it, and how every process has it, and all together."""

    wanted: OperatorWantedView
    figures: FiguresView
    links: list[LinkView]


class ProcessView(Struct, frozen=True, kw_only=True):
    """A worker of a node. current: whether it has applied everything that is wanted."""

    worker: int
    build: str
    started_at: str
    heard_at: str
    accepting: bool
    dispatching: bool
    draining: bool
    current: bool


class NodeView(Struct, frozen=True, kw_only=True):
    """A node, and its processes that are there: none where it is down."""

    name: str
    wanted: NodeWantedView
    processes: list[ProcessView]


class NodesView(Struct, frozen=True):
    """Nodes that are there, and those of which something is wanted."""

    nodes: list[NodeView]
