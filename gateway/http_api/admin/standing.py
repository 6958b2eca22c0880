"""How the gateway stands: the node that answers, its links to operators, its routes."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from gateway.accept.request import OperatorView
from gateway.accept.validation import parse_time
from gateway.control.routes import route_id
from gateway.delivery.portability import UNKNOWN, Lookup
from gateway.delivery.routing import Router
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import (
    ExplainRequest,
    ExplainView,
    OperatorsView,
    PassedLine,
    RouteLine,
    RoutesView,
    SystemView,
)
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.model.route import Order, Route
from gateway.people.roles import Action
from gateway.process.version import build, version


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is read. engine: of the ledger. checks: what readiness depends on. waiting: messages by operator.
    lookup: of networks at which numbers are.
    """

    engine: str
    checks: Callable[[], Mapping[str, bool]]
    waiting: Callable[[], Mapping[str, int]]
    operators: Callable[[], Sequence[OperatorView]]
    routes: Callable[[], Sequence[Route]]
    router: Router
    lookup: Lookup


class StandingEndpoints:
    def __init__(self, parts: Parts, standing: Standing) -> None:
        self._parts = parts
        self._standing = standing

    async def system(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.SYSTEM_READ)
        checks = dict(self._standing.checks())
        return self._parts.answer(
            SystemView(
                version=version(),
                build=build(),
                engine=self._standing.engine,
                checks=checks,
                ready=all(checks.values()),
                waiting=dict(self._standing.waiting()),
            )
        )

    async def operators(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.OPERATOR_READ)
        return self._parts.answer(OperatorsView(list(self._standing.operators())))

    async def routes(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.ROUTE_READ)
        lines = [_line(number, route) for number, route in enumerate(self._standing.routes())]
        return self._parts.answer(RoutesView(lines))

    async def explain(self, call: Call) -> Reply:
        """Nothing of the number is kept."""
        await self._parts.gate.open(call.request, Action.ROUTE_EXPLAIN)
        asked = await self._parts.body(call, ExplainRequest)
        at_ms = self._parts.clock.now_ms() if asked.at is None else parse_time(asked.at)
        if at_ms is None:
            raise Refusal("wrong_type", "at")
        digits = asked.to.removeprefix("+")
        network = await self._network(digits) if asked.network is None else asked.network
        found = self._standing.router.explain(digits, asked.message_class, asked.customer, asked.sender, at_ms, network)
        passed = [PassedLine(number=each.line, label=each.label, why=each.why) for each in found.passed]
        view = ExplainView(
            number=found.line,
            network=network or None,
            label=found.label,
            operators=list(found.operators),
            passed=passed,
        )
        return self._parts.answer(view)

    async def _network(self, digits: str) -> str:
        """At which a number is now; '' where that is not known, and of first digits."""
        number = parse_number(f"+{digits}", "")
        return UNKNOWN if number is None else await self._standing.lookup.ask(number)


def _line(number: int, route: Route) -> RouteLine:
    return RouteLine(
        number=number,
        id=route_id(route),
        enabled=route.is_enabled,
        weights=dict(zip(route.operators, route.weights, strict=False)) if route.order is Order.WEIGHTED else {},
        label=route.label,
        prefix=route.prefix,
        classes=sorted(route.classes),
        customers=sorted(route.customers),
        senders=sorted(route.senders),
        networks=sorted(route.networks),
        hours=[str(window) for window in route.windows],
        operators=list(route.operators),
        order=route.order.value,
        limit_per_s=route.limit_per_s,
    )
