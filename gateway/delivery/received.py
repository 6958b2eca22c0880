"""The record of a message from a person: what is kept of it, and nothing else.

One whose parts are still coming is kept as an open message of a lane of its own (`gateway.model.gathering_lane`), with
what is there; its end makes it one that was received.
"""

import unicodedata
from typing import Final

import msgspec

from gateway.accounts.customers import Owner
from gateway.ledger.contract import Change
from gateway.model.gathering_lane import gathered_from, gathering_lane
from gateway.model.message import Message, MessageClass, OutboxEvent, Part, Status
from gateway.model.numbers import digits_of, parse_number
from gateway.process.clock import Clock
from gateway.retention.minimise import Minimiser
from gateway.vault.vault import Received
from operators.base import MoMessage
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.retention import TRANSACTIONAL, content_until_ms, record_until_ms
from redaction.sealed import Sealed

GRACE_MS: Final = 5_000
"""How long after its operator's link has given up on the rest a message is taken up by whoever finds it."""


KEYWORD_LIMIT: Final = 32


class Recorder:
    """default_region: of senders that an operator writes without a country code."""

    def __init__(self, minimiser: Minimiser, clock: Clock, default_region: str) -> None:
        self._minimiser = minimiser
        self._clock = clock
        self._default_region = default_region

    def adopt(self, default_region: str) -> None:
        """From now on."""
        self._default_region = default_region

    def whole(self, message: MoMessage, owner: Owner) -> tuple[Message, OutboxEvent | None]:
        """The record of a message that is there, and its news. Raises redaction.errors.KeysWithheld."""
        record, _ = self._record(message, owner)
        return record, _event(record, owner, record.accepted_ms)

    def begun(self, message: MoMessage, owner: Owner) -> tuple[Message, int]:
        """The record of one whose parts are coming, and the leaf that it is sealed under. Raises as `whole`."""
        record, leaf = self._record(message, owner)
        record.status = Status.ACCEPTED
        record.operator = gathering_lane(message.operator)
        record.due_ms = record.expires_ms = record.accepted_ms + round(message.wait_s * 1000) + GRACE_MS
        record.final_ms = record.error = None
        return record, leaf

    def grown(self, record: Message, leaf: int, message: MoMessage) -> Message:
        """The same with what is there by now. Raises as `whole`."""
        content, last_two = self._seal(message, record.customer, record.id, leaf, record.accepted_ms)
        return msgspec.structs.replace(
            record, content=content, last_two=last_two, encoding=message.encoding, parts=_parts(message)
        )

    def ended(self, record: Message, owner: Owner | None) -> Change:
        """Nothing more of it will come. owner: None where nobody can be told."""
        now_ms = self._clock.now_ms()
        ended = msgspec.structs.replace(
            record,
            status=Status.RECEIVED,
            operator=gathered_from(record.operator) or record.operator,
            due_ms=None,
            final_ms=now_ms,
            error="incomplete" if Part.UNKNOWN in record.parts else None,
        )
        return Change(message=ended, event=None if owner is None else _event(ended, owner, now_ms))

    def _record(self, message: MoMessage, owner: Owner) -> tuple[Message, int]:
        now_ms = self._clock.now_ms()
        source = self.person(message)
        rule = self._minimiser.policies.of(owner.customer, TRANSACTIONAL)
        identifier, subject = self._minimiser.identify(owner.customer, source, TRANSACTIONAL, now_ms)
        content, last_two = self._seal(message, owner.customer, identifier, subject.leaf, now_ms)
        record = Message(
            id=identifier,
            customer=owner.customer,
            key_id=0,
            subject=subject.pseudonym,
            country=source.country,
            last_two=last_two,
            message_class=MessageClass.PERSONAL,
            tag=TRANSACTIONAL,
            status=Status.RECEIVED,
            segments=message.segments,
            encoding=message.encoding,
            operator=message.operator,
            accepted_ms=now_ms,
            due_ms=None,
            expires_ms=now_ms,
            content_until_ms=content_until_ms(rule, now_ms, now_ms),
            record_until_ms=record_until_ms(rule, now_ms),
            content=content,
            final_ms=now_ms,
            error="incomplete" if message.missing else None,
            parts=_parts(message),
            notify=1 if owner.esme else 0,
        )
        return record, subject.leaf

    def _seal(self, message: MoMessage, customer: int, identifier: bytes, leaf: int, now_ms: int) -> tuple[Sealed, int]:
        received = Received(
            source=self.person(message),
            destination=message.destination,
            text=message.text,
            missing=message.missing,
            header=message.header,
        )
        return self._minimiser.vault.seal_received(
            received, customer=customer, message_id=identifier, tag=TRANSACTIONAL, leaf=leaf, now_ms=now_ms
        )

    def open(self, record: Message) -> Received:
        """Raises redaction.errors.SealError."""
        return self._minimiser.vault.open_received(record)

    def person(self, message: MoMessage) -> Msisdn:
        """The sender in E.164 form where it is a number, and as it is where it is a name."""
        raw = digits_of(message.source)
        spelled = f"+{raw.removeprefix('+')}" if message.international else raw
        return parse_number(spelled, self._default_region) or message.source


def first_word(text: MessageText) -> str:
    """The word that may be a keyword, as `gateway.accounts.customers.keyword` writes it; '' where there is none."""
    start = text.reveal(Purpose.ACCEPT)[: 4 * KEYWORD_LIMIT]
    words = "".join(each for each in start if unicodedata.category(each) != "Cf").split(None, 1)
    return words[0] if words and len(words[0]) <= KEYWORD_LIMIT else ""


def _parts(message: MoMessage) -> bytes:
    missing = frozenset(message.missing)
    return bytes(
        Part.UNKNOWN if number in missing else Part.DELIVERED for number in range(1, max(1, message.segments) + 1)
    )


def _event(record: Message, owner: Owner, now_ms: int) -> OutboxEvent | None:
    if not owner.is_told:
        return None
    return OutboxEvent(
        customer=record.customer,
        message=record.id,
        status=record.status,
        at_ms=now_ms,
        next_ms=now_ms,
        esme=owner.esme,
    )
