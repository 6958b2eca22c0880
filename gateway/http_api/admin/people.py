"""Who administers: people and machines' tokens, by id, role and state; and one's own account, with all of it."""

import re
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.own_views import EndedView
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.people_views import (
    ChangeOfPerson,
    OwnSession,
    OwnSignIn,
    OwnView,
    PeopleView,
    PersonView,
    TokensView,
    TokenView,
)
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.people import People
from gateway.people.record import Person, is_person_id
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.people.sessions import Session, Sessions
from gateway.people.signins import SignIns
from gateway.people.tokens import Token, Tokens
from redaction.personal import Purpose

PAGE: Final = 100
LAST: Final = 50
"""Sign-ins that one sees of oneself."""
_CURSOR: Final = re.compile("[a-z]{2,12}_[0-9a-f]{16}", re.ASCII)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


class PeopleEndpoints:
    def __init__(self, parts: Parts, registry: Registry) -> None:
        self._parts = parts
        self._registry = registry

    async def people(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that customer's."""
        asker = await self._opened(call, Action.PERSON_READ)
        everyone = await self._registry.everyone()
        found, cursor = page([each for each in everyone if asker.customer in ("", each.customer)], call)
        return self._parts.answer(PeopleView([person_view(each) for each in found], cursor))

    async def person(self, call: Call) -> Reply:
        """One of another customer is not there."""
        asker = await self._opened(call, Action.PERSON_READ)
        person = await self._registry.find(call.argument) if is_person_id(call.argument) else None
        if person is None or asker.customer not in ("", person.customer):
            raise Refusal("not_found")
        return self._parts.answer(person_view(person))

    async def end_sessions(self, call: Call) -> Reply:
        """Of somebody else, or of oneself: then this is the last request of one's session."""
        asker = await self._opened(call, Action.SESSION_END)
        person = await self._registry.find(call.argument) if is_person_id(call.argument) else None
        if person is None or not asker.may(Action.SESSION_END, person.customer):
            raise Refusal("not_found")
        actor = await self._parts.why(call, asker)
        return self._parts.answer(EndedView(await Sessions(self._registry).end_all(person, actor)))

    async def tokens(self, call: Call) -> Reply:
        asker = await self._opened(call, Action.TOKEN_READ)
        tokens = await Tokens(self._registry).all()
        found, cursor = page([each for each in tokens if asker.customer in ("", each.customer)], call)
        now_ms = self._parts.clock.now_ms()
        return self._parts.answer(TokensView([token_view(each, now_ms) for each in found], cursor))

    async def own(self, call: Call) -> Reply:
        """The audit log says that contact data was shown."""
        asker = await self._parts.gate.open(call.request, Action.OWN_READ)
        if not isinstance(asker.holder, Session):
            raise Refusal("not_allowed")
        return self._parts.answer(await self._own(asker, asker.holder))

    async def _own(self, asker: Asker, session: Session) -> OwnView:
        person, people = session.person, People(self._registry, asker.actor)
        contact = await people.contact(person.id, Purpose.DATA_SUBJECT)
        held = await people.credentials(person.id)
        sessions = await Sessions(self._registry).of(person)
        sign_ins = await SignIns(self._registry).of(person, LAST)
        return OwnView(
            id=person.id,
            name=contact.name.reveal(Purpose.DATA_SUBJECT),
            email=contact.email.reveal(Purpose.DATA_SUBJECT),
            phone=None if contact.phone is None else contact.phone.reveal(Purpose.DATA_SUBJECT),
            roles=sorted(person.roles),
            customer=person.customer or None,
            created_at=rfc3339(person.standing.created_ms),
            has_password=bool(held.password),
            has_totp=bool(held.totp),
            passkeys=len(held.passkeys),
            recovery_codes=len(held.recovery),
            sessions=[
                OwnSession(
                    began_at=rfc3339(each.created_ms), seen_at=rfc3339(each.seen_ms), current=each.key == session.key
                )
                for each in sessions
            ],
            sign_ins=[
                OwnSignIn(
                    at=rfc3339(each.at_ms), outcome=each.outcome.value, means=each.means.value, address=each.address
                )
                for each in sign_ins
            ],
            changes=[
                ChangeOfPerson(at=rfc3339(each.at_ms), by=each.by, what=list(each.what))
                for each in person.standing.changes
            ],
        )

    async def _opened(self, call: Call, action: Action) -> Asker:
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(action, asker.customer):
            raise Refusal("not_allowed")
        return asker


def page(found: Sequence[N], call: Call) -> tuple[list[N], str | None]:
    """Those behind the query's `cursor`, in the order of ids, and the next cursor. Raises Refusal."""
    cursor = call.query.get("cursor", "")
    if cursor and not _CURSOR.fullmatch(cursor):
        raise Refusal("invalid_parameter", "cursor")
    rest = sorted((each for each in found if each.id > cursor), key=lambda each: each.id)
    return rest[:PAGE], rest[PAGE - 1].id if len(rest) > PAGE else None


def person_view(person: Person) -> PersonView:
    standing = person.standing
    left = standing.left_ms is not None
    return PersonView(
        id=person.id,
        state="left" if left else "enabled" if person.is_enabled else "disabled",
        roles=sorted(person.roles),
        created_at=rfc3339(standing.created_ms),
        customer=person.customer or None,
        disabled_at=rfc3339_or_none(standing.disabled_ms),
        left_at=rfc3339_or_none(standing.left_ms),
    )


def token_view(token: Token, now_ms: int) -> TokenView:
    live = "live" if now_ms < token.expires_ms else "expired"
    return TokenView(
        id=token.id,
        state=live if token.revoked_ms is None else "revoked",
        scopes=sorted(token.scopes),
        label=token.label,
        by=token.by,
        created_at=rfc3339(token.created_ms),
        expires_at=rfc3339(token.expires_ms),
        customer=token.customer or None,
        revoked_at=rfc3339_or_none(token.revoked_ms),
    )
