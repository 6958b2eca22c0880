"""The verbs of desired state: operators, nodes, whether messages are taken and sent; and what is wanted of them.

A verb is answered once it is written, and not once it is applied: the answer says which processes have applied it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from gateway.accept.request import OperatorView
from gateway.accept.validation import parse_time
from gateway.accounts.invalid import InvalidSetting
from gateway.control.desk import Control, Hand
from gateway.control.figures import figures
from gateway.control.reports import Report
from gateway.control.wanted import NodeWanted, OperatorWanted, Switch, Unreadable, W, Wanted, node_in
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.steering_views import (
    AdminOperatorView,
    NodesView,
    NodeView,
    ProcessView,
    RerouteRequest,
    ThroughputRequest,
)
from gateway.http_api.admin.versions import etag, wanted_version
from gateway.http_api.admin.views import ReasonRequest
from gateway.http_api.admin.wanted import figures_view, link_views, node_view, operator_view, said_of, switch_view
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Handler
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from redaction.errors import alone
from redaction.personal import MessageText

T = TypeVar("T")
OperatorVerb = Callable[[Control, str, Hand], Awaitable[Wanted[OperatorWanted]]]

PLAIN_VERBS: Final[dict[str, tuple[Action, OperatorVerb]]] = {
    "pause": (Action.OPERATOR_PAUSE, Control.pause),
    "resume": (Action.OPERATOR_RESUME, Control.resume),
    "drain": (Action.OPERATOR_DRAIN, Control.drain),
    "rebind": (Action.OPERATOR_REBIND, Control.rebind),
}
"""Of an operator, that take nothing but a reason."""


class SteeringEndpoints:
    """control: over the operators that the settings name now. operators: links of the node that answers."""

    def __init__(
        self, parts: Parts, control: Callable[[], Control], operators: Callable[[], Sequence[OperatorView]]
    ) -> None:
        self._parts = parts
        self._control = control
        self._operators = operators

    # ------------------------------------------------------------------------------------------------------ operators

    async def operator(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.OPERATOR_READ)
        for each in self._operators():
            if each.name == call.argument:
                break
        else:
            raise Refusal("not_found")
        control = self._control()
        wanted, reports = await read(control.operator(call.argument)), await control.reports()
        said = said_of(control, wanted, reports, tells_why=tells_why(asker, Action.OPERATOR_PAUSE))
        fields = {name: getattr(each, name) for name in each.__struct_fields__}
        links = link_views(call.argument, reports)
        together = figures_view(figures(call.argument, reports))
        view = AdminOperatorView(**fields, wanted=operator_view(wanted, said), figures=together, links=links)
        return self._parts.answer(view, more=etag(wanted.version))

    def operator_verb(self, word: str) -> Handler:
        """word: of `PLAIN_VERBS`."""
        action, verb = PLAIN_VERBS[word]

        async def handle(call: Call) -> Reply:
            asker, control = await self._operator_opened(call, action)
            asked = await self._parts.body(call, ReasonRequest)
            hand = hand_of(asker, asked.reason, call)
            return await self._operator_set(control, await written(verb(control, call.argument, hand), hand))

        return handle

    async def throughput(self, call: Call) -> Reply:
        asker, control = await self._operator_opened(call, Action.OPERATOR_THROUGHPUT)
        asked = await self._parts.body(call, ThroughputRequest)
        hand = hand_of(asker, asked.reason, call)
        until_ms = None if asked.until is None else parse_time(asked.until)
        if until_ms is None and asked.until is not None:
            raise Refusal("wrong_type", "until")
        verb = control.throughput(call.argument, asked.per_s, until_ms, hand)
        return await self._operator_set(control, await written(verb, hand, "until"))

    async def reroute(self, call: Call) -> Reply:
        asker, control = await self._operator_opened(call, Action.OPERATOR_REROUTE)
        asked = await self._parts.body(call, RerouteRequest)
        hand = hand_of(asker, asked.reason, call)
        return await self._operator_set(
            control, await written(control.reroute(call.argument, asked.to, hand), hand, "to")
        )

    async def _operator_opened(self, call: Call, action: Action) -> tuple[Asker, Control]:
        """Raises Refusal, for an operator that the settings do not name, too."""
        asker, control = await self._parts.gate.open(call.request, action), self._control()
        if call.argument not in control.names:
            raise Refusal("not_found")
        return asker, control

    async def _operator_set(self, control: Control, wanted: Wanted[OperatorWanted]) -> Reply:
        said = said_of(control, wanted, await control.reports(), tells_why=True)
        return self._parts.answer(operator_view(wanted, said), 202, more=etag(wanted.version))

    # ---------------------------------------------------------------------------------------------------------- nodes

    async def nodes(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.SYSTEM_READ)
        control, shows = self._control(), tells_why(asker, Action.SYSTEM_DRAIN)
        versions, reports = await control.book.versions(), await control.reports()
        named = {node_in(what) for what in versions} | {each.node for each in reports}
        nodes: list[NodeView] = []
        for name in sorted(each for each in named if each is not None):
            own = [each for each in reports if each.node == name]
            wanted = await read(control.node(name))
            view = node_view(wanted, said_of(control, wanted, own, tells_why=shows))
            nodes.append(NodeView(name=name, wanted=view, processes=[_process(each, versions) for each in own]))
        return self._parts.answer(NodesView(nodes))

    async def drain_node(self, call: Call) -> Reply:
        return await self._drain_node(call, draining=True)

    async def resume_node(self, call: Call) -> Reply:
        return await self._drain_node(call, draining=False)

    async def _drain_node(self, call: Call, *, draining: bool) -> Reply:
        """Of one that is there, or of which something was wanted before."""
        asker, control = await self._parts.gate.open(call.request, Action.SYSTEM_DRAIN), self._control()
        asked = await self._parts.body(call, ReasonRequest)
        own = [each for each in await control.reports() if each.node == call.argument]
        if not own and not (await read(control.node(call.argument))).version:
            raise Refusal("not_found")
        hand = hand_of(asker, asked.reason, call)
        wanted: Wanted[NodeWanted] = await written(control.drain_node(call.argument, hand, draining=draining), hand)
        view = node_view(wanted, said_of(control, wanted, own, tells_why=True))
        return self._parts.answer(view, 202, more=etag(wanted.version))

    # ------------------------------------------------------------------------------------------------------- switches

    async def accepting(self, call: Call) -> Reply:
        return await self._switch_shown(call, Action.SYSTEM_ACCEPTING, Control.accepting)

    async def dispatch(self, call: Call) -> Reply:
        return await self._switch_shown(call, Action.SYSTEM_DISPATCH, Control.dispatch)

    async def accepting_on(self, call: Call) -> Reply:
        return await self._turn(call, Action.SYSTEM_ACCEPTING, lambda control, by: control.set_accepting(by, on=True))

    async def accepting_off(self, call: Call) -> Reply:
        return await self._turn(call, Action.SYSTEM_ACCEPTING, lambda control, by: control.set_accepting(by, on=False))

    async def dispatch_on(self, call: Call) -> Reply:
        return await self._turn(call, Action.SYSTEM_DISPATCH, lambda control, by: control.set_dispatch(by, on=True))

    async def dispatch_off(self, call: Call) -> Reply:
        return await self._turn(call, Action.SYSTEM_DISPATCH, lambda control, by: control.set_dispatch(by, on=False))

    async def _switch_shown(
        self, call: Call, action: Action, find: Callable[[Control], Awaitable[Wanted[Switch]]]
    ) -> Reply:
        """action: of whoever may turn it."""
        asker, control = await self._parts.gate.open(call.request, Action.SYSTEM_READ), self._control()
        wanted = await read(find(control))
        said = said_of(control, wanted, await control.reports(), tells_why=tells_why(asker, action))
        return self._parts.answer(switch_view(wanted, said), more=etag(wanted.version))

    async def _turn(
        self, call: Call, action: Action, turn: Callable[[Control, Hand], Awaitable[Wanted[Switch]]]
    ) -> Reply:
        asker, control = await self._parts.gate.open(call.request, action), self._control()
        asked = await self._parts.body(call, ReasonRequest)
        hand = hand_of(asker, asked.reason, call)
        wanted = await written(turn(control, hand), hand)
        said: dict[str, Any] = said_of(control, wanted, await control.reports(), tells_why=True)
        return self._parts.answer(switch_view(wanted, said), 202, more=etag(wanted.version))


def tells_why(asker: Asker, action: Action) -> bool:
    """Reasons are words of people: they are for those who may change the same thing, or read the audit log."""
    return asker.may(action) or asker.may(Action.AUDIT_READ)


def hand_of(asker: Asker, reason: str, call: Call) -> Hand:
    """Raises Refusal."""
    if not reason.strip():
        raise Refusal("empty_field", "reason")
    if not reason.isprintable():
        raise Refusal("forbidden_character", "reason")
    return Hand(actor=asker.actor, reason=MessageText(reason), read=wanted_version(call.request))


async def written(verb: Awaitable[Wanted[W]], hand: Hand, field: str | None = None) -> Wanted[W]:
    """What a verb made. field: that is wrong where its value makes no sense. Raises Refusal."""
    try:
        return await read(verb)
    except InvalidSetting:
        raise alone(Refusal("invalid_value", field)) from None
    except ChangedMeanwhile:
        raise alone(Refusal("changed_meanwhile" if hand.read is None else "version_stale")) from None


async def read(found: Awaitable[T]) -> T:
    """Raises Refusal for what a later version wrote."""
    try:
        return await found
    except Unreadable:
        raise alone(Refusal("wanted_unreadable")) from None


def _process(report: Report, versions: Mapping[str, int]) -> ProcessView:
    return ProcessView(
        worker=report.worker,
        build=report.build,
        started_at=rfc3339(report.started_ms),
        heard_at=rfc3339(report.heard_ms),
        accepting=report.accepting,
        dispatching=report.dispatching,
        draining=report.draining,
        current=all(report.applied.get(what, 0) >= version for what, version in versions.items()),
    )
