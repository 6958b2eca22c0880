"""The verbs of a line of the route table: pass it over, take it again, and weigh its operators otherwise."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.control.desk import Control, Hand
from gateway.control.routes import enable_route, route_id, weigh_route
from gateway.control.wanted import HEAVIEST, RouteWanted, Wanted, of_route
from gateway.http_api.admin.declaring import REASON, named, shows
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.steering import hand_of, read, tells_why, written
from gateway.http_api.admin.steering_views import WantedView
from gateway.http_api.admin.versions import ETAG, IF_MATCH, etag
from gateway.http_api.admin.views import Reason, ReasonRequest
from gateway.http_api.admin.wanted import said_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Handler, Operation, Route
from gateway.model.refusals import Refusal
from gateway.model.route import Route as Line
from gateway.people.roles import Action


class WeightsRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """weights: by operator; what is not named has that of the settings, and none at all puts all of them back."""

    reason: Reason
    weights: Mapping[str, Annotated[int, Meta(ge=1, le=HEAVIEST)]]


class RouteWantedView(WantedView, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of a line. weights: that are others than in the settings."""

    id: str
    enabled: bool
    weights: Mapping[str, int]


class RouteVerbEndpoints:
    """control: see `Sources`. lines: of the route table, as they hold."""

    def __init__(self, parts: Parts, control: Callable[[], Control], lines: Callable[[], Sequence[Line]]) -> None:
        self._parts = parts
        self._control = control
        self._lines = lines

    async def show(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.ROUTE_READ)
        self._named(call)
        control = self._control()
        wanted = await read(control.book.find(of_route(call.argument), RouteWanted))
        return await self._answer(call, control, wanted, tells=tells_why(asker, Action.ROUTE_CHANGE), status=200)

    def enabling(self, *, enabled: bool) -> Handler:
        async def handle(call: Call) -> Reply:
            asker = await self._parts.gate.open(call.request, Action.ROUTE_CHANGE)
            asked = await self._parts.body(call, ReasonRequest)
            self._named(call)
            hand, control = hand_of(asker, asked.reason, call), self._control()
            verb = enable_route(control.book, call.argument, hand, enabled=enabled)
            return await self._answer(call, control, await written(verb, hand))

        return handle

    async def weigh(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.ROUTE_CHANGE)
        asked = await self._parts.body(call, WeightsRequest)
        lines = self._named(call)
        hand: Hand = hand_of(asker, asked.reason, call)
        control = self._control()
        verb = weigh_route(control.book, lines, asked.weights, hand)
        return await self._answer(call, control, await written(verb, hand, "weights"))

    def _named(self, call: Call) -> list[Line]:
        """Lines of the path's id, one at least. Raises Refusal."""
        found = [each for each in self._lines() if route_id(each) == call.argument]
        if not found:
            raise Refusal("not_found")
        return found

    async def _answer(
        self, call: Call, control: Control, wanted: Wanted[RouteWanted], *, tells: bool = True, status: int = 202
    ) -> Reply:
        said = said_of(control, wanted, await control.reports(), tells_why=tells)
        value = wanted.value
        view = RouteWantedView(id=call.argument, enabled=value.enabled, weights=value.weights, **said)
        return self._parts.answer(view, status, more=etag(wanted.version))


def route_verb_routes(verbs: RouteVerbEndpoints) -> list[Route]:
    return [
        Route("GET", "/admin/v1/routes/{id}", verbs.show, _SHOW),
        Route("POST", "/admin/v1/routes/{id}/disable", verbs.enabling(enabled=False), _enabling("disable")),
        Route("POST", "/admin/v1/routes/{id}/enable", verbs.enabling(enabled=True), _enabling("enable")),
        Route("POST", "/admin/v1/routes/{id}/weights", verbs.weigh, _WEIGH),
    ]


_ROUTE: Final = named("The id of a line, `route_...`, as the list has it.")
_CODES: Final = (
    *(*BODY, "not_found", "forbidden_character", "invalid_value", "invalid_if_match", "version_stale"),
    *("changed_meanwhile", "wanted_unreadable", "ledger_unavailable"),
)
_SET: Final = (Answer(status=202, description="What is wanted from now on.", body=RouteWantedView, headers=ETAG),)
_SHOW: Final = shows(
    "show_route",
    "Say what is wanted of a line of the route table, and who has applied that.",
    "Routes",
    Action.ROUTE_READ,
    RouteWantedView,
    "What is wanted.",
    of=(_ROUTE,),
    has_version=True,
    codes=("not_found", "wanted_unreadable", "ledger_unavailable"),
)
_SUMMARIES: Final = {
    "disable": "Have a line of the route table passed over, from the next message on, until it is enabled.",
    "enable": "Have a line of the route table looked at again.",
}


def _enabling(word: str) -> Operation:
    return Operation(
        id=f"{word}_route",
        summary=_SUMMARIES[word],
        tag="Routes",
        scope=Action.ROUTE_CHANGE,
        parameters=(_ROUTE, IF_MATCH),
        body=ReasonRequest,
        example=REASON,
        answers=_SET,
        codes=_CODES,
    )


_WEIGH: Final = Operation(
    id="weigh_route",
    summary="Give operators of a line that goes by weight other shares than the settings say.",
    tag="Routes",
    scope=Action.ROUTE_CHANGE,
    parameters=(_ROUTE, IF_MATCH),
    body=WeightsRequest,
    example={"weights": {"north": 3, "south": 1}, **REASON},
    answers=_SET,
    codes=_CODES,
)
