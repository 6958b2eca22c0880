"""Delivery receipts: telling them from messages, and reading them (SMPP 3.4 Appendix B, and what peers make of it).

The `text:` field may echo what was written to a person, so nothing behind it is taken for a field while the receipt has
its status before it, and it is never part of a result (S-48).

Ids. `canonical_id` is applied to the message_id of submit_sm_resp, and its result is what is recorded. A receipt gives
`candidates` in the same form. Whoever looks them up takes the first one on record, in order, and so an exact match
always beats a converted one. A converted candidate is a guess that only `IdFormat.AUTO` makes: it can name another
message only where an operator's short ids are both decimal and hexadecimal numbers and the exact one is not on record.
An operator whose relation is known should have it in its settings, which leaves exactly one candidate.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from operators.base import ALL_SEGMENTS, ReceiptState
from operators.smpp.receipt_form import IdFormat as IdFormat
from operators.smpp.receipt_form import Receipt as Receipt
from operators.smpp.receipt_form import ReceiptFields
from operators.smpp.receipt_form import ReceiptSettings as ReceiptSettings
from operators.smpp.udh import UDHI, split_udh

TLV_RECEIPTED_MESSAGE_ID = 0x001E
TLV_NETWORK_ERROR_CODE = 0x0423
TLV_MESSAGE_PAYLOAD = 0x0424
TLV_MESSAGE_STATE = 0x0427

_RECEIPT_BIT = 0x04
_INTERMEDIATE_BIT = 0x20
_TEXT_LIMIT_OCTETS = 1024
_ID_LIMIT = 64
_ERROR_LIMIT = 8
_CONVERTIBLE_LIMIT = 40  # digits; 128-bit numbers fit
_SPACE = 0x20
_LEAP_SECOND = 60


_DEFAULT_SETTINGS = ReceiptSettings()

# Members looked up once: in Python 3.11 a look-up costs more than the comparison that it is for.
_AUTO = IdFormat.AUTO
_AS_IS = IdFormat.AS_IS

_WORDS = {
    ReceiptState.SCHEDULED: "SCHEDULED SCHEDLD",
    ReceiptState.ENROUTE: "ENROUTE BUFFRED BUFFERED BUFFERD SENT PENDING QUEUED ACKED SUBMITD SUBMITTED RETRY "
    "DISPATCHED",
    ReceiptState.DELIVERED: "DELIVRD DELIVERD DELIVRED DELIVERED",
    ReceiptState.EXPIRED: "EXPIRED EXPIRD",
    ReceiptState.DELETED: "DELETED DELETD",
    ReceiptState.UNDELIVERABLE: "UNDELIV UNDELIVRD UNDELVD UNDELIVD UNDELIVERD UNDELIVRED UNDELIVERED UNDELIVERABLE "
    "NOTDELIV NOTDELIVRD NOTDELIVERD NOTDELIVERED NOT_DELIVERED FAILED FAIL",
    ReceiptState.ACCEPTED: "ACCEPTD ACCEPTED",
    ReceiptState.UNKNOWN: "UNKNOWN UNKNOWND",
    ReceiptState.REJECTED: "REJECTD REJECTED REJECT REJCTD",
    ReceiptState.SKIPPED: "SKIPPED",
}
_STATES = {word.encode(): state for state, words in _WORDS.items() for word in words.split()}
_STATE_NUMBERS = {state.value: state for state in ReceiptState}

Tlvs = dict[int, bytes] | Iterable[tuple[int, bytes]]
Words = Mapping[bytes, ReceiptState]


def parse_receipt(
    short_message: bytes,
    tlvs: Tlvs = (),
    esm_class: int = 0,
    settings: ReceiptSettings = _DEFAULT_SETTINGS,
) -> Receipt | None:
    """The receipt that a deliver_sm or data_sm is, or None for a message (S-41). Never raises, whatever the octets.

    Either of TLVs and text is enough, and TLVs win (S-42). A header in front of the text is passed over (S-37). A
    status word that nobody knows gives no state, as a receipt without any does (S-46), or ENROUTE when it is
    intermediate.
    """
    if esm_class & UDHI:
        _, short_message = split_udh(short_message, esm_class)
    if not tlvs and esm_class & (_RECEIPT_BIT | _INTERMEDIATE_BIT):
        usual = _USUAL(short_message, 0, _TEXT_LIMIT_OCTETS)
        if usual is not None:
            return _usual_receipt(usual, esm_class, settings)
    known = tlvs if isinstance(tlvs, dict) else dict(tlvs)
    flagged = esm_class & (_RECEIPT_BIT | _INTERMEDIATE_BIT) or TLV_RECEIPTED_MESSAGE_ID in known
    if not flagged and not settings.recognise_by_text:
        return None
    fields = _read_text(short_message or known.get(TLV_MESSAGE_PAYLOAD, b""), settings.words)
    if not flagged and not _reads_like_receipt(fields, settings.words):
        return None
    intermediate = esm_class & _INTERMEDIATE_BIT != 0
    return Receipt(
        candidates(_id(known, fields), settings),
        _state(known, fields, settings.words, intermediate),
        _error_code(known, fields),
        _epoch_ms(fields.done, settings.utc_offset_min) if fields.done else None,
        intermediate,
        _covers(fields.sub, fields.delivered, settings),
    )


# A text in the order and the words of Appendix B, without TLVs, is read by one expression: 1.6 us against 4.

_USUAL = re.compile(
    rb"id:([0-9A-Za-z-]{1,64}) sub:([0-9]{1,3}) dlvrd:([0-9]{1,3}) submit date:[0-9]+ done date:([0-9]+) "
    rb"stat:([A-Z]+) err:([0-9A-Za-z]{1,8})(?: [Tt]ext:|\Z)"
).match


def _usual_receipt(usual: re.Match[bytes], esm_class: int, settings: ReceiptSettings) -> Receipt:
    """What the searching gives for the same text."""
    identifier, sub, delivered, done, stat, err = usual.groups()
    intermediate = esm_class & _INTERMEDIATE_BIT != 0
    return Receipt(
        candidates(identifier.decode("ascii"), settings),
        _state_named(stat, settings.words) or (ReceiptState.ENROUTE if intermediate else None),
        err.decode("ascii"),
        _epoch_ms(done, settings.utc_offset_min),
        intermediate,
        _covers(sub, delivered, settings),
    )


def _covers(sub: bytes, delivered: bytes, settings: ReceiptSettings) -> int:
    """Of how many segments it tells: as many as were submitted, where all of them were delivered (Appendix B)."""
    if settings.one_for_all:
        return ALL_SEGMENTS
    if sub in _ONE or sub != delivered or not sub.isdigit() or len(sub) > 3:
        return 1
    return max(1, int(sub))


_ONE = frozenset({b"001", b"1", b"01", b""})


def _reads_like_receipt(fields: ReceiptFields, words: Words) -> bool:
    if not fields.id or not fields.stat:
        return False
    return _state_named(fields.stat, words) is not None or bool(fields.done or fields.err)


def _id(known: dict[int, bytes], fields: ReceiptFields) -> str:
    """Cut as the response's own is (S-05), so that one over the limit is found again."""
    stated = known.get(TLV_RECEIPTED_MESSAGE_ID, b"").lstrip(b"\0 ").partition(b"\0")[0].rstrip(b" ")
    return (stated or fields.id)[:_ID_LIMIT].decode("latin-1")


