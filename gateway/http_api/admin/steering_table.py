"""The routes of the verbs of desired state, each with what its description says."""

from typing import Final

from gateway.http_api.admin.parts import BODY
from gateway.http_api.admin.steering import PLAIN_VERBS, SteeringEndpoints
from gateway.http_api.admin.steering_views import (
    AdminOperatorView,
    NodesView,
    NodeWantedView,
    OperatorWantedView,
    RerouteRequest,
    SwitchView,
    ThroughputRequest,
)
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.admin.views import ReasonRequest
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_WHY: Final = {"reason": "ticket 4711"}
_READ: Final = ("wanted_unreadable", "ledger_unavailable")
_SET: Final = (
    *BODY,
    "forbidden_character",
    "invalid_if_match",
    "version_stale",
    "changed_meanwhile",
    *_READ,
)
_OPERATOR: Final = Parameter(
    name="name", place="path", schema={"type": "string"}, description="The operator's name in the settings."
)
_NODE: Final = Parameter(
    name="name", place="path", schema={"type": "string"}, description="The node's name, as `/admin/v1/nodes` has it."
)
_SUMMARIES: Final = {
    "pause": "Submit nothing to an operator until it is resumed. Its binds stay, and receipts are taken.",
    "resume": "End pause, drain and reroute of an operator. A throughput that was set stays.",
    "drain": "Choose other operators for new messages, where their route names any, and submit what waits.",
    "rebind": "Make every bind of an operator anew, one after the other on each node.",
}


def steering_routes(steering: SteeringEndpoints) -> list[Route]:
    return [
        Route("GET", "/admin/v1/operators/{name}", steering.operator, _SHOW_OPERATOR),
        *(
            Route("POST", f"/admin/v1/operators/{{name}}/{word}", steering.operator_verb(word), _plain_verb(word))
            for word in PLAIN_VERBS
        ),
        Route("POST", "/admin/v1/operators/{name}/throughput", steering.throughput, _THROUGHPUT),
        Route("POST", "/admin/v1/operators/{name}/reroute", steering.reroute, _REROUTE),
        Route("GET", "/admin/v1/nodes", steering.nodes, _NODES),
        Route("POST", "/admin/v1/nodes/{name}/drain", steering.drain_node, _node_verb("drain")),
        Route("POST", "/admin/v1/nodes/{name}/resume", steering.resume_node, _node_verb("resume")),
        Route("GET", "/admin/v1/accepting", steering.accepting, _switch_shown("accepting")),
        Route("POST", "/admin/v1/accepting/on", steering.accepting_on, _turn("accepting", "on")),
        Route("POST", "/admin/v1/accepting/off", steering.accepting_off, _turn("accepting", "off")),
        Route("GET", "/admin/v1/dispatch", steering.dispatch, _switch_shown("dispatch")),
        Route("POST", "/admin/v1/dispatch/on", steering.dispatch_on, _turn("dispatch", "on")),
        Route("POST", "/admin/v1/dispatch/off", steering.dispatch_off, _turn("dispatch", "off")),
    ]


def _set_answer(body: type) -> tuple[Answer, ...]:
    return (Answer(status=202, description="What is wanted from now on.", body=body, headers=ETAG),)


def _plain_verb(word: str) -> Operation:
    return Operation(
        id=f"{word}_operator",
        summary=_SUMMARIES[word],
        tag="Operators",
        scope=PLAIN_VERBS[word][0],
        parameters=(_OPERATOR, IF_MATCH),
        body=ReasonRequest,
        example=_WHY,
        answers=_set_answer(OperatorWantedView),
        codes=(*_SET, "not_found"),
    )


_SHOW_OPERATOR: Final = Operation(
    id="show_operator",
    summary="Show one link: its binds, why those that are down are, what is wanted of it, and who has applied that.",
    tag="Operators",
    scope=Action.OPERATOR_READ,
    parameters=(_OPERATOR,),
    answers=(Answer(description="The link.", body=AdminOperatorView, headers=ETAG),),
    codes=("not_found", *_READ),
)
_THROUGHPUT: Final = Operation(
    id="set_operator_throughput",
    summary="Another throughput than that of the settings, for a time or until it is set anew.",
    tag="Operators",
    scope=Action.OPERATOR_THROUGHPUT,
    parameters=(_OPERATOR, IF_MATCH),
    body=ThroughputRequest,
    example=_WHY | {"per_s": 20, "until": "2026-12-24T18:00:00Z"},
    answers=_set_answer(OperatorWantedView),
    codes=(*_SET, "invalid_value", "not_found"),
)
_REROUTE: Final = Operation(
    id="reroute_operator",
    summary="Pause an operator, and give what waits for it to another one, whatever the routes say, until resumed.",
    tag="Operators",
    scope=Action.OPERATOR_REROUTE,
    parameters=(_OPERATOR, IF_MATCH),
    body=RerouteRequest,
    example=_WHY | {"to": "north"},
    answers=_set_answer(OperatorWantedView),
    codes=(*_SET, "invalid_value", "not_found"),
)
_NODES: Final = Operation(
    id="list_nodes",
    summary="List nodes and workers that are there, what they do, and whether they have applied all that is wanted.",
    tag="Nodes",
    scope=Action.SYSTEM_READ,
    answers=(Answer(description="The nodes.", body=NodesView),),
    codes=_READ,
)


def _node_verb(word: str) -> Operation:
    drains = "Let a node take no new messages, be not ready, and send what it has."
    return Operation(
        id=f"{word}_node",
        summary=drains if word == "drain" else "Let a node take messages again.",
        tag="Nodes",
        scope=Action.SYSTEM_DRAIN,
        parameters=(_NODE, IF_MATCH),
        body=ReasonRequest,
        example=_WHY,
        answers=_set_answer(NodeWantedView),
        codes=(*_SET, "not_found"),
    )


_DOES: Final = {"accepting": "take messages", "dispatch": "send messages"}
_TURNS: Final = {"accepting": Action.SYSTEM_ACCEPTING, "dispatch": Action.SYSTEM_DISPATCH}


def _switch_shown(what: str) -> Operation:
    return Operation(
        id=f"show_{what}",
        summary=f"Say whether nodes are to {_DOES[what]}, and which have applied that.",
        tag="System",
        scope=Action.SYSTEM_READ,
        answers=(Answer(description="What is wanted.", body=SwitchView, headers=ETAG),),
        codes=_READ,
    )


def _turn(what: str, word: str) -> Operation:
    again = f"Have all nodes {_DOES[what]} again."
    return Operation(
        id=f"{what}_{word}",
        summary=again if word == "on" else f"Have no node {_DOES[what]}, until it is turned on again.",
        tag="System",
        scope=_TURNS[what],
        parameters=(IF_MATCH,),
        body=ReasonRequest,
        example=_WHY,
        answers=_set_answer(SwitchView),
        codes=_SET,
    )
