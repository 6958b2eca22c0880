"""The routes of the API, each with what its description says. `docs` and clients are generated from this table."""

from typing import Final

from gateway.accept.request import (
    BatchAccepted,
    BatchRequest,
    HealthView,
    MessageAccepted,
    MessageChecked,
    MessageList,
    MessageRequest,
    MessageView,
    OperatorList,
    ReadinessView,
    SeveralAccepted,
)
from gateway.http_api.emptying import SCOPE as EMPTY_SCOPE
from gateway.http_api.emptying import EmptyEndpoint, EmptyRequest
from gateway.http_api.inbound import SCOPE, InboundEndpoints, InboundList, InboundView
from gateway.http_api.listing import DEFAULT_PAGE, DIRECTIONS, MAX_PAGE, MAX_REFERENCE
from gateway.http_api.messages import SendEndpoints
from gateway.http_api.outcomes import OutcomeEndpoint, OutcomeReported, OutcomeRequest
from gateway.http_api.pages import Health, Pages
from gateway.http_api.problems import ProblemList
from gateway.http_api.records import RecordEndpoints
from gateway.http_api.replies import HTML, TEXT
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.usage import OFFSET, UsageEndpoint, UsageView
from gateway.limits.usage import Span
from gateway.model.message import MessageClass, Status

BODY_CODES: Final = (
    "malformed_json",
    "not_an_object",
    "body_incomplete",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "empty_field",
    "invalid_idempotency_key",
    "idempotency_key_reused",
    "throughput_exceeded",
    "quota_exceeded",
    "overloaded",
    "paused",
    "ledger_unavailable",
    "outcome_unknown",
)
_OF_SENDING: Final = {"invalid_idempotency_key", "idempotency_key_reused", "ledger_unavailable", "outcome_unknown"}
_OF_ADMISSION: Final = {"throughput_exceeded", "quota_exceeded", "overloaded", "paused"}
MESSAGE_CODES: Final = (
    "field_too_long",
    "forbidden_character",
    "invalid_number",
    "invalid_sender",
    "sender_not_registered",
    "class_not_for_sender",
    "foreign_customer",
    "sender_needs_suffix",
    "sender_too_long_for_suffix",
    "suffix_reserved",
    "sender_not_a_name",
    "sender_not_registered_there",
    "transfer_blocked",
    "link_not_registered",
    "shortener",
    "opt_out_missing",
    "otp_reason_missing",
    "text_too_long",
    "invalid_class",
    "class_not_granted",
    "invalid_retention",
    "invalid_validity",
    "invalid_schedule",
    "invalid_url",
    "no_route",
    "content_blocked",
    "consent_missing",
    "consent_withdrawn",
    "suppressed",
    "no_stop_link",
    "callback_without_endpoint",
    "text_or_octets",
    "invalid_octets",
    "invalid_header",
    "invalid_coding",
    "keys_unavailable",
)
REPLAYED: Final = {"Idempotent-Replayed": "`true` when an earlier request with this key was answered again."}
EXAMPLE: Final = {
    "to": "+966500000078",
    "from": "INTERKEY",
    "text": "Your code is 1234",
    "class": "otp",
    "validity": 300,
}

