"""What takes two persons: one asks, with a reason; another one consents; then it is done, once, and in time.

A request is a document of kind `request`. Its reason is sealed under the key of whoever asked, and goes with that
person; the audit log holds a salted commitment to it. Who may ask and who may consent stands in `gateway.people.roles`.
"""

import enum
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import NODE, Actor
from gateway.audit.acts import Act
from gateway.audit.entries import commitment, entry
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.people.notes import person_actor
from gateway.people.record import Person
from gateway.people.registry import Registry, UnknownPerson, until_it_stands
from gateway.people.roles import TWO_PERSONS, Action, may, may_consent
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

REQUEST: Final = "request"
REASON: Final = "person_reason"
"""The sealed field."""
HOUR_MS: Final = 3600 * 1000
WAITS_MS: Final = 24 * HOUR_MS
"""How long a request waits for consent, unless it says otherwise."""
LONGEST_WAIT_MS: Final = 7 * 24 * HOUR_MS
HOLDS_MS: Final = HOUR_MS
"""How long after the consent it may be done."""
KEPT_MS: Final = 365 * 24 * HOUR_MS
LONGEST_REASON: Final = 200
_LONGEST_OBJECT: Final = 64
_SALT: Final = 16


class NotAllowed(Exception):
    """The table of roles does not grant it, or it is somebody's own request."""


class State(enum.StrEnum):
    """open → granted → used; or refused, withdrawn, or over its time in any of the first two."""

    OPEN = "open"
    GRANTED = "granted"
    USED = "used"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    action: Action
    obj: str
    customer: str
    by: str
    by_number: int
    asked_ms: int
    until_ms: int
    state: State
    second: str = ""
    reason: bytes = b""
    salt: bytes = b""
    is_noted: bool = False


class _Asked(msgspec.Struct, frozen=True):
    """Of what is stored, since when it is kept."""

    asked_ms: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """obj: random id of what it is about. customer: public id of whose that is. by, second: ids of the two people.

    until_ms: when it is over: first for consent, then for doing it.
    """

    id: str
    action: Action
    obj: str
    customer: str
    by: str
    asked_ms: int
    until_ms: int
    state: State
    second: str
    version: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode
_decode_asked: Final = msgspec.msgpack.Decoder(_Asked).decode


