"""How records lie in Redis: one packed value per message, four parts behind a header that the server's functions read.

    version  an octet of 128 and the format's number; format 1 has none, and begins with a status
    header   status, flags, due, both clocks, customer, segments, and the sizes of the parts
    state    what a change writes: operator, then a list: attempts, times, error, operator ids, states of the segments
    fixed    what never changes: acceptance, country, class, subject, tag, encoding, then a list of the rest
    content, private   sealed

A change sends a new header and state; the server keeps the other parts. Words that come up again and again are one
octet. Codes are stored and must never be renumbered.

From format 2 on the lists grow at their end, by fields of `gateway.ledger.fields`. Who reads a list passes over what it
does not know, and takes a field's default where the list ends before it. A change by a version that lacks a field
leaves the state without it; the fixed part keeps what it holds (docs/decisions/0015).
"""

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from struct import error as struct_error
from typing import Any, Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, CLASSES, STATUS_CODE, STATUSES
from gateway.ledger.contract import LedgerCorrupt
from gateway.ledger.fields import FIELDS, Field, Kind, default_of, function_of
from gateway.model.message import SEALED_WORD, STATUS_EVENT, Message, OutboxEvent, unreadable
from redaction.retention import DISCARD, OTP, PROMOTIONAL, TRANSACTIONAL, RetentionTag
from redaction.sealed import Pseudonym, Sealed

OLDEST: Final = 1
NEWEST: Final = 4
"""Formats that this version reads and writes. A ledger's is the newest that its records may have."""

OTHER_KINDS_SINCE: Final = 2
"""The format from which there may be events of other kinds than a message's status."""
TAGS_SINCE: Final = 3
"""The format from which records have tags of their own."""
MASKS_SINCE: Final = 4
"""The format from which the last two digits are covered (`redaction.masks`)."""

_VERSIONED: Final = 0x80
_HEADER: Final = Struct(">BBHIHIHIIBHHH")
_FIXED: Final = Struct(">HIHB")
_EVENT: Final = Struct(">16sIBHIHIH")
_SEQ: Final = Struct(">Q")
_EVENT_END: Final = _SEQ.size + _EVENT.size
_NO_STATUS: Final = 255

FAULTS: Final = (struct_error, msgspec.MsgspecError, ValueError, LookupError, TypeError)
"""What the unpacking of octets raises that no version of the gateway packed."""

HAS_CONTENT: Final = 1
HAS_PRIVATE: Final = 2

_LOW: Final = 0xFFFFFFFF
_NO_TIME: Final = 0

_TAGS: Final = (OTP, TRANSACTIONAL, PROMOTIONAL, DISCARD)
_TAG_WORD: Final[dict[str, bytes]] = {tag: bytes((1, code)) for code, tag in enumerate(_TAGS)}
_ENCODINGS: Final = ("gsm7", "ucs2", "latin1", "ascii", "cyrillic", "hebrew", "binary")
_ENCODING_WORD: Final[dict[str, bytes]] = {name: bytes((1, code)) for code, name in enumerate(_ENCODINGS)}
_CODES: Final = 32

_encode: Final = msgspec.msgpack.Encoder().encode

_STATE_1: Final = ("attempts", "submitted_ms", "final_ms", "disclosure", "error", "parts", "operator_ids")
_FIXED_1: Final = ("key_id", "last_two", "retry_unknown", "expires_ms", "notify")
"""The lists of format 1, in their order."""


class _Form(msgspec.Struct, frozen=True):
    """How values of a kind lie in a list. to, back: expressions of {}; times count from the acceptance."""

    type: Any
    to: str = "{}"
    back: str = "{}"


_FORMS: Final[Mapping[Kind, _Form]] = {
    Kind.NUMBER: _Form(int),
    Kind.FLAG: _Form(bool),
    Kind.TIME: _Form(int, "{} - message.accepted_ms", "accepted_ms + {}"),
    Kind.TIME_OR_NONE: _Form(
        int | None,
        "None if {0} is None else {0} - message.accepted_ms",
        "None if {0} is None else accepted_ms + {0}",
    ),
    Kind.WORD: _Form(str),
    Kind.WORD_OR_NONE: _Form(str | None),
    Kind.WORDS: _Form(tuple[str, ...]),
    Kind.OCTETS: _Form(bytes),
    Kind.OCTETS_OR_NONE: _Form(bytes | None),
    Kind.STATUS: _Form(int, "STATUS_CODE[{}]", "STATUSES[{}]"),
    Kind.CLASS: _Form(int, "CLASS_CODE[{}]", "CLASSES[{}]"),
}


