"""The OpenAPI 3.1 description, generated from the routes, the request and answer types and the table of errors.

Types say what the decoder checks. `REFINEMENTS` adds what is checked behind it and JSON Schema can say.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from gateway.accept.request import ProblemView
from gateway.http_api.openapi_webhooks import webhook_schemas, webhooks
from gateway.http_api.replies import PROBLEM
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.model.message import MessageClass, Status
from gateway.model.refusals import KINDS
from operators.smpp.coding import Encoding

Document = dict[str, Any]
"""A JSON document under construction."""

TITLE: Final = "Connect Gateway"
ABOUT: Final = (
    "Sends messages through telecom operators; seals what it stores, forwards the least, forgets on time.\n\n"
    "A message is safe when the request that brought it is answered with 202. Errors are problem documents (RFC 9457) "
    "with a stable `code`; they name a field, never a value. Times are RFC 3339 in UTC. "
    "Send an `Idempotency-Key` with every POST and repeat it when you repeat the request: within a day the message is "
    "taken once."
)
SECURITY: Final = "key"
_REFERENCE: Final = "#/components/schemas/{name}"
KEY_CODES: Final = (
    "unauthenticated",
    "key_expired",
    "address_not_allowed",
    "scope_missing",
    "customer_disabled",
    "keys_unavailable",
)
SERVICE_CODES: Final = ("unknown_parameter", "internal", "overloaded")
STOPPING: Final = ("stopping",)

PRINTABLE: Final = r"^[^\u0000-\u0008\u000b\u000e-\u001f\u007f]*$"
"""No control characters but tabs and line ends."""

OCTETS: Final = r"^(hex:([0-9A-Fa-f]{2})+|([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$"
TIME: Final[Document] = {"type": "string", "format": "date-time"}
_STATUS: Final[Document] = {"enum": [each.value for each in Status]}
_CLASS: Final[Document] = {"enum": [each.value for each in MessageClass]}
_ENCODING: Final[Document] = {"enum": [each.value for each in Encoding]}
_ID: Final[Document] = {"pattern": "^[0-9a-f]{32}$"}
_KEPT: Final[Mapping[str, Document]] = {"content_until": TIME, "record_until": TIME}

REFINEMENTS: Final[Mapping[str, Mapping[str, Document]]] = {
    "MessageRequest": {
        "to": {"minLength": 1, "examples": ["+966500000078"]},
        "from": {"minLength": 1, "maxLength": 16, "examples": ["INTERKEY"]},
        "text": {"maxLength": 4096, "pattern": PRINTABLE},
        "class": {"enum": [each.value for each in MessageClass]},
        "reference": {"minLength": 1, "maxLength": 255, "pattern": PRINTABLE},
        "validity": {"minimum": 1},
        "schedule_at": {"format": "date-time"},
        "retention": {"enum": ["discard", None]},
        "callback_url": {"format": "uri", "maxLength": 2048},
        "octets": {"maxLength": 512, "pattern": OCTETS},
        "header": {"maxLength": 512, "pattern": OCTETS},
        "data_coding": {"minimum": 0, "maximum": 255},
    },
    "BatchRequest": {
        "messages": {
            "minItems": 1,
            "description": "One that is not valid is refused on its own, in its item of the answer.",
            "items": {"$ref": _REFERENCE.format(name="MessageRequest")},
        },
    },
    "MessageAccepted": {
        "id": _ID,
        "status": _STATUS,
        "class": _CLASS,
        "encoding": _ENCODING,
        "expires_at": TIME,
        "scheduled_at": TIME,
    },
    "MessageView": {
        "id": _ID,
        "direction": {"enum": ["outbound", "inbound"]},
        "status": _STATUS,
        "class": _CLASS,
        "encoding": _ENCODING,
        "accepted_at": TIME,
        "scheduled_at": TIME,
        "submitted_at": TIME,
        "final_at": TIME,
        "expires_at": TIME,
    },
    "RetentionView": _KEPT,
    "PrivacyReceipt": _KEPT,
    "EmptyRequest": {"content_destroyed": {"type": "boolean", "const": True}},
    "InboundView": {"id": _ID, "received_at": TIME},
    "OperatorView": {"circuit": {"enum": ["closed", "open", "half_open"]}},
}
"""Schema and property to what the schema says of it besides its type."""

_SEVERAL: Final = "Recipients, each judged and answered on its own; one that is named twice gets one message. "
"Where none can be taken, the request is refused."
_IDEMPOTENCY: Final[Document] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 printable ASCII characters of your choice, new for each new request.",
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
_HEADERS: Final[Mapping[int, Document]] = {
    401: {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """What a description says of an API as a whole. needs: of an operation with a scope. codes: with which such a one
    may refuse. schemes: ways to prove who asks, any of which is enough. is_idempotent: whether POST takes an
    Idempotency-Key.
    """

    title: str
    about: str
    needs: str
    codes: tuple[str, ...]
    schemes: Document
    is_idempotent: bool


CUSTOMERS: Final = Api(
    title=TITLE,
    about=ABOUT,
    needs="Needs a key with the scope `{scope}`.",
    codes=KEY_CODES,
    schemes={SECURITY: {"type": "http", "scheme": "bearer", "description": "An API key: `cgw_…`."}},
    is_idempotent=True,
)


def describe(routes: Sequence[Route], *, max_batch: int, max_validity_s: int | None) -> Document:
    """Of the customers' API. max_batch: most messages of a batch. max_validity_s: the longest `validity`, if known."""
    document = describe_api(routes, CUSTOMERS)
    schemas = document["components"]["schemas"]
    if max_validity_s is not None:
        schemas["MessageRequest"]["properties"]["validity"]["maximum"] = max_validity_s
    _say_what_is_sent(schemas["MessageRequest"])
    schemas["BatchRequest"]["properties"]["messages"]["maxItems"] = max_batch
    _add_several(document, max_batch)
    schemas |= webhook_schemas(_REFERENCE)
    return document | {"webhooks": webhooks(_REFERENCE)}


