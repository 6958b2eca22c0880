"""Legal holds: messages that must not be destroyed yet are opened and sealed anew at once, under a key of the hold.

Placing counts as an opening of each, with the purpose `legal_hold`. The original goes on its own time, or by an
erasure; the copy stays until the hold is released, or is over, and dies with the hold's key. While a hold is being
placed, keys of periods wait to be destroyed, for a quarter of an hour at the most (`waiting_until_ms`).
"""

import enum
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import HoldKeys
from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.message import Message, Status
from gateway.process.clock import Clock
from gateway.rights.certificates import Certificates, Destroyed
from redaction.errors import SealError
from redaction.personal import MessageText, Purpose
from redaction.seal import Sealer
from redaction.sealed import Sealed

HOLD: Final = "hold"
HELD: Final = "held"
FIELD: Final = "held"
"""The sealed field."""
STEP: Final = 50
"""Messages of one act."""
PAGE: Final = 200
WAITS_MS: Final = 15 * 60 * 1000
"""How long destruction waits for a hold that is being placed."""
LONGEST_MS: Final = 366 * 24 * 3600 * 1000
"""Of a hold; it can be extended."""
LONGEST_CITATION: Final = 200


class State(enum.StrEnum):
    PLACING = "placing"
    STANDING = "standing"
    RELEASED = "released"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """key_number: of the hold's key. customer: public id. citation: sealed under that key. by, second: the two people,
    by random ids.
    """

    state: State
    key_number: int
    customer: str
    case: str
    citation: bytes
    placed_ms: int
    until_ms: int
    messages: int
    by: str
    second: str
    released_ms: int = 0


class Kept(msgspec.Struct, frozen=True):
    """A held message. record: what its row said, sealed with its content and what was kept for its customer."""

    sealed: bytes


class _Copy(msgspec.Struct, frozen=True, array_like=True):
    """record: fields of the row that are no one's name. content, private: as they were sealed in the row; None for what
    was destroyed before.
    """

    record: dict[str, int | str | None]
    content: bytes | None
    private: bytes | None


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    state: State
    customer: str
    case: str
    placed_ms: int
    until_ms: int
    messages: int
    by: str
    second: str


class Hands(msgspec.Struct, frozen=True):
    """The two people, by random ids."""

    by: str
    second: str


_encode: Final = msgspec.msgpack.Encoder().encode
_stored: Final = msgspec.msgpack.Decoder(Stored).decode