def _state(known: dict[int, bytes], fields: ReceiptFields, words: Words, intermediate: bool) -> ReceiptState | None:
    value = known.get(TLV_MESSAGE_STATE)
    state = _state_numbered(value, words) if value else None
    state = state or _state_named(fields.stat or fields.bare, words)
    return state or (ReceiptState.ENROUTE if intermediate else None)


def _state_numbered(value: bytes, words: Words) -> ReceiptState | None:
    """message_state is one octet; some peers write it as text, or as a wider number."""
    if value[-1] < _SPACE and not any(value[:-1]) and len(value) in (1, 2, 4):
        return _STATE_NUMBERS.get(value[-1])
    return _state_named(value.rstrip(b"\0"), words)


def _state_named(value: bytes, words: Words) -> ReceiptState | None:
    if not words:
        state = _STATES.get(value)
        if state is not None:
            return state
    word = value.upper().strip(b".,;'\"")
    state = words.get(word) or _STATES.get(word)
    if state is None and word.isdigit() and len(word) <= 3:
        return _STATE_NUMBERS.get(int(word))
    return state


def _error_code(known: dict[int, bytes], fields: ReceiptFields) -> str | None:
    """network_error_code is a network type and a 16-bit code (§5.3.2.31)."""
    value = known.get(TLV_NETWORK_ERROR_CODE)
    if value is not None and len(value) == 3:
        return str(int.from_bytes(value[1:], "big"))
    err = fields.err
    return err.decode("ascii") if 0 < len(err) <= _ERROR_LIMIT and err.isascii() and err.isalnum() else None


