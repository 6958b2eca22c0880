"""Signing in and out. A browser keeps the session's token in a cookie that no script reads."""

from typing import Final

from gateway.http_api.admin.gate import session_cookie
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import SessionView, SignInRequest
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.people import signing_in
from gateway.people.registry import Registry
from gateway.people.sessions import NO_COOKIE, Session, Sessions, cookie
from gateway.people.signing_in import Attempt, SigningIn
from gateway.people.signins import Place
from redaction.personal import Secret

_CODES: Final = {
    signing_in.Refusal.WRONG: "sign_in_refused",
    signing_in.Refusal.LOCKED: "sign_in_locked",
    signing_in.Refusal.BUSY: "overloaded",
}


class SignInEndpoints:
    def __init__(self, parts: Parts, registry: Registry) -> None:
        self._parts = parts
        self._sessions = Sessions(registry)
        self._door = SigningIn(registry)

    async def begin(self, call: Call) -> Reply:
        """Whoever is signed in already is signed in anew."""
        asked = await self._parts.body(call, SignInRequest)
        place = Place(self._parts.proxies.origin(call.request), call.request.headers.get("User-Agent", ""))
        found = await self._door.by_password(Attempt(Secret(asked.email), Secret(asked.password), asked.code, place))
        if isinstance(found, signing_in.Refusal):
            raise Refusal(_CODES[found])
        session = await self._sessions.find(found.token)
        if session is None:
            raise Refusal("sign_in_refused")
        return self._parts.answer(_view(session), 201, more=b"Set-Cookie: %s\r\n" % cookie(found.token).encode())

    async def show(self, call: Call) -> Reply:
        return self._parts.answer(_view(await self._session(call)))

    async def end(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        if not isinstance(asker.holder, Session):
            raise Refusal("not_signed_in")
        await self._sessions.end(asker.holder)
        return self._parts.replies.empty(b"Set-Cookie: %s\r\n" % NO_COOKIE.encode())

    async def _session(self, call: Call) -> Session:
        token = session_cookie(call.request)
        session = None if token is None else await self._sessions.find(token)
        if session is None:
            raise Refusal("not_signed_in")
        return session


def _view(session: Session) -> SessionView:
    person = session.person
    return SessionView(
        person=person.id,
        roles=sorted(role.value for role in person.roles),
        customer=person.customer or None,
        has_second_factor=session.has_second,
        form_token=session.form_token(),
    )