class Holds:
    """In the hands of one actor."""

    def __init__(
        self, acts: Acts, keys: HoldKeys, sealer: Sealer, audit: AuditLog, certificates: Certificates, clock: Clock
    ) -> None:
        self._acts = acts
        self._keys = keys
        self._sealer = sealer
        self._audit = audit
        self._certificates = certificates
        self._clock = clock

    async def place(
        self,
        messages: Sequence[Message],
        customer: str,
        citation: MessageText,
        hands: Hands,
        *,
        until_ms: int,
        case: str = "",
    ) -> Hold:
        """Hold these messages of a customer. Raises InvalidSetting and LedgerUnavailable: what was begun then holds
        nothing, and is no more once it was swept.
        """
        said, now_ms = citation.reveal(Purpose.ACCEPT).strip(), self._clock.now_ms()
        if not 0 < len(said) <= LONGEST_CITATION or not said.isprintable():
            raise InvalidSetting(f"a citation has 1 to {LONGEST_CITATION} characters that can be printed")
        _check_until(until_ms, now_ms)
        identifier, key = f"hold_{self._clock.random(8).hex()}", await self._keys.make()
        stored = Stored(
            state=State.PLACING,
            key_number=key,
            customer=customer,
            case=case,
            citation=self._sealer.seal_account(said.encode(), key, FIELD, identifier.encode()),
            placed_ms=now_ms,
            until_ms=until_ms,
            messages=len(messages),
            by=hands.by,
            second=hands.second,
        )
        about = {"customer": customer, "second": hands.second}
        intent, writes, entries = self._audit.begun(Act.HOLD_PLACE, identifier, **about)
        await self._acts.act([*writes, DocumentWrite(HOLD, identifier, _encode(stored), 0)], entries)
        for at in range(0, len(messages), STEP):
            await self._acts.act([self._copied(each, identifier, key) for each in messages[at : at + STEP]])
        stands = msgspec.structs.replace(stored, state=State.STANDING)
        writes, entries = self._audit.ended(
            Act.HOLD_PLACE, identifier, intent, numbers={"messages": len(messages)}, **about
        )
        await self._acts.act([*writes, DocumentWrite(HOLD, identifier, _encode(stands))], entries)
        return _hold(identifier, stands)

    async def extend(self, identifier: str, until_ms: int, hands: Hands) -> Hold:
        """Raises InvalidSetting where nothing stands, ChangedMeanwhile and LedgerUnavailable."""
        document, stored = await self._standing(identifier)
        _check_until(until_ms, self._clock.now_ms())
        changed = msgspec.structs.replace(stored, until_ms=until_ms)
        noted = self._audit.entry(
            Act.HOLD_EXTEND,
            identifier,
            customer=stored.customer,
            second=hands.second,
            numbers={"messages": stored.messages},
        )
        await self._acts.act([DocumentWrite(HOLD, identifier, _encode(changed), document.version)], [noted])
        return _hold(identifier, changed)

    async def release(self, identifier: str, hands: Hands | None = None) -> tuple[Hold, str]:
        """End a hold: its key in every copy, then what it held; the hold, and the id of a certificate.

        hands: None where its time is over. Raises as `extend`.
        """
        document, stored = await self._standing(identifier)
        before = self._certificates.digest()
        about = {"customer": stored.customer} | ({} if hands is None else {"second": hands.second})
        intent, writes, entries = self._audit.begun(Act.HOLD_RELEASE, identifier, **about)
        await self._acts.act(writes, entries)
        await self._keys.forget(stored.key_number)
        gone = await self._forget(identifier)
        now_ms = self._clock.now_ms()
        ends = msgspec.structs.replace(stored, state=State.RELEASED, released_ms=now_ms, citation=b"")
        issued = self._certificates.issue(
            Destroyed(
                what="hold",
                why="release",
                digest_before=before,
                counts={"messages": gone},
                techniques=("hold_key_destroyed", "rows_deleted"),
                customer=stored.customer,
                case=stored.case,
                second="" if hands is None else hands.second,
            )
        )
        writes, entries = self._audit.ended(Act.HOLD_RELEASE, identifier, intent, numbers={"messages": gone}, **about)
        writes += [*issued.writes, DocumentWrite(HOLD, identifier, _encode(ends), document.version)]
        await self._acts.act(writes, [*entries, *issued.entries])
        return _hold(identifier, ends), issued.id

    async def citation(self, identifier: str) -> MessageText:
        """Why something is held. Raises InvalidSetting and SealError."""
        _, stored = await self._standing(identifier)
        sealed = Sealed(stored.citation)
        octets = self._sealer.open_account(sealed, stored.key_number, FIELD, identifier.encode(), Purpose.LEGAL)
        return MessageText(octets.decode())

    async def sweep(self) -> int:
        """End what is over, and what was begun and never stood; how many. Raises LedgerUnavailable."""
        now_ms, count = self._clock.now_ms(), 0
        for each in await every_hold(self._acts):
            if each.state is State.STANDING and each.until_ms <= now_ms:
                await self.release(each.id)
                count += 1
            elif each.state is State.PLACING and each.placed_ms + 2 * WAITS_MS <= now_ms:
                count += await self._drop(each.id)
        return count

    async def _drop(self, identifier: str) -> int:
        document = await self._acts.find(HOLD, identifier)
        stored = None if document is None else _read(document)
        if stored is None:
            return 0
        await self._keys.forget(stored.key_number)
        await self._forget(identifier)
        await self._acts.act([DocumentWrite(HOLD, identifier, None)])
        return 1

    def _copied(self, message: Message, hold: str, key: int) -> DocumentWrite:
        record: dict[str, int | str | None] = {
            "id": message.id.hex(),
            "status": message.status.value,
            "class": message.message_class.value,
            "segments": message.segments,
            "operator": message.operator,
            "accepted_ms": message.accepted_ms,
            "submitted_ms": message.submitted_ms,
            "final_ms": message.final_ms,
            "error": message.error,
            "disclosure": message.disclosure,
        }
        is_inbound = message.status is Status.RECEIVED
        copy = _Copy(
            record,
            self._opened(message, message.content, "inbound" if is_inbound else "content"),
            self._opened(message, message.private, "private"),
        )
        name = f"{message.id.hex()}:{hold[5:]}"
        sealed = self._sealer.seal_account(_encode(copy), key, FIELD, name.encode())
        return DocumentWrite(HELD, name, _encode(Kept(sealed)), None)

    def _opened(self, message: Message, sealed: Sealed | None, field: str) -> bytes | None:
        """None for what is destroyed already."""
        if sealed is None:
            return None
        with suppress(SealError):
            return self._sealer.open(
                sealed,
                customer=message.customer,
                message_id=message.id,
                field=field,
                tag=message.tag,
                purpose=Purpose.LEGAL_HOLD,
            )
        return None

    async def _standing(self, identifier: str) -> tuple[Document, Stored]:
        document = await self._acts.find(HOLD, identifier) if 0 < len(identifier) <= 64 else None
        stored = None if document is None else _read(document)
        if document is None or stored is None or stored.state is not State.STANDING:
            raise InvalidSetting("no hold stands under this id")
        return document, stored

    async def _forget(self, identifier: str) -> int:
        """Delete what a hold held; how many messages."""
        after, count, ending = "", 0, f":{identifier[5:]}"
        while page := await self._acts.of_kind(HELD, after, PAGE):
            gone = [DocumentWrite(HELD, each.key, None) for each in page if each.key.endswith(ending)]
            if gone:
                await self._acts.act(gone)
            count += len(gone)
            after = page[-1].key
        return count