@lru_cache(maxsize=256)
def _epoch_ms(digits: bytes, utc_offset_min: int) -> int | None:
    """A date `YYMMDDhhmm` or `YYMMDDhhmmss`, or None for anything else.

    Receipts come in the order of time: nearly all find their second or minute here.
    """
    if len(digits) not in (10, 12) or not digits.isdigit():
        return None
    minute_s = _minute_s(digits[:10])
    second = int(digits[10:] or b"0")
    if minute_s is None or second > _LEAP_SECOND:
        return None
    return (minute_s + second - 60 * utc_offset_min) * 1000


@lru_cache(maxsize=256)
def _minute_s(digits: bytes) -> int | None:
    """Epoch seconds of `YYMMDDhhmm`."""
    year, month, day, hour, minute = (int(digits[at : at + 2]) for at in range(0, 10, 2))
    try:
        return int(datetime(2000 + year, month, day, hour, minute, tzinfo=UTC).timestamp())
    except ValueError:
        return None


# The text is searched for each key rather than matched by one expression, because peers agree on no order, no case and
# no spacing. Searching in a copy whose separators are single spaces costs about 3 us for a usual receipt.

_SEPARATORS = bytes.maketrans(b"\t\n\v\f\r;,|", b" " * 8)
_ID = (b" id:",)
_STAT = (b" stat:", b" status:", b" state:")
_SUB = (b" sub:",)
_DELIVERED = (b" dlvrd:",)
_ERR = (b" err:",)
_DONE = (b" done date:", b" done_date:", b" donedate:")
_TEXT = b" text:"
_NEXT_KEYS = (b"id:", b"sub:", b"dlvrd:", b"submit", b"done", b"stat:", b"err:", b"text:")
_NOT = re.compile(rb"\bnot[ _-]+(?=deliv)", re.IGNORECASE)


def _read_text(message: bytes, words: Words) -> ReceiptFields:
    """The fields of a receipt's text.

    What stands behind `text:` counts only if the status does not stand before it; the id counts wherever it stands.
    """
    text = _normalised(message)
    lower = text.lower()
    echo_at = lower.find(_TEXT)
    head = lower if echo_at < 0 else lower[:echo_at]
    fields = _read_head(text, head)
    if echo_at >= 0 and not (fields.id and fields.stat):
        _read_behind_echo(text, lower, fields, words)
    if not fields.stat:
        fields.bare = _bare_word(text[: len(head)], words)
    return fields


def _read_head(text: bytes, head: bytes) -> ReceiptFields:
    return ReceiptFields(
        _value(text, head, _ID),
        _value(text, head, _STAT),
        _value(text, head, _ERR),
        _value(text, head, _DONE),
        _value(text, head, _SUB),
        _value(text, head, _DELIVERED),
    )


def _bare_word(head: bytes, words: Words) -> bytes:
    """A state's word that stands without its key: one that nobody writes otherwise, and in capitals; b"" for none.

    Two that contradict each other say nothing.
    """
    found = b""
    for word in head.split():
        if not word.isupper() or word.isdigit() or (state := _state_named(word, words)) is None:
            continue
        if found and _state_named(found, words) is not state:
            return b""
        found = word
    return found


