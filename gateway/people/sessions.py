"""Sessions of people who are signed in: a random token that only they have, and a keyed digest of it in the ledger.

A session ends after 15 minutes without a request, after ten hours in any case, and with everything that gives the
account another authority: other roles, other credentials, a disabled account. The time of the last request is written
once a minute, so a session without requests ends between 14 and 15 minutes after the last one.

The token of forms (CSRF) is derived from the session's and is stored nowhere.
"""

import base64
import hmac
from hashlib import sha256
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.people.notes import about, person_actor
from gateway.people.record import Person, is_person_id
from gateway.people.registry import Registry
from gateway.people.roles import FRESH, OWN, Action, may
from redaction.personal import Purpose, Secret

SESSION: Final = "session"
IDLE_MS: Final = 15 * 60 * 1000
LONGEST_MS: Final = 10 * 3600 * 1000
FRESH_MS: Final = 5 * 60 * 1000
"""After a proof of who somebody is, how long it counts as fresh."""
NOTED_EVERY_MS: Final = 60 * 1000
MOST: Final = 10
"""Of one person; the next one ends the oldest."""
TOKEN_OCTETS: Final = 32

COOKIE: Final = "__Host-session"
COOKIE_RULES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
"""No Domain and no Max-Age: it goes with the browser, and to this host alone."""


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """second: whether a second factor was shown, or a passkey. fresh_ms: the last proof."""

    authority: int
    created_ms: int
    seen_ms: int
    fresh_ms: int
    second: bool


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode


class Session(msgspec.Struct, frozen=True):
    """Of somebody who is signed in now. key: of its document, which says nothing about the token."""

    person: Person
    key: str
    token: Secret
    created_ms: int
    fresh_ms: int
    has_second: bool

    def may(self, action: Action, customer: str = "") -> bool:
        """Whether this person may do it to what belongs to that customer (public id; "" for the platform's own).

        Who signed in without a second factor may see to the own account alone, and set one up.
        """
        if action in OWN:
            return may(self.person.roles, action, True)
        own = self.person.customer != "" and customer == self.person.customer
        return self.has_second and may(self.person.roles, action, own)

    def is_fresh_for(self, action: Action, now_ms: int) -> bool:
        """Whether the last proof is recent enough for it; if not, ask again who it is."""
        return action not in FRESH or now_ms < self.fresh_ms + FRESH_MS

    def form_token(self) -> str:
        """What every form and every changing request repeats (CSRF)."""
        token = self.token.reveal(Purpose.CREDENTIAL).encode()
        return _base64(hmac.digest(token, b"connect-gateway form", "sha256"))

    def is_form_token(self, given: str) -> bool:
        """In constant time."""
        return hmac.compare_digest(self.form_token().encode(), given.encode("utf-8", "surrogatepass"))


class Listed(msgspec.Struct, frozen=True):
    """One of somebody's sessions, for its owner to see."""

    key: str
    created_ms: int
    seen_ms: int

    @property
    def short_id(self) -> str:
        """By which its owner names it."""
        return f"session_{sha256(self.key.encode()).hexdigest()[:16]}"


