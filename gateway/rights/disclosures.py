"""Disclosures to authorities: on an instrument, by two persons, of a scope that is written down; and their register.

What leaves is one file: records, and numbers and texts where they can still be opened and the instrument asks for them.
It is kept nowhere. The register keeps who asked, on what, what was given and the file's digest, as long as cases are;
authority and instrument lie under a key of the disclosure's own, which is destroyed with its row.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import HoldKeys
from gateway.ledger.contract import ABSENT, ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.message import Message, Status
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.process.clock import Clock
from gateway.rights.case_record import CASE, Case
from gateway.rights.case_states import Kind, Step
from gateway.rights.cases import Cases
from gateway.rights.holds import Hands
from gateway.vault.vault import Vault
from redaction.errors import SealError
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.sealed import Sealed

DISCLOSURE: Final = "disclosure"
"""Kind of the documents."""
VERSION: Final = 1
LONGEST_WORDS: Final = 200
MOST: Final = 10_000
"""Messages of one disclosure."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """instrument: authority and reference, sealed under the key of `key_number`. case: id. by, second: the two people,
    by random ids. with_texts: of how many messages numbers and texts were given. digest: SHA-256 of the file.
    """

    key_number: int
    instrument: bytes
    case: str
    made_ms: int
    messages: int
    with_texts: int
    digest: bytes
    by: str
    second: str


class Instrument(msgspec.Struct, frozen=True, array_like=True):
    """authority: who asks. reference: of the order, with the law that it stands on."""

    authority: str
    reference: str

    def __repr__(self) -> str:
        return "Instrument(•••)"


class Disclosure(msgspec.Struct, frozen=True):
    id: str
    of: Stored


class Given(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message, as it is given. recipient, sender, text: None where they are destroyed, or were not asked for."""

    id: str
    customer: str
    direction: str
    message_class: str = msgspec.field(name="class")
    status: str
    accepted_at: str
    submitted_at: str | None
    final_at: str | None
    operator: str | None
    recipient: str | None = None
    sender: str | None = None
    text: str | None = None

    def __repr__(self) -> str:
        return "Given(•••)"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves."""

    version: int = VERSION
    id: str
    case: str
    made_at: str
    authority: str
    reference: str
    messages: list[Given]

    def __repr__(self) -> str:
        return "File(•••)"


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Stored).decode
_instrument: Final = msgspec.msgpack.Decoder(Instrument).decode
_file: Final = msgspec.json.Encoder().encode


class Disclosures:
    """In the hands of the actor of `cases` and `audit`. public_id: of a customer. Raises LedgerUnavailable."""

    def __init__(
        self,
        cases: Cases,
        acts: Acts,
        keys: HoldKeys,
        sealer: AccountSealer,
        audit: AuditLog,
        vault: Vault,
        public_id: Callable[[int], str],
        clock: Clock,
    ) -> None:
        self._cases = cases
        self._acts = acts
        self._keys = keys
        self._sealer = sealer
        self._audit = audit
        self._vault = vault
        self._public_id = public_id
        self._clock = clock

    async def make(
        self, case: Case, messages: Sequence[Message], on: Instrument, hands: Hands, *, texts: bool
    ) -> tuple[Disclosure, bytes]:
        """The file, once the register has it. texts: with numbers and texts, where they can still be opened.

        Raises Refusal: `not_found` for a case of another kind, `field_too_long`, `empty_field`, and as `Cases.step`.
        """
        check_disclosable(case)
        _check(on)
        if len(messages) > MOST:
            raise Refusal("invalid_value", "messages")
        under_way = await self._cases.step(case, Step.BEGIN)
        identifier, key = f"disclosure_{self._clock.random(8).hex()}", await self._keys.make()
        said = {"second": hands.second}
        intent, writes, entries = self._audit.begun(Act.DISCLOSURE_MAKE, identifier, **said)
        await self._acts.act(writes, entries)
        given = [self._given(each, texts=texts) for each in messages]
        made_ms = self._clock.now_ms()
        octets = _file(
            File(
                id=identifier,
                case=case.id,
                made_at=rfc3339(made_ms),
                authority=on.authority,
                reference=on.reference,
                messages=given,
            )
        )
        stored = Stored(
            key_number=key,
            instrument=self._sealer.seal_account(_encode(on), key, CASE, identifier.encode()),
            case=case.id,
            made_ms=made_ms,
            messages=len(given),
            with_texts=sum(each.text is not None for each in given),
            digest=sha256(octets).digest(),
            by=hands.by,
            second=hands.second,
        )
        numbers = {"messages": len(given)}
        writes, entries = self._audit.ended(Act.DISCLOSURE_MAKE, identifier, intent, numbers=numbers, **said)
        await self._acts.act([*writes, DocumentWrite(DISCLOSURE, identifier, _encode(stored), ABSENT)], entries)
        await self._cases.step(under_way, Step.ANSWER, numbers=numbers, messages=len(given))
        return Disclosure(identifier, stored), octets

    async def all(self) -> list[Disclosure]:
        """The register, the oldest first."""
        return await register(self._acts)

    async def find(self, identifier: str) -> Disclosure:
        """Raises Refusal: `not_found`."""
        document = await self._acts.find(DISCLOSURE, identifier) if 0 < len(identifier) <= 64 else None
        found = None if document is None else _read(document)
        if found is None:
            raise Refusal("not_found")
        return found

    async def instrument(self, disclosure: Disclosure) -> Instrument:
        """Who asked, and on what; the audit log has that it was looked at. Raises SealError."""
        await self._audit.write(Act.DISCLOSURE_SHOW, disclosure.id)
        of, sealed = disclosure.of, Sealed(disclosure.of.instrument)
        octets = self._sealer.open_account(sealed, of.key_number, CASE, disclosure.id.encode(), Purpose.LEGAL)
        return _instrument(octets)

    async def sweep(self, before_ms: int) -> None:
        """Forget those that were made before that time, with their keys."""
        for each in await self.all():
            if each.of.made_ms < before_ms:
                await self._keys.forget(each.of.key_number)
                await self._acts.act([DocumentWrite(DISCLOSURE, each.id, None)])

    def _given(self, message: Message, *, texts: bool) -> Given:
        is_inbound = message.status is Status.RECEIVED
        given = Given(
            id=message.id.hex(),
            customer=self._public_id(message.customer),
            direction="inbound" if is_inbound else "outbound",
            message_class=message.message_class,
            status=message.status,
            accepted_at=rfc3339(message.accepted_ms),
            submitted_at=rfc3339_or_none(message.submitted_ms),
            final_at=rfc3339_or_none(message.final_ms),
            operator=message.operator or None,
        )
        if texts and message.content is not None:
            with suppress(SealError):
                return msgspec.structs.replace(given, **self._opened(message, is_inbound=is_inbound))
        return given

    def _opened(self, message: Message, *, is_inbound: bool) -> dict[str, str]:
        if is_inbound:
            received = self._vault.open_received(message, Purpose.LEGAL)
            return _words(received.destination, received.source, received.text)
        content = self._vault.open_content(message, Purpose.LEGAL)
        return _words(content.to, content.source, content.text)


async def register(acts: Acts) -> list[Disclosure]:
    """What authorities were given, the oldest first. Raises LedgerUnavailable."""
    found, behind = list[Disclosure](), ""
    while page := await acts.of_kind(DISCLOSURE, behind):
        found += [each for each in map(_read, page) if each is not None]
        behind = page[-1].key
    return sorted(found, key=lambda each: each.of.made_ms)


def check_disclosable(case: Case) -> None:
    """Raises Refusal: `not_found` for a case of another kind."""
    if case.of.kind is not Kind.DISCLOSURE:
        raise Refusal("not_found")


def _words(recipient: str | Msisdn, sender: str | Msisdn, text: MessageText) -> dict[str, str]:
    return {"recipient": _name(recipient), "sender": _name(sender), "text": text.reveal(Purpose.LEGAL)}


def _name(said: str | Msisdn) -> str:
    return f"+{digits_of(said)}" if isinstance(said, Msisdn) else said


def _check(on: Instrument) -> None:
    for name in ("authority", "reference"):
        said = getattr(on, name).strip()
        if not said:
            raise Refusal("empty_field", name)
        if len(said) > LONGEST_WORDS:
            raise Refusal("field_too_long", name)


def _read(document: Document) -> Disclosure | None:
    """None of what a later version wrote."""
    try:
        return Disclosure(document.key, _decode(document.octets))
    except ROW_FAULTS:
        return None