class _List:
    """A list that grows. first: what it holds in format 1, in this order; whatever came since follows."""

    def __init__(self, fields: Sequence[Field], first: Sequence[str]) -> None:
        by_name = {each.name: each for each in fields}
        self.fields = [by_name[name] for name in first] + [each for each in fields if each.name not in first]
        self.decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(self._type()).decode

    def _type(self) -> type[msgspec.Struct]:
        """Of an older list: what it ends before is UNSET."""
        items: list[Any] = []
        for each in self.fields:
            kind = _FORMS[each.kind].type
            further = (kind | msgspec.UnsetType, msgspec.UNSET)
            items.append((each.name, kind) if each.since == OLDEST else (each.name, *further))
        return msgspec.defstruct("List", items, array_like=True, gc=False)

    def packer(self, number: int) -> Callable[[Message], bytes]:
        """What packs the list of a message as the format of this number has it."""
        values = [_FORMS[each.kind].to.format(f"message.{each.name}") for each in self.fields if each.since <= number]
        names = {"encode": _encode, "STATUS_CODE": STATUS_CODE, "CLASS_CODE": CLASS_CODE}
        return function_of(f"lambda message: encode(({', '.join(values)},))", names)

    def values(self, name: str, of: type[Message]) -> dict[str, str]:
        """Expressions for each field, of a list that was decoded to a variable of this name."""
        found: dict[str, str] = {}
        for each in self.fields:
            value = f"{name}.{each.name}"
            back = _FORMS[each.kind].back.format(value)
            found[each.name] = (
                back if each.since == OLDEST else f"{default_of(each, of)!r} if {value} is UNSET else {back}"
            )
        return found


class Records:
    """Packs and unpacks what a ledger stores. format: the one that is written; all are read. mark: its octet, or 0.

    fields, of: the stored fields, and the type of the messages that have them.
    """

    def __init__(self, fields: Sequence[Field] = FIELDS, of: type[Message] = Message) -> None:
        listed = [each for each in fields if not each.known]
        state = _List([each for each in listed if each.changes], _STATE_1)
        fixed = _List([each for each in listed if not each.changes], _FIXED_1)
        self._packers = {each: (state.packer(each), fixed.packer(each)) for each in range(OLDEST, NEWEST + 1)}
        self._state_of, self._fixed_of = state.decode, fixed.decode
        known = [each.name for each in fields if each.known]
        values = {name: name for name in known} | state.values("state", of) | fixed.values("fixed", of)
        self._message = function_of(
            f"lambda state, fixed, {', '.join(known)}:"
            f" {of.__name__}({', '.join(f'{name}={it}' for name, it in values.items())})",
            {of.__name__: of, "UNSET": msgspec.UNSET, "STATUSES": STATUSES, "CLASSES": CLASSES},
        )
        self.write(OLDEST)

    def write(self, number: int) -> None:
        """Pack in the format of this number from now on."""
        self.format = number
        self.mark = 0 if number == OLDEST else _VERSIONED | number
        self._version = bytes((self.mark,)) if self.mark else b""
        self._state, self._fixed = self._packers[number]

    def pack_state(self, message: Message) -> bytes:
        """What a change writes, beside the header."""
        return _word(message.operator) + self._state(message)

    def _pack_fixed(self, message: Message) -> bytes:
        accepted = message.accepted_ms
        tag, encoding = message.tag, message.encoding
        return b"".join(
            (
                _FIXED.pack(accepted >> 32, accepted & _LOW, message.country, CLASS_CODE[message.message_class]),
                message.subject,
                _TAG_WORD.get(tag) or _word(tag),
                _ENCODING_WORD.get(encoding) or _word(encoding),
                self._fixed(message),
            )
        )

    def pack_message(self, message: Message) -> bytes:
        """The whole record."""
        content, private = message.content or b"", message.private or b""
        state, fixed = self.pack_state(message), self._pack_fixed(message)
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
        return b"".join((self._version, header, state, fixed, content, private))

    def unpack_message(self, identifier: bytes, record: bytes) -> Message:
        """The message in a record, of whatever format. Raises LedgerCorrupt for one of a newer version."""
        start = _start(record)
        (
            status, flags, due_high, due_low, content_high, content_low, record_high, record_low, customer, segments,
            state_size, fixed_size, content_size,
        ) = _HEADER.unpack_from(record, start)  # fmt: skip
        state_start = start + _HEADER.size
        state_end = state_start + state_size
        fixed_end = state_end + fixed_size
        content_end = fixed_end + content_size
        operator, state_list = _take_word(record, state_start)
        accepted_high, accepted_low, country, class_code = _FIXED.unpack_from(record, state_end)
        subject_end = state_end + _FIXED.size + 16
        tag, rest = _take_word(record, subject_end)
        encoding, fixed_list = _take_word(record, rest)
        message: Message = self._message(
            self._state_of(record[state_list:state_end]),
            self._fixed_of(record[fixed_list:fixed_end]),
            id=identifier,
            customer=customer,
            subject=Pseudonym(record[state_end + _FIXED.size : subject_end]),
            country=country,
            message_class=CLASSES[class_code],
            tag=tag_from(tag),
            status=STATUSES[status],
            segments=segments,
            encoding=_ENCODINGS[encoding[0]] if _is_code(encoding) else encoding.decode(),
            operator=operator.decode(),
            accepted_ms=accepted_high << 32 | accepted_low,
            due_ms=_time(due_high, due_low),
            content_until_ms=content_high << 32 | content_low,
            record_until_ms=record_high << 32 | record_low,
            content=Sealed(record[fixed_end:content_end]) if flags & HAS_CONTENT else None,
            private=Sealed(record[content_end:]) if flags & HAS_PRIVATE else None,
        )
        return message

    def message_from(self, identifier: bytes, record: bytes) -> Message:
        """The same; what no version of the gateway wrote comes as `gateway.model.message.unreadable`."""
        try:
            return self.unpack_message(identifier, record)
        except FAULTS:
            return unreadable(identifier)

    def unpack_links(self, state: bytes) -> list[tuple[str, str]]:
        """(operator, operator's id) of every segment that a state names."""
        operator, at = _take_word(state, 0)
        name = operator.decode()
        return [(name, each) for each in self._state_of(state[at:]).operator_ids if each[:1] not in ("", SEALED_WORD)]


