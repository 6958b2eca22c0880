"""What a façade is made of: its endpoints, a row each, and how it says that something went wrong.

A row says which path and methods it answers, where its programs put their credentials, what their key must be allowed,
and what it does. What sends says how the request is read and how it is answered; everything between is the one way of
every submission (`gateway.http_api.facades.taking`), over either lane of the listener.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.fields import Fields
from gateway.http_api.replies import Reply
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM, SmppForm
from redaction.personal import Secret

_PLACE: Final = re.compile(r"\{(\w+)\}")
Header = Callable[[str], str]
"""A header of a request by its name, '' where it is not there."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a façade, its credentials taken out. method: upper case. path: as it was asked, without the query.
    places: what stands in the open places of the endpoint's path. body: as it came, where it is no form and no JSON.
    """

    method: str
    path: str
    places: Mapping[str, str]
    fields: Fields
    header: Header
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Asked({self.method})"


class Order(msgspec.Struct, frozen=True):
    """One message that a request asks for. form: what a request of our own API could not say."""

    request: MessageRequest
    form: SmppForm = NO_FORM


class Taken(msgspec.Struct, frozen=True):
    """What became of an order: its message, which is durable."""

    order: Order
    message: Message


Page = Callable[[], Reply]
"""What anybody is answered."""
Login = Callable[[Asked], Secret | None]
"""Takes the credentials out of a request: the key, which is user name and password together; None for none."""
Work = Callable[[Asked, ApiKey], Awaitable[Reply]]
"""Answers. May raise Refusal, which the façade's `refused` then says."""
Orders = Callable[[Asked, ApiKey], Sequence[Order]]
"""Raises Refusal."""
Accepted = Callable[[Asked, ApiKey, Sequence[Taken]], Reply]
"""Says what was taken, in the turn of the orders: one at least."""


class Errand(msgspec.Struct, frozen=True):
    """What a request that sends asks for. said: the answer to what was taken, in the turn of the orders: one at least.
    once: its idempotency key, if it has one.
    """

    orders: Sequence[Order]
    said: Callable[[Sequence[Taken]], Reply]
    once: str | None = None

    def __repr__(self) -> str:
        return f"Errand({len(self.orders)})"


Read = Callable[[Asked, ApiKey], Errand]
"""Raises Refusal."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """path: with open places as `{name}`, each for a part of one segment. scope: that its key must have. scopes: by
    method, where they differ. claims: whether a request with these headers and this query is the façade's, where the
    path is another API's as well; None: all are. refused: how this endpoint says a refusal, where not as the whole
    façade does. sends: by method, what sends. work: of the other methods. reads_body: its body is no form and no flat
    JSON object, and is given as it came.
    """

    path: str
    methods: frozenset[str]
    login: Login
    sends: Mapping[str, Read] = {}
    work: Work | None = None
    scope: str = "send"
    claims: Callable[[Header, str], bool] | None = None
    refused: Callable[[Refusal], Reply] | None = None
    scopes: Mapping[str, str] = {}
    reads_body: bool = False

    def scope_of(self, method: str) -> str:
        return self.scopes.get(method, self.scope)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """Of a path with open places; None for one without."""
        if "{" not in self.path:
            return None
        parts = _PLACE.split(self.path)
        escaped = [f"(?P<{each}>[^/]+?)" if at % 2 else re.escape(each) for at, each in enumerate(parts)]
        return re.compile("".join(escaped))


class Facade(msgspec.Struct, frozen=True, kw_only=True):
    """name: in settings and keys. prefixes: of all paths that are its own, so that it says itself that there is nothing
    at one of them. pages: by path, what anybody is answered who asks with GET, whether with credentials or without.
    """

    name: str
    prefixes: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    refused: Callable[[Refusal], Reply]
    pages: Mapping[str, Page] = {}