def _add_several(document: Document, most: int) -> None:
    """The form of a message whose `to` is a list."""
    schemas = document["components"]["schemas"]
    single = schemas["MessageRequest"]
    number = single["properties"]["to"]
    several = {"type": "array", "items": number, "minItems": 1, "maxItems": most, "description": _SEVERAL}
    schemas["SeveralRequest"] = single | {
        "title": "SeveralRequest",
        "description": "A message to send to several recipients.",
        "properties": single["properties"] | {"to": several},
    }
    media = document["paths"]["/v1/messages"]["post"]["requestBody"]["content"]["application/json"]
    media["schema"] = {"anyOf": [media["schema"], {"$ref": _REFERENCE.format(name="SeveralRequest")}]}


def _say_what_is_sent(message: Document) -> None:
    """Either a text or octets; not by `oneOf`, of which generators of clients make a type without fields."""
    del message["properties"]["text"]["default"]
    message |= {
        "if": {"required": ["octets"]},
        "then": {"not": {"required": ["text"]}},
        "else": {"required": ["text"]},
    }
    message["dependentRequired"] = {"header": ["octets"], "data_coding": ["octets"]}


def describe_api(routes: Sequence[Route], api: Api) -> Document:
    """The whole document, as its routes have it; pages for people are no part of an API."""
    routes = [each for each in routes if not each.is_page]
    schemas, references = _schemas(routes)
    paths: dict[str, Document] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = _operation(route, references, api)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": "1", "description": api.about, "license": {"name": "Proprietary"}},
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": {"schemas": schemas, "securitySchemes": api.schemes},
    }


def codes_of(operation: Operation, path: str, api: Api = CUSTOMERS) -> tuple[str, ...]:
    """Every code that an endpoint may refuse with."""
    shared = SERVICE_CODES if path in ("/healthz", "/readyz") else SERVICE_CODES + STOPPING
    return tuple(dict.fromkeys((*operation.codes, *(api.codes if operation.scope else ()), *shared)))