def _start(record: bytes) -> int:
    """Where the header begins."""
    first = record[0]
    if first < _VERSIONED:
        return 0
    if first > _VERSIONED | NEWEST:
        raise LedgerCorrupt(f"a record has format {first - _VERSIONED}, this version knows {NEWEST}")
    return 1


def _word(text: str) -> bytes:
    raw = text.encode()
    return bytes((len(raw),)) + raw


def _take_word(record: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + record[at]
    return record[at + 1 : end], end


def _time(high: int, low: int) -> int | None:
    return (high << 32 | low) or None


def tag_from(word: bytes) -> RetentionTag:
    """A tag as it is stored: a code, or the tag itself."""
    return _TAGS[word[0]] if _is_code(word) else RetentionTag(word.decode())


def _is_code(word: bytes) -> bool:
    """Codes are control characters, which begin no word."""
    return len(word) == 1 and word[0] < _CODES


class _Kind(msgspec.Struct, array_like=True):
    """What follows an event that is no status. It may grow at its end."""

    kind: str
    data: bytes


_kind_of: Final = msgspec.msgpack.Decoder(_Kind).decode
_STATUS: Final = _Kind(STATUS_EVENT, b"")


def pack_event(event: OutboxEvent) -> bytes:
    """An event behind its seq."""
    status = event.status
    packed = _EVENT.pack(
        event.message,
        event.customer,
        _NO_STATUS if status is None else STATUS_CODE[status],
        event.at_ms >> 32,
        event.at_ms & _LOW,
        event.next_ms >> 32,
        event.next_ms & _LOW,
        event.attempts,
    )
    return packed if event.kind == STATUS_EVENT else packed + _encode(_Kind(event.kind, event.data))


def unpack_event(member: bytes, esme: int) -> OutboxEvent:
    """The event in a member of the outbox."""
    message, customer, status, at_high, at_low, next_high, next_low, attempts = _EVENT.unpack_from(member, 8)
    other = _STATUS if len(member) == _EVENT_END else _kind_of(member[_EVENT_END:])
    return OutboxEvent(
        seq=_SEQ.unpack_from(member)[0],
        customer=customer,
        message=message,
        status=None if status == _NO_STATUS else STATUSES[status],
        at_ms=at_high << 32 | at_low,
        next_ms=next_high << 32 | next_low,
        attempts=attempts,
        esme=esme,
        kind=other.kind,
        data=other.data,
    )
