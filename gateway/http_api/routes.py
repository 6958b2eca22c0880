"""Which handler answers which method and path, and what the API description says of it: one table for both."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from gateway.http_api.replies import JSON, Reply
from gateway.http_api.traffic import Traffic
from gateway.model.refusals import Refusal

MAX_PARAMETERS: Final = 16
ANY: Final = "*"
"""Among the names that a route takes: any other parameter is left out, and refused nowhere."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """One request, routed. argument: the segment of the path that the route leaves open, as it was sent."""

    request: web.BaseRequest
    argument: str
    query: Mapping[str, str]


Handler = Callable[[Call], Awaitable[Reply]]
Schema = Mapping[str, object]
"""A JSON Schema."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter, or the path's one."""

    name: str
    schema: Schema
    description: str
    place: str = "query"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A success. body: its type, or None for text of `media`."""

    description: str
    body: type | None = None
    media: str = JSON
    headers: Mapping[str, str] = {}
    status: int = 200


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What the description says. scope: what the key must be allowed, None where no key is asked for.

    codes: refusals besides those that every endpoint of its kind shares. is_body_needed: or it may be left out.
    """

    id: str
    summary: str
    tag: str
    answers: tuple[Answer, ...]
    scope: str | None = None
    codes: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: type | None = None
    example: object = None
    is_body_needed: bool = True


class Route(msgspec.Struct, frozen=True):
    """path: exact, or with one `{name}` as its last segment or the one before. is_deep: the last one stands for all
    segments that follow. is_page: for people, who share links to it: parameters that it does not know
    are left out, and it stands in no description of the API.
    """

    method: str
    path: str
    handler: Handler
    operation: Operation
    is_deep: bool = False
    is_page: bool = False

    @property
    def takes(self) -> frozenset[str]:
        """Names of the query parameters."""
        named = frozenset(each.name for each in self.operation.parameters if each.place == "query")
        return named | {ANY} if self.is_page else named


class Methods:
    """What one path of the table answers to. HEAD is GET without a body. answers: counted by status."""

    def __init__(self, path: str, answers: list[int]) -> None:
        self.path = path
        self.answers = answers
        self._routes: dict[str, tuple[Handler, frozenset[str]]] = {}

    def add(self, route: Route) -> None:
        if route.method in self._routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        self._routes[route.method] = (route.handler, route.takes)
        if route.method == "GET":
            self._routes["HEAD"] = self._routes["GET"]

    def find(self, method: str) -> tuple[Handler, frozenset[str]] | None:
        return self._routes.get(method)

    @property
    def allow(self) -> bytes:
        """The value of an Allow header."""
        return ", ".join(sorted({*self._routes, "OPTIONS"})).encode()


class RouteTable:
    """traffic: where the answers of each route are counted."""

    def __init__(self, routes: Iterable[Route], traffic: Traffic) -> None:
        self.routes = tuple(routes)
        self._exact: dict[str, Methods] = {}
        self._under: dict[tuple[str, str], Methods] = {}
        self._deep: dict[str, Methods] = {}
        for route in self.routes:
            prefix, brace, rest = route.path.partition("{")
            if route.is_deep:
                self._deep.setdefault(prefix, Methods(route.path, traffic.answers(route.path))).add(route)
            elif brace:
                place = prefix, rest.partition("}")[2]
                self._under.setdefault(place, Methods(route.path, traffic.answers(route.path))).add(route)
            else:
                self._exact.setdefault(prefix, Methods(route.path, traffic.answers(route.path))).add(route)

    def find(self, path: str) -> tuple[Methods, str]:
        """Who answers, and the path's argument. Raises Refusal for a path that is none."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, ""
        if path.endswith("/") and not path.endswith("//"):  # one more slash is meant as none
            path = path[:-1]
            if path in self._exact:
                return self._exact[path], ""
        prefix, _, last = path.rpartition("/")
        methods, argument = self._under.get((prefix + "/", "")), last
        if methods is None:
            prefix, _, argument = prefix.rpartition("/")
            methods = self._under.get((prefix + "/", "/" + last))
        if methods is None or not argument:
            return self._find_deep(path)
        return methods, argument

    def _find_deep(self, path: str) -> tuple[Methods, str]:
        for prefix, methods in self._deep.items():
            if path.startswith(prefix) and path != prefix:
                return methods, path.removeprefix(prefix)
        raise Refusal("not_found")


def parse_query(raw: str, known: frozenset[str]) -> Mapping[str, str]:
    """The query's parameters. Raises Refusal for one that is unknown, given twice, or not UTF-8; for pages,
    which know `ANY`, none of that is a reason to show nothing.
    """
    if not raw:
        return {}
    if ANY in known:
        return _query_of_page(raw, known)
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        raise Refusal("invalid_parameter") from None
    query: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise Refusal("unknown_parameter")
        if name in query:
            raise Refusal("invalid_parameter", name)
        query[name] = value
    return query


def _query_of_page(raw: str, known: frozenset[str]) -> Mapping[str, str]:
    """Of a name that comes again the last; nothing where there are too many."""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="replace", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return {}
    return {name: value for name, value in pairs if name in known}