class Requests:
    """The requests of one ledger."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._clock = registry.clock

    async def ask(
        self,
        person: Person,
        action: Action,
        obj: str,
        reason: MessageText,
        *,
        customer: str = "",
        waits_ms: int = WAITS_MS,
    ) -> Request:
        """A new request, which waits for a second person. Raises NotAllowed and InvalidSetting."""
        if action not in TWO_PERSONS:
            raise InvalidSetting("this action takes one person")
        if not may(person.roles, action, _is_own(person, customer)):
            raise NotAllowed
        said = reason.reveal(Purpose.ACCEPT).strip()
        if not 0 < len(said) <= LONGEST_REASON or not said.isprintable():
            raise InvalidSetting(f"a reason has 1 to {LONGEST_REASON} characters that can be printed")
        if not 0 < waits_ms <= LONGEST_WAIT_MS or not 0 < len(obj) <= _LONGEST_OBJECT:
            raise InvalidSetting("a request waits up to 7 days, and is about something")
        identifier, now_ms, salt = self._registry.fresh_id("request"), self._clock.now_ms(), self._clock.random(_SALT)
        sealed = self._registry.sealer.seal_account(said.encode(), person.number, REASON, identifier.encode())
        stored = _Stored(
            action=action,
            obj=obj,
            customer=customer,
            by=person.id,
            by_number=person.number,
            asked_ms=now_ms,
            until_ms=now_ms + waits_ms,
            state=State.OPEN,
            reason=sealed,
            salt=salt,
        )
        entries = [
            entry(
                Act.REQUEST_MAKE,
                person_actor(person.id),
                identifier,
                now_ms=now_ms,
                customer=customer,
                why=commitment(salt, said),
            )
        ]
        await self._registry.acts.act([DocumentWrite(REQUEST, identifier, _encode(stored), ABSENT)], entries)
        return _request(identifier, stored, 0, now_ms)

    async def find(self, identifier: str) -> Request:
        """Raises UnknownPerson."""
        document, stored = await self._get(identifier)
        return _request(identifier, stored, document.version, self._clock.now_ms())

    async def waiting(self) -> list[Request]:
        """Those that wait for a second person or to be done, oldest first."""
        now_ms = self._clock.now_ms()
        found = [(each, _read(each)) async for each in self._registry.documents(REQUEST)]
        shown = [_request(each.key, stored, each.version, now_ms) for each, stored in found if stored is not None]
        live = [each for each in shown if each.state in (State.OPEN, State.GRANTED)]
        return sorted(live, key=lambda each: each.asked_ms)

    async def reason(self, identifier: str) -> MessageText:
        """Why it was asked. Raises UnknownPerson, and `redaction.errors.SealError` once that person was erased."""
        _, stored = await self._get(identifier)
        octets = self._registry.sealer.open_account(
            Sealed(stored.reason), stored.by_number, REASON, identifier.encode(), Purpose.SECURITY
        )
        return MessageText(octets.decode())

    async def consent(self, person: Person, identifier: str) -> Request:
        """As the second person. Raises UnknownPerson, NotAllowed, and InvalidSetting where it waits no more."""

        def change(stored: _Stored, now_ms: int) -> _Stored:
            self._check_second(person, stored)
            return msgspec.structs.replace(stored, state=State.GRANTED, second=person.id, until_ms=now_ms + HOLDS_MS)

        return await self._change(identifier, State.OPEN, change, Act.REQUEST_CONSENT, person_actor(person.id))

    async def refuse(self, person: Person, identifier: str) -> Request:
        """As whoever might consent. Raises as `consent`."""

        def change(stored: _Stored, _now_ms: int) -> _Stored:
            self._check_second(person, stored)
            return msgspec.structs.replace(stored, state=State.REFUSED, second=person.id)

        return await self._change(identifier, State.OPEN, change, Act.REQUEST_REFUSE, person_actor(person.id))

    async def withdraw(self, person: Person, identifier: str) -> Request:
        """By whoever asked. Raises as `consent`."""

        def change(stored: _Stored, _now_ms: int) -> _Stored:
            if stored.by != person.id:
                raise NotAllowed
            return msgspec.structs.replace(stored, state=State.WITHDRAWN)

        return await self._change(identifier, State.OPEN, change, Act.REQUEST_REFUSE, person_actor(person.id))

    async def claim(self, person: Person, identifier: str, action: Action, obj: str) -> Request:
        """Take what two people agreed on, once, to do it now: by one of the two, and for what it was asked.

        What is done elsewhere than in the ledger's acts begins after this. Raises as `consent`.
        """

        def change(stored: _Stored, _now_ms: int) -> _Stored:
            self._check_claim(person, stored, action, obj)
            return msgspec.structs.replace(stored, state=State.USED)

        return await self._change(identifier, State.GRANTED, change, Act.REQUEST_USE, person_actor(person.id))

    async def spending(
        self, person: Person, identifier: str, action: Action, obj: str
    ) -> tuple[Request, DocumentWrite, bytes]:
        """As `claim`, for what is an act by itself: what has to be written in it, and its entry. Another act that comes
        first makes it raise ChangedMeanwhile.
        """
        document, stored = await self._get(identifier)
        now_ms = self._clock.now_ms()
        _check_state(stored, State.GRANTED, now_ms)
        self._check_claim(person, stored, action, obj)
        used = msgspec.structs.replace(stored, state=State.USED)
        write = DocumentWrite(REQUEST, identifier, _encode(used), document.version)
        noted = _entry(Act.REQUEST_USE, person_actor(person.id), identifier, used, now_ms)
        return _request(identifier, used, document.version, now_ms), write, noted

    async def sweep(self, now_ms: int) -> int:
        """Note what is over, and delete what was kept for long enough; how many."""
        count = 0
        async for document in self._registry.documents(REQUEST):
            due = _due(document, now_ms)
            if due is None:
                continue
            with suppress(ChangedMeanwhile):  # by another node that does the same, or by people: in the next round
                await self._registry.acts.act(*due)
                count += 1
        return count

    async def _get(self, identifier: str) -> tuple[Document, _Stored]:
        document = await self._registry.acts.find(REQUEST, identifier) if identifier else None
        stored = None if document is None else _read(document)
        if document is None or stored is None:
            raise UnknownPerson("no request has this id")
        return document, stored

    async def _change(
        self,
        identifier: str,
        wanted: State,
        change: Callable[[_Stored, int], _Stored],
        act: Act,
        actor: Actor,
    ) -> Request:
        async def attempt() -> Request:
            document, stored = await self._get(identifier)
            now_ms = self._clock.now_ms()
            _check_state(stored, wanted, now_ms)
            changed = change(stored, now_ms)
            write = DocumentWrite(REQUEST, identifier, _encode(changed), document.version)
            await self._registry.acts.act([write], [_entry(act, actor, identifier, changed, now_ms)])
            return _request(identifier, changed, 0, now_ms)

        return await until_it_stands(attempt)

    def _check_second(self, person: Person, stored: _Stored) -> None:
        own = _is_own(person, stored.customer)
        if person.id == stored.by or not may_consent(person.roles, stored.action, own):
            raise NotAllowed

    def _check_claim(self, person: Person, stored: _Stored, action: Action, obj: str) -> None:
        if person.id not in (stored.by, stored.second) or (stored.action, stored.obj) != (action, obj):
            raise NotAllowed


def _due(document: Document, now_ms: int) -> tuple[list[DocumentWrite], list[bytes]] | None:
    """What has to be written of it by now, and noted. One of a later version, with another action, stays as long."""
    try:
        asked_ms = _decode_asked(document.octets).asked_ms
    except ROW_FAULTS:
        asked_ms = 0
    if now_ms >= asked_ms + KEPT_MS:
        return [DocumentWrite(REQUEST, document.key, None, document.version)], []
    stored = _read(document)
    if stored is None or stored.is_noted or _state(stored, now_ms) is not State.EXPIRED:
        return None
    over = _encode(msgspec.structs.replace(stored, is_noted=True))
    entries = [_entry(Act.REQUEST_EXPIRE, NODE, document.key, stored, now_ms)]
    return [DocumentWrite(REQUEST, document.key, over, document.version)], entries


def _is_own(person: Person, customer: str) -> bool:
    return person.customer != "" and person.customer == customer


def _check_state(stored: _Stored, wanted: State, now_ms: int) -> None:
    state = _state(stored, now_ms)
    if state is not wanted:
        raise InvalidSetting(f"this request is {state}, and not {wanted}")


def _state(stored: _Stored, now_ms: int) -> State:
    is_over = stored.state in (State.OPEN, State.GRANTED) and now_ms >= stored.until_ms
    return State.EXPIRED if is_over else stored.state


def _entry(act: Act, actor: Actor, identifier: str, stored: _Stored, now_ms: int) -> bytes:
    second = stored.second if act is Act.REQUEST_USE else ""
    return entry(act, actor, identifier, now_ms=now_ms, customer=stored.customer, second=second)


def _request(identifier: str, stored: _Stored, version: int, now_ms: int) -> Request:
    return Request(
        id=identifier,
        action=stored.action,
        obj=stored.obj,
        customer=stored.customer,
        by=stored.by,
        asked_ms=stored.asked_ms,
        until_ms=stored.until_ms,
        state=_state(stored, now_ms),
        second=stored.second,
        version=version,
    )


def _read(document: Document) -> _Stored | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None