class Sessions:
    """The sessions of one ledger."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._clock = registry.clock

    async def begun(self, person: Person, *, has_second: bool) -> tuple[Secret, list[DocumentWrite]]:
        """The token of a new session, and what has to be written for it, in the act that signs somebody in."""
        token = Secret(f"{person.id}.{_base64(self._clock.random(TOKEN_OCTETS))}")
        now_ms = self._clock.now_ms()
        stored = _Stored(person.standing.authority, now_ms, now_ms, now_ms, has_second)
        writes = [DocumentWrite(SESSION, self._key(person.id, token), _encode(stored), ABSENT)]
        return token, writes + await self._oldest_beyond(person, MOST - 1)

    async def find(self, token: Secret, *, notes: bool = True) -> Session | None:
        """Whose token this is; None for one that is over or was never given. notes: that it was used, so it goes on."""
        key = self._key_of(token)
        document = None if key is None else await self._registry.acts.find(SESSION, key)
        if document is None:
            return None
        stored, now_ms = _read(document), self._clock.now_ms()
        if stored is None or _is_over(stored, now_ms):
            return None
        person = await self._registry.find(document.key.partition(":")[0])
        if person is None or not self._registry.admits(person) or person.standing.authority != stored.authority:
            return None
        if notes and now_ms >= stored.seen_ms + NOTED_EVERY_MS:
            await self._note(document, msgspec.structs.replace(stored, seen_ms=now_ms))
        return Session(person, document.key, token, stored.created_ms, stored.fresh_ms, stored.second)

    async def _note(self, document: Document, stored: _Stored) -> None:
        """Unless another request of the session does so."""
        try:
            await self._registry.acts.act([DocumentWrite(SESSION, document.key, _encode(stored), document.version)])
        except ChangedMeanwhile:
            return

    async def refreshed(self, session: Session, *, has_second: bool, authority: int | None = None) -> DocumentWrite:
        """What has to be written once its owner has proved again who it is. Raises ChangedMeanwhile for one that ended.

        authority: the account's, where that is another one now by this session's own doing.
        """
        document = await self._registry.acts.find(SESSION, session.key)
        stored = None if document is None else _read(document)
        if document is None or stored is None:
            raise ChangedMeanwhile
        now_ms = self._clock.now_ms()
        renewed = msgspec.structs.replace(
            stored,
            fresh_ms=now_ms,
            seen_ms=now_ms,
            second=stored.second or has_second,
            authority=stored.authority if authority is None else authority,
        )
        return DocumentWrite(SESSION, session.key, _encode(renewed), document.version)

    async def keep(self, session: Session, person: Person, *, has_second: bool = False) -> None:
        """Let this session go on under the account's new authority, which its owner caused from within it.

        has_second: a second factor was shown meanwhile. Raises ChangedMeanwhile for one that ended.
        """
        write = await self.refreshed(session, has_second=has_second, authority=person.standing.authority)
        await self._registry.acts.act([write])

    async def end(self, session: Session) -> None:
        """Sign out."""
        actor = person_actor(session.person.id)
        entries = [about(Act.LOGOUT, actor, session.person, self._clock.now_ms())]
        await self._registry.acts.act([DocumentWrite(SESSION, session.key, None)], entries)

    async def of(self, person: Person) -> list[Listed]:
        """Those that are not over, newest first."""
        now_ms = self._clock.now_ms()
        found = [(each, _read(each)) async for each in self._registry.documents(SESSION, f"{person.id}:")]
        listed = [
            Listed(each.key, stored.created_ms, stored.seen_ms)
            for each, stored in found
            if stored is not None and not _is_over(stored, now_ms) and stored.authority == person.standing.authority
        ]
        return sorted(listed, key=lambda each: each.created_ms, reverse=True)

    async def end_of(self, person: Person, key: str) -> bool:
        """End one of a person's sessions, by the key that lists show; whether there was one."""
        if not key.startswith(f"{person.id}:") or await self._registry.acts.find(SESSION, key) is None:
            return False
        numbers = {"ended": 1}
        entries = [about(Act.PERSON_SESSIONS, person_actor(person.id), person, self._clock.now_ms(), numbers=numbers)]
        await self._registry.acts.act([DocumentWrite(SESSION, key, None)], entries)
        return True

    async def end_others(self, session: Session) -> int:
        """End all of somebody's sessions but this one, those of an earlier authority too; how many."""
        found = [each.key async for each in self._registry.documents(SESSION, f"{session.person.id}:")]
        others = [each for each in found if each != session.key]
        if others:
            actor, now_ms = person_actor(session.person.id), self._clock.now_ms()
            entry = about(Act.PERSON_SESSIONS, actor, session.person, now_ms, numbers={"ended": len(others)})
            await self._registry.acts.act([DocumentWrite(SESSION, each, None) for each in others], [entry])
        return len(others)

    async def end_all(self, person: Person, actor: Actor) -> int:
        """End all sessions of somebody, for another one who may; how many."""
        found = [each.key async for each in self._registry.documents(SESSION, f"{person.id}:")]
        entry = about(Act.PERSON_SESSIONS, actor, person, self._clock.now_ms(), numbers={"ended": len(found)})
        await self._registry.acts.act([DocumentWrite(SESSION, each, None) for each in found], [entry])
        return len(found)

    async def _oldest_beyond(self, person: Person, most: int) -> list[DocumentWrite]:
        found = [(each, _read(each)) async for each in self._registry.documents(SESSION, f"{person.id}:")]
        found.sort(key=lambda each: 0 if each[1] is None else each[1].created_ms)
        return [DocumentWrite(SESSION, each.key, None) for each, _ in found[: max(0, len(found) - most)]]

    def _key_of(self, token: Secret) -> str | None:
        identifier, dot, _ = token.reveal(Purpose.CREDENTIAL).partition(".")
        return self._key(identifier, token) if dot and is_person_id(identifier) else None

    def _key(self, identifier: str, token: Secret) -> str:
        return f"{identifier}:{_base64(self._registry.digest('session', token))}"


def cookie(token: Secret) -> str:
    """The value of `Set-Cookie` that signs somebody in."""
    return f"{COOKIE}={token.reveal(Purpose.CREDENTIAL)}; {COOKIE_RULES}"


NO_COOKIE: Final = f"{COOKIE}=; {COOKIE_RULES}; Max-Age=0"
"""The value of `Set-Cookie` that signs somebody out."""


def over_at_ms(document: Document) -> int:
    """When a session's document serves nobody any more."""
    stored = _read(document)
    return 0 if stored is None else min(stored.seen_ms + IDLE_MS, stored.created_ms + LONGEST_MS)


def _is_over(stored: _Stored, now_ms: int) -> bool:
    return now_ms >= min(stored.seen_ms + IDLE_MS, stored.created_ms + LONGEST_MS)


def _read(document: Document) -> _Stored | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