def _schemas(routes: Iterable[Route]) -> tuple[Document, Mapping[type, Document]]:
    types: dict[type, None] = {ProblemView: None}
    for route in routes:
        bodies = [route.operation.body, *(answer.body for answer in route.operation.answers)]
        types.update((body, None) for body in bodies if body is not None)
    references, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for name, properties in REFINEMENTS.items():
        for field, refinement in properties.items():
            if name in schemas:
                schemas[name]["properties"][field] = _refined(schemas[name]["properties"][field], refinement)
    return schemas, dict(zip(types, references, strict=True))


def _refined(schema: Document, refinement: Document) -> Document:
    """Fields of answers that are optional are left out and never null, so they have one type. A constant is one by
    `const`: generators of clients know no lists of truths.
    """
    if "const" in refinement:
        schema = {name: value for name, value in schema.items() if name != "enum"}
    if "anyOf" in schema and "type" in refinement:
        schema = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**schema, **refinement}


def _operation(route: Route, references: Mapping[type, Document], api: Api) -> Document:
    operation = route.operation
    parameters = [_parameter(each) for each in operation.parameters]
    described: Document = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*parameters, _IDEMPOTENCY] if route.method == "POST" and api.is_idempotent else parameters,
        "responses": _responses(route, references, api),
    }
    described["security"] = []
    if operation.scope is not None:
        described["security"] = [{name: []} for name in api.schemes]
        described["description"] = api.needs.format(scope=operation.scope)
    if operation.body is not None:
        media = {"schema": references[operation.body], "example": operation.example}
        described["requestBody"] = {"required": operation.is_body_needed, "content": {"application/json": media}}
    return described


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _responses(route: Route, references: Mapping[type, Document], api: Api) -> Document:
    responses: Document = {}
    for each in route.operation.answers:
        described = responses.setdefault(str(each.status), _success(each, references))
        _add_another(described, _success(each, references))
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes_of(route.operation, route.path, api):
        by_status[KINDS[code].http].append(code)
    for status, codes in sorted(by_status.items()):
        problem, other = _problem(status, codes, references[ProblemView]), responses.get(str(status))
        if other is not None:  # such as the 503 of a node that is not ready
            problem["description"] = f"{other['description']} Or: {problem['description']}"
            problem["content"] |= other["content"]
        responses[str(status)] = problem
    return responses


def _add_another(described: Document, other: Document) -> None:
    """A success that the same status stands for."""
    for media, said in other["content"].items():
        one, another = described["content"].setdefault(media, said), said["schema"]
        if one["schema"] != another:
            one["schema"] = {"anyOf": [one["schema"], another]}
            described["description"] += f" Or: {other['description']}"


def _success(answer: Answer, references: Mapping[type, Document]) -> Document:
    schema = {"type": "string"} if answer.body is None else references[answer.body]
    described: Document = {
        "description": answer.description,
        "content": {answer.media.partition(";")[0]: {"schema": schema}},
    }
    if answer.headers:
        described["headers"] = {
            name: {"description": about, "schema": {"type": "string"}} for name, about in answer.headers.items()
        }
    return described


def _problem(status: int, codes: Sequence[str], reference: Document) -> Document:
    told = "\n".join(f"- `{code}`: {KINDS[code].title}" for code in codes)
    example = {"type": f"/problems/{codes[0]}", "title": KINDS[codes[0]].title, "status": status, "code": codes[0]}
    schema = {"allOf": [reference, {"properties": {"code": {"enum": list(codes)}}}]}
    described: Document = {
        "description": f"{HTTPStatus(status).phrase}.\n\n{told}",
        "content": {PROBLEM: {"schema": schema, "example": example}},
    }
    if status in _HEADERS:
        described["headers"] = _HEADERS[status]
    return described
