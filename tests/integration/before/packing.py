"""Format 1, as the version before packed it. Never edited: what is deployed does not change either.

How records lie in Redis: one packed value per message, four parts behind a header that the server's functions read.

    header   status, flags, due, both clocks, customer, segments, and the sizes of the parts
    state    what a change writes: operator, attempts, times, error, operator ids, parts of the message, disclosure
    fixed    what never changes: acceptance, country, class, subject, tag, encoding and the rest
    content, private   sealed

A change sends a new header and state; the server keeps the other parts. Words that come up again and again are one
octet. Codes are stored and must never be renumbered.
"""

from struct import Struct
from typing import Final

import msgspec

from gateway.model.message import Message, MessageClass, OutboxEvent, Status
from redaction.retention import DISCARD, OTP, PROMOTIONAL, TRANSACTIONAL, RetentionTag
from redaction.sealed import Pseudonym, Sealed

FIELDS: Final = (
    "id customer subject country last_two message_class tag status segments encoding operator accepted_ms due_ms "
    "expires_ms content_until_ms record_until_ms content private attempts retry_unknown submitted_ms final_ms error "
    "operator_ids parts disclosure key_id notify"
)
STATUSES: Final = (
    Status.ACCEPTED,
    Status.QUEUED,
    Status.SUBMITTED,
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.EXPIRED,
    Status.REJECTED,
    Status.SUPPRESSED,
    Status.FAILED,
    Status.UNKNOWN,
    Status.CANCELLED,
    Status.RECEIVED,
)
CLASSES: Final = (
    MessageClass.OTP,
    MessageClass.TRANSACTIONAL,
    MessageClass.PROMOTIONAL,
    MessageClass.WARNING,
    MessageClass.AWARENESS,
    MessageClass.PERSONAL,
)
STATUS_CODE: Final[dict[Status, int]] = {status: code for code, status in enumerate(STATUSES)}
CLASS_CODE: Final[dict[MessageClass, int]] = {each: code for code, each in enumerate(CLASSES)}

_HEADER: Final = Struct(">BBHIHIHIIBHHH")
_FIXED: Final = Struct(">HIHB")
_EVENT: Final = Struct(">16sIBHIHIH")
_SEQ: Final = Struct(">Q")

HAS_CONTENT: Final = 1
HAS_PRIVATE: Final = 2

_LOW: Final = 0xFFFFFFFF
_NO_TIME: Final = 0

_TAGS: Final = (OTP, TRANSACTIONAL, PROMOTIONAL, DISCARD)
_TAG_WORD: Final[dict[str, bytes]] = {tag: bytes((1, code)) for code, tag in enumerate(_TAGS)}
_ENCODINGS: Final = ("gsm7", "ucs2", "latin1", "ascii", "cyrillic", "hebrew", "binary")
_ENCODING_WORD: Final[dict[str, bytes]] = {name: bytes((1, code)) for code, name in enumerate(_ENCODINGS)}
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_state: Final = msgspec.msgpack.Decoder(
    tuple[int, int | None, int | None, int, str | None, bytes, tuple[str, ...]]
).decode
_decode_rest: Final = msgspec.msgpack.Decoder(tuple[int, int, bool, int, int]).decode
_CODES: Final = 32


def _word(text: str) -> bytes:
    raw = text.encode()
    return bytes((len(raw),)) + raw


def pack_state(message: Message) -> bytes:
    """What a change writes, beside the header. Times count from the acceptance."""
    accepted = message.accepted_ms
    submitted, final = message.submitted_ms, message.final_ms
    return _word(message.operator) + _encode(
        (
            message.attempts,
            None if submitted is None else submitted - accepted,
            None if final is None else final - accepted,
            message.disclosure,
            message.error,
            message.parts,
            message.operator_ids,
        )
    )


def _pack_fixed(message: Message) -> bytes:
    accepted = message.accepted_ms
    tag = message.tag
    encoding = message.encoding
    return b"".join(
        (
            _FIXED.pack(accepted >> 32, accepted & _LOW, message.country, CLASS_CODE[message.message_class]),
            message.subject,
            _TAG_WORD.get(tag) or _word(tag),
            _ENCODING_WORD.get(encoding) or _word(encoding),
            _encode(
                (
                    message.key_id,
                    message.last_two,
                    message.retry_unknown,
                    message.expires_ms - accepted,
                    message.notify,
                )
            ),
        )
    )


