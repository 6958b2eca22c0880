"""Paths of the console that more than one module names, and how a route of it is made."""

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote

from gateway.http_api.routes import Handler, Operation, Parameter, Route

HOME: Final = "/console/"
OWN: Final = "/console/own"
SIGN_IN: Final = "/console/sign-in"
SIGN_OUT: Final = "/console/sign-out"
PROVE: Final = "/console/prove"
_OWN: Final = re.compile(r"/console/[A-Za-z0-9_.~/-]{0,200}", re.ASCII)


def page_route(method: str, path: str, handler: Handler, *query: str) -> Route:
    """query: parameters that it takes. No description of an API has it."""
    takes = tuple(Parameter(name=each, schema={}, description="") for each in query)
    return Route(method, path, handler, Operation(id="", summary="", tag="", answers=(), parameters=takes))


def with_query(path: str, query: Mapping[str, str], *, leaves: Collection[str] = ()) -> str:
    """An address of ours with parameters. leaves: names of those that are left out."""
    pairs = [f"{name}={quote(value, safe='')}" for name, value in query.items() if value and name not in leaves]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def next_of(wanted: str) -> str:
    """Where to go on: a page of the console, or the first one for whatever else is asked for."""
    return wanted if _OWN.fullmatch(wanted) and "//" not in wanted else HOME
