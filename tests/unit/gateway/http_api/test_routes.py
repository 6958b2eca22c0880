"""Routing and queries."""

import pytest

from gateway.http_api.replies import Reply
from gateway.http_api.routes import ANY, Call, Operation, Parameter, Route, RouteTable, parse_query
from gateway.http_api.traffic import Traffic
from gateway.model.refusals import Refusal


async def _handler(_: Call) -> Reply:
    raise Refusal("not_found")


def _route(method: str, path: str, *parameters: str) -> Route:
    named = tuple(Parameter(name=each, schema={}, description="") for each in parameters)
    return Route(method, path, _handler, Operation(id=path, summary="", tag="", answers=(), parameters=named))


TABLE = RouteTable(
    [_route("GET", "/a", "x"), _route("POST", "/a"), _route("GET", "/a/{id}"), _route("POST", "/a/b")], Traffic()
)


@pytest.mark.parametrize(
    ("path", "route", "argument"), [("/a", "/a", ""), ("/a/b", "/a/b", ""), ("/a/c", "/a/{id}", "c")]
)
def test_an_exact_path_comes_before_one_with_an_argument(path: str, route: str, argument: str) -> None:
    methods, found = TABLE.find(path)
    assert (methods.path, found) == (route, argument)


@pytest.mark.parametrize("path", ["", "/", "/a//", "/b", "/a/b/c", "a", "//a", "/a/b//", "*"])
def test_any_other_path_is_not_found(path: str) -> None:
    with pytest.raises(Refusal, match="not_found"):
        TABLE.find(path)


def test_head_is_answered_where_get_is() -> None:
    methods, _ = TABLE.find("/a")
    assert methods.find("HEAD") == methods.find("GET")
    assert methods.allow == b"GET, HEAD, OPTIONS, POST"
    assert methods.find("PUT") is None


def test_a_route_is_given_once() -> None:
    with pytest.raises(ValueError, match="routed twice"):
        RouteTable([_route("GET", "/a"), _route("GET", "/a")], Traffic())


def test_a_query_is_read() -> None:
    assert parse_query("", frozenset()) == {}
    assert parse_query("a=1%2B2&b=", frozenset("ab")) == {"a": "1+2", "b": ""}


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("c=1", "unknown_parameter", None),
        ("a=1&a=2", "invalid_parameter", "a"),
        ("a=%ff", "invalid_parameter", None),
        ("a", "invalid_parameter", None),
        ("&", "invalid_parameter", None),
        ("&".join(["a=1"] * 50), "invalid_parameter", None),
    ],
)
def test_a_query_that_is_not_understood_is_refused(query: str, code: str, field: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        parse_query(query, frozenset("ab"))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("a=1&a=2&c=3", {"a": "2"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("a", {"a": ""}),
        ("&", {}),
        ("&".join(["a=1"] * 50), {}),
    ],
)
def test_a_page_is_shown_whatever_its_query_says(query: str, read: dict[str, str]) -> None:
    assert parse_query(query, frozenset({"a", ANY})) == read
