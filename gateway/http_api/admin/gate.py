"""Who administers: a machine's token, or somebody who is signed in; and whether that may do this.

A session's cookie is believed where nothing is changed, and otherwise only beside the form token that the session gives
(`X-Form-Token`) and for requests that no other site had a browser make (`Sec-Fetch-Site`).
"""

from typing import Final

import msgspec
from aiohttp import web

from gateway.audit.actor import Actor
from gateway.model.refusals import Refusal
from gateway.people.notes import person_actor
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.people.sessions import COOKIE, Session, Sessions
from gateway.people.tokens import Token, Tokens
from gateway.process.clock import Clock
from operators.seated_handler import SeatedHandler
from redaction.personal import Secret

FORM_TOKEN: Final = "X-Form-Token"  # noqa: S105  a header's name
PASSIVE: Final = "X-Passive"
"""A header with which a page says that it asks by itself, and nobody: the session goes on as if it had not."""
LONGEST_TOKEN: Final = 256
_LOOKS: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


class Asker(msgspec.Struct, frozen=True):
    """Who asks. holder: its session or token."""

    holder: Session | Token

    @property
    def actor(self) -> Actor:
        return self.holder.actor if isinstance(self.holder, Token) else person_actor(self.holder.person.id)

    @property
    def customer(self) -> str:
        """The public id of the customer that it belongs to; "" for the platform's own."""
        return self.holder.customer if isinstance(self.holder, Token) else self.holder.person.customer

    def may(self, action: Action, customer: str = "") -> bool:
        """To what belongs to that customer; "" for the platform's own."""
        return self.holder.may(action, customer)


class AdminGate:
    """registry: of people and tokens."""

    def __init__(self, registry: Registry) -> None:
        self._clock: Clock = registry.clock
        self._sessions = Sessions(registry)
        self._tokens = Tokens(registry)

    async def open(self, request: web.BaseRequest, action: Action, customer: str = "") -> Asker:
        """Who asks, if it may do this. Raises Refusal.

        Whoever belongs to a customer is told of every other one that there is none, as of one that does not exist.
        """
        asker = await self.identify(request)
        if not asker.may(action, customer):
            if customer and asker.customer not in ("", customer):
                raise Refusal("not_found")
            raise Refusal("not_allowed")
        if isinstance(asker.holder, Session) and not asker.holder.is_fresh_for(action, self._clock.now_ms()):
            raise Refusal("proof_needed")
        return asker

    async def identify(self, request: web.BaseRequest) -> Asker:
        """Who asks, whatever it may do. Raises Refusal."""
        holder = await self._holder(request)
        if holder is None:
            raise Refusal("not_signed_in")
        if isinstance(holder, Session) and request.method not in _LOOKS:
            _check_origin(request, holder)
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        return Asker(holder)

    async def _holder(self, request: web.BaseRequest) -> Session | Token | None:
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            return await self._tokens.find(Secret(word)) if scheme.lower() == "bearer" and _may_be_one(word) else None
        cookie = session_cookie(request)
        return None if cookie is None else await self._sessions.find(cookie, notes=PASSIVE not in request.headers)


def session_cookie(request: web.BaseRequest) -> Secret | None:
    """The session's token, as a browser sends it; None where there are two. What else is beside it may be anything."""
    pairs = (pair.partition("=") for line in request.headers.getall("Cookie", ()) for pair in line.split(";"))
    found = [value.strip(" \t") for name, _, value in pairs if name.strip(" \t") == COOKIE]
    return Secret(found[0]) if len(found) == 1 and _may_be_one(found[0]) else None


def _may_be_one(token: str) -> bool:
    return 0 < len(token) <= LONGEST_TOKEN and token.isascii()


def check_site(request: web.BaseRequest) -> None:
    """Raises Refusal where another site has a browser ask."""
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
        raise Refusal("form_token_missing")


def _check_origin(request: web.BaseRequest, session: Session) -> None:
    check_site(request)
    if not session.is_form_token(request.headers.get(FORM_TOKEN, "")):
        raise Refusal("form_token_missing")
