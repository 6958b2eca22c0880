"""One's own passkeys, password, authenticator and sessions. Who signed in without a second factor may set one up here,
and do nothing else.

What is changed ends one's other sessions; the one that asks goes on.
"""

from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.http_api.admin.own_views import (
    AuthenticatorView,
    CodeRequest,
    ContactRequest,
    EndedView,
    NameRequest,
    PasskeyOptions,
    PasskeyRegistration,
    PasskeysView,
    PasskeyView,
    PasswordRequest,
    RecoveryView,
    SessionLine,
    SessionsView,
)
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sign_in import said
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.enrolling import Enrolling
from gateway.people.notes import person_actor
from gateway.people.passkeys import PasskeyRefused, RelyingParty
from gateway.people.people import People
from gateway.people.record import Passkey, Person
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.people.sessions import Session, Sessions
from redaction.errors import alone
from redaction.personal import MessageText, Purpose, Secret

T = TypeVar("T")
_LAST: Final = "last_factor"


class OwnEndpoints:
    """party: None where there are no passkeys."""

    def __init__(self, parts: Parts, registry: Registry, party: RelyingParty | None) -> None:
        self._parts = parts
        self._registry = registry
        self._sessions = Sessions(registry)
        self._enrolling = None if party is None else Enrolling(registry, party)

    # ------------------------------------------------------------------------------------------------------- passkeys

    async def passkeys(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_READ)
        held = await self._people(session).credentials(session.person.id)
        return self._parts.answer(PasskeysView([_passkey(each) for each in held.passkeys], self._enrolling is not None))

    async def begin_passkey(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        options = await _done(self._enrolled().options(session.person.id), "passkeys_full")
        return self._parts.answer(PasskeyOptions(msgspec.json.decode(options)))

    async def add_passkey(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        asked = await self._parts.body(call, PasskeyRegistration)
        enrolling = self._enrolled()
        label = _label(asked.name)
        try:
            person, made = await _done(
                enrolling.register(session.person.id, said(asked.credential), label), "passkeys_full"
            )
        except PasskeyRefused:
            raise alone(Refusal("passkey_refused")) from None
        await self._go_on(session, person, has_second=True)
        return self._parts.answer(_passkey(made), 201)

    async def name_passkey(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        asked, passkey = await self._parts.body(call, NameRequest), await self._found(call, session)
        label = _label(asked.name)
        await _done(self._people(session).name_passkey(session.person.id, passkey.id, label), "invalid_value", "name")
        return self._parts.answer(_passkey(msgspec.structs.replace(passkey, name=label)))

    async def drop_passkey(self, call: Call) -> Reply:
        """The last second factor stays until there is another one."""
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        passkey = await self._found(call, session)
        dropped = self._people(session).drop_passkeys(session.person.id, passkey.id, keeps_second=True)
        await self._go_on(session, await _done(dropped, _LAST))
        return self._parts.replies.empty(b"")

    def _enrolled(self) -> Enrolling:
        if self._enrolling is None:
            raise Refusal("passkeys_off")
        return self._enrolling

    async def _found(self, call: Call, session: Session) -> Passkey:
        held = await self._people(session).credentials(session.person.id)
        for each in held.passkeys:
            if each.short_id == call.argument:
                return each
        raise Refusal("not_found")

    # --------------------------------------------------------------------------------------------------- contact data

    async def correct(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CORRECT)
        asked = await self._parts.body(call, ContactRequest)
        given = {
            name: None if each is None else MessageText(each) for name, each in msgspec.structs.asdict(asked).items()
        }
        await _done(self._people(session).correct(session.person.id, **given), "invalid_value")
        return self._parts.replies.empty(b"")

    # -------------------------------------------------------------------------------------- password and authenticator

    async def set_password(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        asked = await self._parts.body(call, PasswordRequest)
        changed = self._people(session).set_password(session.person.id, Secret(asked.password))
        await self._go_on(session, await _done(changed, "password_weak", "password"))
        return self._parts.replies.empty(b"")

    async def begin_totp(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        made = await self._people(session).begin_totp(session.person.id)
        secret, uri = made.secret.reveal(Purpose.CREDENTIAL), made.uri.reveal(Purpose.CREDENTIAL)
        return self._parts.answer(AuthenticatorView(secret, uri))

    async def confirm_totp(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        asked = await self._parts.body(call, CodeRequest)
        codes = await _done(self._people(session).confirm_totp(session.person.id, asked.code), "invalid_value", "code")
        await self._go_on(session, await self._registry.get(session.person.id), has_second=True)
        return self._parts.answer(RecoveryView([each.reveal(Purpose.CREDENTIAL) for each in codes]), 201)

    async def drop_totp(self, call: Call) -> Reply:
        """With the recovery codes. The last second factor stays until there is another one."""
        session = await self._opened(call, Action.OWN_CREDENTIALS)
        dropped = self._people(session).drop_totp(session.person.id, keeps_second=True)
        await self._go_on(session, await _done(dropped, _LAST))
        return self._parts.replies.empty(b"")

    # ------------------------------------------------------------------------------------------------------- sessions

    async def sessions(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_READ)
        lines = [
            SessionLine(
                id=each.short_id,
                began_at=rfc3339(each.created_ms),
                seen_at=rfc3339(each.seen_ms),
                current=each.key == session.key,
            )
            for each in await self._sessions.of(session.person)
        ]
        return self._parts.answer(SessionsView(lines))

    async def end_session(self, call: Call) -> Reply:
        """Another one than the one that asks, which `DELETE /session` ends."""
        session = await self._opened(call, Action.OWN_SESSION_END)
        for each in await self._sessions.of(session.person):
            if each.short_id == call.argument and each.key != session.key:
                await self._sessions.end_of(session.person, each.key)
                return self._parts.replies.empty(b"")
        raise Refusal("not_found")

    async def end_others(self, call: Call) -> Reply:
        session = await self._opened(call, Action.OWN_SESSION_END)
        return self._parts.answer(EndedView(await self._sessions.end_others(session)))

    # ---------------------------------------------------------------------------------------------------------- shared

    async def _opened(self, call: Call, action: Action) -> Session:
        """Of a person: no machine has an account of its own. Raises Refusal."""
        asker = await self._parts.gate.open(call.request, action)
        if not isinstance(asker.holder, Session):
            raise Refusal("not_allowed")
        return asker.holder

    def _people(self, session: Session) -> People:
        return People(self._registry, person_actor(session.person.id))

    async def _go_on(self, session: Session, person: Person, *, has_second: bool = False) -> None:
        """Raises Refusal where the session was ended meanwhile: what was changed stays so."""
        try:
            await self._sessions.keep(session, person, has_second=has_second)
        except ChangedMeanwhile:
            raise alone(Refusal("not_signed_in")) from None


async def _done(work: Awaitable[T], code: str, field: str | None = None) -> T:
    """code: of the refusal where what is asked for makes no sense. Raises Refusal."""
    try:
        return await work
    except InvalidSetting:
        raise alone(Refusal(code, field)) from None
    except ChangedMeanwhile:
        raise alone(Refusal("changed_meanwhile")) from None


def _label(name: str) -> str:
    if not name.strip():
        raise Refusal("empty_field", "name")
    if not name.isprintable():
        raise Refusal("forbidden_character", "name")
    return name


def _passkey(passkey: Passkey) -> PasskeyView:
    return PasskeyView(
        id=passkey.short_id,
        name=passkey.name,
        created_at=rfc3339(passkey.created_ms),
        used_at=rfc3339_or_none(passkey.used_ms or None),
    )