_ID: Final = Parameter(
    name="id",
    place="path",
    schema={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    description="The message's id. An unknown id, an erased one and another customer's look the same.",
)
_LISTING: Final = (
    Parameter(
        name="status",
        schema={"type": "string", "enum": [status.value for status in Status]},
        description="Only messages that stand so.",
    ),
    Parameter(
        name="since",
        schema={"type": "string", "format": "date-time"},
        description="Only messages accepted at this time or later; RFC 3339 with an offset.",
    ),
    Parameter(
        name="until",
        schema={"type": "string", "format": "date-time"},
        description="Only messages accepted before this time.",
    ),
    Parameter(
        name="class",
        schema={"type": "string", "enum": [each.value for each in MessageClass]},
        description="Only messages of this class.",
    ),
    Parameter(
        name="direction",
        schema={"type": "string", "enum": list(DIRECTIONS)},
        description="Only messages to people, or only those from people.",
    ),
    Parameter(
        name="reference",
        schema={"type": "string", "minLength": 1, "maxLength": MAX_REFERENCE},
        description="Only messages that you sent under this reference, as long as it can be opened.",
    ),
    Parameter(
        name="recipient",
        schema={"type": "string", "minLength": 1},
        description="Only messages to or from this number, of the newest 1,000. Proxies between us may keep URLs: to "
        "look a person up for its own sake, use `/v1/subjects/access`.",
    ),
    Parameter(
        name="cursor",
        schema={"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"},
        description="Where to go on, from the page before.",
    ),
    Parameter(
        name="limit",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
        description="How many at the most.",
    ),
)


PERIOD: Final = (
    Parameter(
        name="since",
        schema={"type": "string", "format": "date-time"},
        description="Hours that begin at this time or later; 31 days before `until` by default.",
    ),
    Parameter(
        name="until",
        schema={"type": "string", "format": "date-time"},
        description="Hours that begin before this time; now by default.",
    ),
    Parameter(
        name="by",
        schema={"type": "string", "enum": [each.value for each in Span], "default": Span.DAY.value},
        description="What is summed: hours of 31 days at the most, days of 93, months of 396.",
    ),
    Parameter(
        name="offset",
        schema={"type": "string", "pattern": f"^({OFFSET})$", "default": "Z"},
        description="The clock that days and months go by, as an offset: `+03:00` is Riyadh.",
    ),
)


def message_routes(sending: SendEndpoints, records: RecordEndpoints, usage: UsageEndpoint) -> list[Route]:
    return [
        Route("POST", "/v1/messages", sending.send, _SEND),
        Route("GET", "/v1/messages", records.list_messages, _LIST),
        Route("POST", "/v1/messages/batch", sending.send_batch, _SEND_BATCH),
        Route("POST", "/v1/messages/check", sending.check, _CHECK),
        Route("GET", "/v1/messages/{id}", records.show, _SHOW),
        Route("DELETE", "/v1/messages/{id}", records.cancel, _CANCEL),
        Route("GET", "/v1/operators", records.list_operators, _OPERATORS),
        Route("GET", "/v1/usage", usage.show, _USAGE),
    ]


def inbound_routes(inbound: InboundEndpoints) -> list[Route]:
    return [
        Route("GET", "/v1/inbound", inbound.list_inbound, _LIST_INBOUND),
        Route("GET", "/v1/inbound/{id}", inbound.show_inbound, _SHOW_INBOUND),
    ]


def empty_routes(emptying: EmptyEndpoint) -> list[Route]:
    return [Route("PATCH", "/v1/messages/{id}", emptying.empty, _EMPTY)]


def outcome_routes(outcomes: OutcomeEndpoint) -> list[Route]:
    return [Route("POST", "/v1/messages/{id}/outcome", outcomes.report, _OUTCOME)]


def page_routes(pages: Pages, health: Health) -> list[Route]:
    return [
        Route("GET", "/healthz", health.live, _HEALTHZ),
        Route("GET", "/readyz", health.ready, _READYZ),
        Route("GET", "/openapi.json", pages.openapi, _DESCRIPTION),
        Route("GET", "/docs", pages.docs, _DOCS),
        Route("GET", "/assets/{name}", pages.asset, _ASSET, is_page=True),
        Route("GET", "/problems", pages.problems, _PROBLEMS),
        Route("GET", "/problems/{code}", pages.problem, _PROBLEM),
    ]


_SEND: Final = Operation(
    id="send_message",
    summary="Send a message. The answer comes when it is on disk, sealed.",
    tag="Messages",
    scope="send",
    body=MessageRequest,
    example=EXAMPLE,
    answers=(
        Answer(status=202, description="It will be sent.", body=MessageAccepted, headers=REPLAYED),
        Answer(
            status=202,
            description="To a list of recipients: each was taken or refused; the items say which, in its order.",
            body=SeveralAccepted,
        ),
    ),
    codes=(*BODY_CODES, *MESSAGE_CODES, "batch_too_long"),
)
_SEND_BATCH: Final = Operation(
    id="send_messages",
    summary="Send up to 1,000 messages, each answered on its own.",
    tag="Messages",
    scope="send",
    body=BatchRequest,
    example={"messages": [EXAMPLE]},
    answers=(
        Answer(
            status=202,
            description="Each message was taken or refused; the items say which, in the order of the request.",
            body=BatchAccepted,
        ),
    ),
    codes=(*BODY_CODES, "batch_empty", "batch_too_long"),
)
_CHECK: Final = Operation(
    id="check_message",
    summary="Say everything that would stand in the way of a message, without sending it.",
    tag="Messages",
    scope="send",
    body=MessageRequest,
    example=EXAMPLE,
    answers=(Answer(status=200, description="What was found, and what would follow.", body=MessageChecked),),
    codes=tuple(each for each in BODY_CODES if each not in _OF_SENDING),
)
_LIST: Final = Operation(
    id="list_messages",
    summary="List your messages, newest first.",
    tag="Messages",
    scope="status",
    parameters=_LISTING,
    answers=(Answer(description="A page of them.", body=MessageList),),
    codes=(
        "invalid_parameter",
        "invalid_number",
        "unsupported",
        "overloaded",
        "keys_unavailable",
        "ledger_unavailable",
    ),
)
_SHOW: Final = Operation(
    id="show_message",
    summary="Show what became of a message, and of its personal data.",
    tag="Messages",
    scope="status",
    parameters=(_ID,),
    answers=(Answer(description="Its record.", body=MessageView),),
    codes=("not_found", "ledger_unavailable"),
)
_LIST_INBOUND: Final = Operation(
    id="list_inbound",
    summary="List what people wrote to your numbers, newest first.",
    tag="Inbound",
    scope=SCOPE,
    parameters=tuple(each for each in _LISTING if each.name in ("since", "until", "cursor", "limit")),
    answers=(Answer(description="A page of them.", body=InboundList),),
    codes=("invalid_parameter", "ledger_unavailable"),
)
_SHOW_INBOUND: Final = Operation(
    id="show_inbound",
    summary="Show what a person wrote to one of your numbers.",
    tag="Inbound",
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(description="The message.", body=InboundView),),
    codes=("not_found", "ledger_unavailable"),
)
_CANCEL: Final = Operation(
    id="cancel_message",
    summary="Cancel a message that is not yet with an operator.",
    tag="Messages",
    scope="send",
    parameters=(_ID,),
    answers=(Answer(description="It is cancelled.", body=MessageView),),
    codes=("not_found", "not_cancellable", "ledger_unavailable"),
)
_EMPTY: Final = Operation(
    id="empty_message",
    summary="Destroy what is sealed of a message that is at its end: text, numbers, your reference. The record stays.",
    tag="Messages",
    scope=EMPTY_SCOPE,
    parameters=(_ID,),
    body=EmptyRequest,
    example={"content_destroyed": True},
    answers=(Answer(description="Nothing sealed is left.", body=MessageView),),
    codes=(
        *(each for each in BODY_CODES if each not in _OF_SENDING | _OF_ADMISSION),
        "not_found",
        "not_final",
        "ledger_unavailable",
    ),
)
_OUTCOME: Final = Operation(
    id="report_outcome",
    summary="Say whether a code was entered, which tells abuse from use. Nothing of it is kept but counts.",
    tag="Messages",
    scope="send",
    parameters=(_ID,),
    body=OutcomeRequest,
    example={"outcome": "confirmed"},
    answers=(Answer(description="It was heard.", body=OutcomeReported),),
    codes=(
        *(each for each in BODY_CODES if each not in _OF_SENDING | _OF_ADMISSION),
        "not_found",
        "ledger_unavailable",
    ),
)
_OPERATORS: Final = Operation(
    id="list_operators",
    summary="List the links to operators and how they stand.",
    tag="Operators",
    scope="operators",
    answers=(Answer(description="The links.", body=OperatorList),),
)
_USAGE: Final = Operation(
    id="show_usage",
    summary="Sum up what you sent by the time of its acceptance: each message as it was accepted, and as it ended.",
    tag="Usage",
    scope="status",
    parameters=PERIOD,
    answers=(Answer(description="The sums, in the order of time.", body=UsageView),),
    codes=("invalid_parameter", "ledger_unavailable"),
)
_HEALTHZ: Final = Operation(
    id="healthz",
    summary="Say whether the process answers.",
    tag="Service",
    answers=(Answer(description="It does.", body=HealthView),),
)
_READYZ: Final = Operation(
    id="readyz",
    summary="Say whether this node takes messages.",
    tag="Service",
    answers=(
        Answer(description="It does.", body=ReadinessView),
        Answer(status=503, description="It does not; the checks say why.", body=ReadinessView),
    ),
)
_DESCRIPTION: Final = Operation(
    id="openapi",
    summary="Describe this API.",
    tag="Service",
    answers=(Answer(description="An OpenAPI 3.1 document.", body=dict),),
)
_DOCS: Final = Operation(
    id="docs",
    summary="Show this description as a page.",
    tag="Service",
    answers=(Answer(description="A page.", media=HTML),),
)
_ASSET: Final = Operation(
    id="asset",
    summary="What pages load: a style sheet, a script.",
    tag="Service",
    parameters=(Parameter(name="name", place="path", schema={"type": "string"}, description="Its name."),),
    answers=(Answer(description="Kept for good under its name.", media="text/css"),),
    codes=("not_found",),
)
_PROBLEMS: Final = Operation(
    id="list_problem_codes",
    summary="List every code of a problem and of a message's error, in words, with whether trying again makes sense.",
    tag="Service",
    answers=(Answer(description="All of them.", body=ProblemList),),
)
_PROBLEM: Final = Operation(
    id="problem",
    summary="Say what a problem's code means.",
    tag="Service",
    parameters=(Parameter(name="code", place="path", schema={"type": "string"}, description="The code of a problem."),),
    answers=(Answer(description="A few lines of text.", media=TEXT),),
    codes=("not_found",),
)
