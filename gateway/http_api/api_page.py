"""The API's description as one page to read and to try: the OpenAPI document, on the ground that all pages have.

Everything is there without a script; a script of ours only lets requests be sent from the page.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from gateway.html.looks import Look
from gateway.html.templates import Templates
from gateway.http_api.samples import Node, sample
from gateway.model.refusals import KINDS

PACKAGE: Final = "gateway.http_api"
_CODE: Final = re.compile(r"- `(\w+)`")
_SCOPE: Final = re.compile(r"scope `(\w+)`")
_BOUNDS: Final = frozenset({"format", "pattern", "minLength", "maxLength", "minimum", "maximum"})


class Field(msgspec.Struct, frozen=True):
    """form: of its values, in a few words. place: `path`, `query`, `header`; '' of a body's field."""

    name: str
    form: Markup
    is_needed: bool
    meaning: Markup
    place: str = ""


class Response(msgspec.Struct, frozen=True):
    """codes: of the problem documents that may come. body: a sample; '' for none."""

    status: str
    about: Markup
    codes: tuple[str, ...]
    body: str


class Operation(msgspec.Struct, frozen=True):
    """body: an example of what is sent; None where nothing is. scope: '' where no key is asked for."""

    id: str
    method: str
    path: str
    about: Markup
    scope: str
    parameters: tuple[Field, ...]
    body: str | None
    fields: tuple[Field, ...]
    responses: tuple[Response, ...]

    @property
    def curl(self) -> str:
        """The request as a command."""
        lines = [f"curl -X {self.method.upper()} https://YOUR-GATEWAY{self.path}"]
        lines += ["-H 'Authorization: Bearer cgw_YOUR_KEY'"] if self.scope else []
        lines += ["-H 'Content-Type: application/json'", f"-d '{_compact(self.body)}'"] if self.body else []
        return " \\\n  ".join(lines)


class Section(msgspec.Struct, frozen=True):
    name: str
    operations: tuple[Operation, ...]

    @property
    def id(self) -> str:
        return self.name.lower()


def render_page(document: Node) -> bytes:
    """HTML of a document made by `gateway.http_api.openapi.describe`."""
    return Templates(PACKAGE).page("docs.html", Look.ENGLISH, values_of(document))


def values_of(document: Node) -> dict[str, object]:
    """What the template says."""
    schemas: Mapping[str, Node] = document["components"]["schemas"]
    sections = [*_sections(document["paths"], schemas)]
    operations = [each for section in sections for each in section.operations]
    codes = sorted({code for each in operations for answer in each.responses for code in answer.codes})
    return {
        "title": document["info"]["title"],
        "about": [prose(part) for part in document["info"]["description"].split("\n\n")],
        "sections": sections,
        "webhooks": [*_webhooks(document.get("webhooks", {}), schemas)],
        "scopes": _scopes(operations),
        "codes": [(code, KINDS[code].http, KINDS[code].title) for code in codes if code in KINDS],
        "types": [(name, prose(each.get("description", "")), fields_of(each)) for name, each in schemas.items()],
    }


def _scopes(operations: Iterable[Operation]) -> list[tuple[str, list[Operation]]]:
    """What each scope of a key allows."""
    found: dict[str, list[Operation]] = {}
    for each in operations:
        if each.scope:
            found.setdefault(each.scope, []).append(each)
    return sorted(found.items())


def _sections(paths: Mapping[str, Node], schemas: Mapping[str, Node]) -> Iterator[Section]:
    """By tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, item in paths.items():
        for method, each in item.items():
            found.setdefault(each["tags"][0], []).append(_operation(path, method, each, schemas))
    for name, operations in found.items():
        yield Section(name, tuple(operations))


def _webhooks(items: Mapping[str, Node], schemas: Mapping[str, Node]) -> Iterator[Operation]:
    """What is sent to a customer's endpoint; the path is the kind of event."""
    for name, item in items.items():
        yield _operation(name, "post", item["post"], schemas)


def _operation(path: str, method: str, said: Node, schemas: Mapping[str, Node]) -> Operation:
    scope = _SCOPE.search(said.get("description", ""))
    media: Node = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    parameters = (
        Field(
            each["name"],
            form_of(each["schema"]),
            bool(each.get("required")),
            prose(each["description"]),
            each["in"],
        )
        for each in said["parameters"]
    )
    return Operation(
        id=said["operationId"],
        method=method,
        path=path,
        about=prose(f"{said['summary']} {said.get('description', '')}".rstrip()),
        scope="" if scope is None else scope[1],
        parameters=tuple(parameters),
        body=_written(media["example"]) if media else None,
        fields=fields_of(_resolved(media["schema"], schemas)) if media else (),
        responses=tuple(_response(status, each, schemas) for status, each in said["responses"].items()),
    )


def _response(status: str, said: Node, schemas: Mapping[str, Node]) -> Response:
    """Problems are known by their codes, and have one form: only what a success holds is shown."""
    media: Node = said.get("content", {}).get("application/json", {})
    body = _written(sample(media["schema"], schemas)) if media else ""
    codes = tuple(_CODE.findall(said["description"]))
    about = prose(said["description"].partition("\n")[0])
    return Response(f"{status} {_phrase(status)}".rstrip(), about, codes, body)


def _phrase(status: str) -> str:
    return HTTPStatus(int(status)).phrase if status.isdecimal() else ""


def _resolved(schema: Node, schemas: Mapping[str, Node]) -> Node:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def fields_of(schema: Node) -> tuple[Field, ...]:
    needed = schema.get("required", ())
    return tuple(
        Field(name, form_of(each), name in needed, prose(each.get("description", "")))
        for name, each in schema.get("properties", {}).items()
    )


def prose(text: str) -> Markup:
    """Escaped, with `code` between backticks."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def form_of(schema: Node) -> Markup:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(form_of(each) for each in schema["anyOf"])
    if "enum" in schema:
        return Markup(" ").join(Markup("<code>{}</code>").format(json.dumps(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return Markup("array of {}").format(form_of(schema.get("items", {})))
    words = [str(schema.get("type", "any")), *(f"{key} {value}" for key, value in schema.items() if key in _BOUNDS)]
    return escape(", ".join(words))


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _compact(body: str | None) -> str:
    return json.dumps(json.loads(body or "{}"), ensure_ascii=False)