def _read_behind_echo(text: bytes, lower: bytes, fields: ReceiptFields, words: Words) -> None:
    """Complete the fields of a receipt whose `text:` stands first or in the middle."""
    fields.id = fields.id or _last_value(text, lower, _ID)
    stat = b"" if fields.stat else _last_value(text, lower, _STAT)
    if _state_named(stat, words) is not None:
        fields.stat = stat
        fields.err = fields.err or _last_value(text, lower, _ERR)
        fields.done = fields.done or _last_value(text, lower, _DONE)


def _normalised(message: bytes) -> bytes:
    """The text with a space before each key, single ones between the rest, and none before a colon."""
    text = message[:_TEXT_LIMIT_OCTETS]
    if 0 in text:  # UCS-2
        text = text.replace(b"\0", b"")
    text = b" " + text.translate(_SEPARATORS)
    if b"  " in text:
        text = b" " + b" ".join(text.split())
    return _NOT.sub(b"NOT", text).replace(b" :", b":")


def _value(text: bytes, lower: bytes, keys: tuple[bytes, ...]) -> bytes:
    """The value of the first of `keys` that `lower` holds, cut out of `text`; b"" for none."""
    for key in keys:
        at = lower.find(key)
        if at >= 0:
            return _token(text, lower, at + len(key))
    return b""


def _last_value(text: bytes, lower: bytes, keys: tuple[bytes, ...]) -> bytes:
    """The same for the last time a key stands there, because an echoed one comes before the receipt's own."""
    for key in keys:
        at = lower.rfind(key)
        if at >= 0:
            return _token(text, lower, at + len(key))
    return b""


def _token(text: bytes, lower: bytes, start: int) -> bytes:
    """The word at `start` or behind the space there; b"" when that word is the next key."""
    end = lower.find(b" ", start)
    if end == start:
        start += 1
        end = lower.find(b" ", start)
        if lower.startswith(_NEXT_KEYS, start):
            return b""
    return text[start : end if end >= 0 else len(lower)]


def canonical_id(raw: str, settings: ReceiptSettings = _DEFAULT_SETTINGS) -> str:
    """The form in which the message_id of a submit_sm_resp is recorded (S-35).

    Lower case without leading zeros, but never empty unless the id is; for `AS_IS` the id itself.
    """
    raw = raw.strip()
    if settings.id_format is _AS_IS:
        return raw
    return raw.lower().lstrip("0") or raw[:1]


def candidates(raw: str, settings: ReceiptSettings = _DEFAULT_SETTINGS) -> tuple[str, ...]:
    """The recorded forms that a receipt's id may stand for, best first (S-44); empty for an empty id.

    Settings that name a direction give the converted id alone, or the id itself when it is no number of that kind.
    """
    exact = canonical_id(raw, settings)
    if not exact:
        return ()
    id_format = settings.id_format
    if id_format is _AUTO:
        return (exact, *_conversions(exact))
    if id_format is IdFormat.HEX_TO_DECIMAL and _is_decimal(exact):
        return (f"{int(exact):x}",)
    if id_format is IdFormat.DECIMAL_TO_HEX and _is_hexadecimal(exact):
        return (str(int(exact, 16)),)
    return (exact,)


def _conversions(exact: str) -> tuple[str, ...]:
    """What else the id may be if it was written in the other base; never the id itself."""
    if len(exact) > _CONVERTIBLE_LIMIT:
        return ()
    if exact.isdigit() and exact.isascii():
        number = int(exact)
        return (f"{number:x}", str(int(exact, 16))) if number > 9 else ()
    return () if exact.strip(_HEX_DIGITS) else (str(int(exact, 16)),)


def _is_decimal(digits: str) -> bool:
    return digits.isdigit() and digits.isascii() and len(digits) <= _CONVERTIBLE_LIMIT


def _is_hexadecimal(digits: str) -> bool:
    return len(digits) <= _CONVERTIBLE_LIMIT and not digits.strip(_HEX_DIGITS)


_HEX_DIGITS = "0123456789abcdef"
