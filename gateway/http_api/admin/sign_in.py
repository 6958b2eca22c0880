"""Signing in and out, and proving again who one is. A browser keeps the session's token in a cookie that no script
reads.
"""

from collections.abc import Awaitable
from typing import Final

import msgspec

from gateway.http_api.admin.gate import PASSIVE, check_site, session_cookie
from gateway.http_api.admin.own_views import PasskeyAnswer, PasskeyOptions, ProofRequest
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import SessionView, SignInRequest
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.people import signing_in
from gateway.people.passkeys import RelyingParty
from gateway.people.registry import Registry
from gateway.people.sessions import NO_COOKIE, Session, Sessions, cookie
from gateway.people.signing_in import Attempt, SignedIn, SigningIn
from gateway.people.signins import Place
from redaction.personal import Secret

_CODES: Final = {
    signing_in.Refusal.WRONG: "sign_in_refused",
    signing_in.Refusal.LOCKED: "sign_in_locked",
    signing_in.Refusal.BUSY: "overloaded",
}


class SignInEndpoints:
    """party: None where there are no passkeys."""

    def __init__(self, parts: Parts, registry: Registry, party: RelyingParty | None) -> None:
        self._parts = parts
        self._sessions = Sessions(registry)
        self._door = SigningIn(registry, party)

    async def begin(self, call: Call) -> Reply:
        """Whoever is signed in already is signed in anew."""
        check_site(call.request)
        asked = await self._parts.body(call, SignInRequest)
        attempt = Attempt(Secret(asked.email), Secret(asked.password), asked.code, self._place(call))
        return await self._let_in(self._door.by_password(attempt))

    async def passkey_options(self, call: Call) -> Reply:
        """The same for everybody; nothing is written by it."""
        check_site(call.request)
        options = self._door.passkey_options()
        if options is None:
            raise Refusal("passkeys_off")
        return self._parts.answer(PasskeyOptions(msgspec.json.decode(options)))

    async def by_passkey(self, call: Call) -> Reply:
        check_site(call.request)
        asked = await self._parts.body(call, PasskeyAnswer)
        return await self._let_in(self._door.by_passkey(said(asked.credential), self._place(call)))

    async def show(self, call: Call) -> Reply:
        return self._parts.answer(_view(await self._session(call)))

    async def prove(self, call: Call) -> Reply:
        """A fresh proof of who is signed in, by password and code."""
        session = await self._asking(call)
        asked = await self._parts.body(call, ProofRequest)
        proof = self._door.prove(session, Secret(asked.password), asked.code, self._place(call))
        return await self._proved(call, proof)

    async def prove_by_passkey(self, call: Call) -> Reply:
        session = await self._asking(call)
        asked = await self._parts.body(call, PasskeyAnswer)
        return await self._proved(call, self._door.prove_by_passkey(session, said(asked.credential), self._place(call)))

    async def end(self, call: Call) -> Reply:
        await self._sessions.end(await self._asking(call))
        return self._parts.replies.empty(b"Set-Cookie: %s\r\n" % NO_COOKIE.encode())

    async def _let_in(self, door: Awaitable[SignedIn | signing_in.Refusal]) -> Reply:
        found = await door
        if isinstance(found, signing_in.Refusal):
            raise Refusal(_CODES[found])
        session = await self._sessions.find(found.token)
        if session is None:
            raise Refusal("sign_in_refused")
        return self._parts.answer(_view(session), 201, more=b"Set-Cookie: %s\r\n" % cookie(found.token).encode())

    async def _proved(self, call: Call, proof: Awaitable[signing_in.Refusal | None]) -> Reply:
        refused = await proof
        if refused is not None:
            raise Refusal(_CODES[refused])
        return self._parts.answer(_view(await self._session(call)))

    async def _asking(self, call: Call) -> Session:
        """The session that changes something of itself. Raises Refusal."""
        asker = await self._parts.gate.identify(call.request)
        if not isinstance(asker.holder, Session):
            raise Refusal("not_signed_in")
        return asker.holder

    async def _session(self, call: Call) -> Session:
        token = session_cookie(call.request)
        session = None if token is None else await self._sessions.find(token, notes=PASSIVE not in call.request.headers)
        if session is None:
            raise Refusal("not_signed_in")
        return session

    def _place(self, call: Call) -> Place:
        return Place(self._parts.proxies.origin(call.request), call.request.headers.get("User-Agent", ""))


def said(credential: dict[str, object]) -> str:
    """What an authenticator answered, as text."""
    return msgspec.json.encode(credential).decode()


def _view(session: Session) -> SessionView:
    person = session.person
    return SessionView(
        person=person.id,
        roles=sorted(role.value for role in person.roles),
        customer=person.customer or None,
        has_second_factor=session.has_second,
        form_token=session.form_token(),
    )