async def every_hold(acts: Acts) -> list[Hold]:
    """Oldest first. Raises LedgerUnavailable."""
    found, after = list[Hold](), ""
    while page := await acts.of_kind(HOLD, after):
        stored = [(each.key, _read(each)) for each in page]
        found += [_hold(key, each) for key, each in stored if each is not None]
        after = page[-1].key
    return sorted(found, key=lambda each: each.placed_ms)


async def held_messages(acts: Acts, messages: Sequence[bytes]) -> int:
    """How many of these are held. Raises LedgerUnavailable."""
    if not any(each.state is State.STANDING for each in await every_hold(acts)):
        return 0
    count = 0
    for each in messages:
        (*found,) = await acts.of_kind(HELD, f"{each.hex()}:", 1)
        count += bool(found and found[0].key.startswith(each.hex()))
    return count


async def waiting_until_ms(acts: Acts) -> int:
    """Until when keys of periods wait for holds that are being placed; 0 where none is. Raises LedgerUnavailable."""
    placing = [each.placed_ms for each in await every_hold(acts) if each.state is State.PLACING]
    return min(placing) + WAITS_MS if placing else 0


def _check_until(until_ms: int, now_ms: int) -> None:
    if not now_ms < until_ms <= now_ms + LONGEST_MS:
        raise InvalidSetting("a hold ends within a year, and can be extended then")


def _hold(identifier: str, stored: Stored) -> Hold:
    return Hold(
        id=identifier,
        state=stored.state,
        customer=stored.customer,
        case=stored.case,
        placed_ms=stored.placed_ms,
        until_ms=stored.until_ms,
        messages=stored.messages,
        by=stored.by,
        second=stored.second,
    )


def _read(document: Document) -> Stored | None:
    """None of what a later version wrote."""
    try:
        return _stored(document.octets)
    except ROW_FAULTS:
        return None