def pack_message(message: Message) -> bytes:
    """The whole record."""
    content, private = message.content or b"", message.private or b""
    state, fixed = pack_state(message), _pack_fixed(message)
    due = message.due_ms or _NO_TIME
    content_until, record_until = message.content_until_ms, message.record_until_ms
    header = _HEADER.pack(
        STATUS_CODE[message.status],
        (HAS_CONTENT if content else 0) | (HAS_PRIVATE if private else 0),
        due >> 32,
        due & _LOW,
        content_until >> 32,
        content_until & _LOW,
        record_until >> 32,
        record_until & _LOW,
        message.customer,
        message.segments,
        len(state),
        len(fixed),
        len(content),
    )
    return b"".join((header, state, fixed, content, private))


def _time(high: int, low: int) -> int | None:
    return (high << 32 | low) or None


def _take_word(record: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + record[at]
    return record[at + 1 : end], end


def unpack_message(identifier: bytes, record: bytes) -> Message:
    """The message in a record."""
    (
        status, flags, due_high, due_low, content_high, content_low, record_high, record_low, customer, segments,
        state_size, fixed_size, content_size,
    ) = _HEADER.unpack_from(record)  # fmt: skip
    state_end = _HEADER.size + state_size
    fixed_end = state_end + fixed_size
    content_end = fixed_end + content_size
    operator, at = _take_word(record, _HEADER.size)
    attempts, submitted, final, disclosure, error, parts, operator_ids = _decode_state(record[at:state_end])
    accepted_high, accepted_low, country, class_code = _FIXED.unpack_from(record, state_end)
    accepted = accepted_high << 32 | accepted_low
    subject_end = state_end + _FIXED.size + 16
    tag, rest = _take_word(record, subject_end)
    encoding, rest = _take_word(record, rest)
    key_id, last_two, retry_unknown, expires, notify = _decode_rest(record[rest:fixed_end])
    return Message(
        id=identifier,
        customer=customer,
        key_id=key_id,
        subject=Pseudonym(record[state_end + _FIXED.size : subject_end]),
        country=country,
        last_two=last_two,
        message_class=CLASSES[class_code],
        tag=tag_from(tag),
        status=STATUSES[status],
        segments=segments,
        encoding=_ENCODINGS[encoding[0]] if _is_code(encoding) else encoding.decode(),
        operator=operator.decode(),
        accepted_ms=accepted,
        due_ms=_time(due_high, due_low),
        expires_ms=accepted + expires,
        content_until_ms=content_high << 32 | content_low,
        record_until_ms=record_high << 32 | record_low,
        content=Sealed(record[fixed_end:content_end]) if flags & HAS_CONTENT else None,
        private=Sealed(record[content_end:]) if flags & HAS_PRIVATE else None,
        retry_unknown=retry_unknown,
        attempts=attempts,
        submitted_ms=None if submitted is None else accepted + submitted,
        final_ms=None if final is None else accepted + final,
        error=error,
        operator_ids=operator_ids,
        parts=parts,
        disclosure=disclosure,
        notify=notify,
    )


def tag_from(word: bytes) -> RetentionTag:
    """A tag as it is stored: a code, or the tag itself."""
    return _TAGS[word[0]] if _is_code(word) else RetentionTag(word.decode())


def _is_code(word: bytes) -> bool:
    """Codes are control characters, which begin no word."""
    return len(word) == 1 and word[0] < _CODES


def unpack_links(state: bytes) -> list[tuple[str, str]]:
    """(operator, operator's id) of every segment that a state names."""
    operator, at = _take_word(state, 0)
    name = operator.decode()
    return [(name, each) for each in _decode_state(state[at:])[-1] if each]


def pack_event(event: OutboxEvent) -> bytes:
    """An event behind its seq."""
    return _EVENT.pack(
        event.message,
        event.customer,
        STATUS_CODE[event.status or Status.ACCEPTED],
        event.at_ms >> 32,
        event.at_ms & _LOW,
        event.next_ms >> 32,
        event.next_ms & _LOW,
        event.attempts,
    )


def unpack_event(member: bytes, esme: int) -> OutboxEvent:
    """The event in a member of the outbox."""
    message, customer, status, at_high, at_low, next_high, next_low, attempts = _EVENT.unpack_from(member, 8)
    return OutboxEvent(
        seq=_SEQ.unpack_from(member)[0],
        customer=customer,
        message=message,
        status=STATUSES[status],
        at_ms=at_high << 32 | at_low,
        next_ms=next_high << 32 | next_low,
        attempts=attempts,
        esme=esme,
    )
