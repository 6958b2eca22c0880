"""Notifications as SMPP: receipts, intermediate notifications, answers to queries. Pure.

The text of a receipt follows SMPP 3.4 Appendix B, with an empty `text:` (S-48), and dates in UTC unless the account's
profile says otherwise; the same is said by receipted_message_id, message_state and network_error_code.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.accounts.esme_profile import USUAL, EsmeProfile
from gateway.model.message import Message, OutboxEvent, Part, Status
from gateway.model.submission import ReturnPath
from gateway.smpp_server.ids import SHORT, written_id
from gateway.smpp_server.reasons import reason
from gateway.smpp_server.words import Words as Words
from operators.base import ReceiptState
from operators.smpp import pdu as p
from operators.smpp.address import absolute_time
from operators.smpp.pdu.tlv import encode_tlvs

RECEIPT: Final = 0x04
INTERMEDIATE: Final = 0x20
"""esm_class of a deliver_sm (SMPP 3.4 §5.2.12)."""
_GSM_ERROR: Final = 3
"""network_error_code: the kind of network (§5.3.2.31)."""
_ADDRESS: Final = 20
_NOWHERE: Final = ReturnPath(0, 0, "", 0, 0, "")

STATES: Final[dict[Status, ReceiptState]] = {
    Status.ACCEPTED: ReceiptState.ENROUTE,
    Status.QUEUED: ReceiptState.ENROUTE,
    Status.SUBMITTED: ReceiptState.ENROUTE,
    Status.DELIVERED: ReceiptState.DELIVERED,
    Status.UNDELIVERED: ReceiptState.UNDELIVERABLE,
    Status.EXPIRED: ReceiptState.EXPIRED,
    Status.REJECTED: ReceiptState.REJECTED,
    Status.SUPPRESSED: ReceiptState.REJECTED,
    Status.FAILED: ReceiptState.UNDELIVERABLE,
    Status.UNKNOWN: ReceiptState.UNKNOWN,
    Status.CANCELLED: ReceiptState.DELETED,
}
"""message_state of each status (§5.2.28)."""
_STATS: Final = {
    ReceiptState.ENROUTE: "ENROUTE",
    ReceiptState.DELIVERED: "DELIVRD",
    ReceiptState.UNDELIVERABLE: "UNDELIV",
    ReceiptState.EXPIRED: "EXPIRED",
    ReceiptState.REJECTED: "REJECTD",
    ReceiptState.UNKNOWN: "UNKNOWN",
    ReceiptState.DELETED: "DELETED",
}


def state_of(message: Message, status: Status) -> ReceiptState:
    """message_state of a message in this status; one that its operator deleted is told so."""
    if status is Status.UNDELIVERED and Part.DELETED in message.parts:
        return ReceiptState.DELETED
    return STATES.get(status, ReceiptState.DELIVERED)


def receipt(event: OutboxEvent, message: Message, path: ReturnPath | None, profile: EsmeProfile = USUAL) -> Words:
    """A notification about a message, from its recipient to its sender; without addresses once they are forgotten (path
    None).

    Raises EncodeError for an address that no deliver_sm can hold, which a data_sm may have had.
    """
    back = path or _NOWHERE
    status = event.status or message.status
    state, why = state_of(message, status), reason(message.error, status)
    form = SHORT if back.short else profile.message_ids
    identifier = written_id(back.told_id or message.id, form).encode("ascii")
    ahead = profile.utc_offset_min
    done_ms = event.at_ms if message.final_ms is None or event.status is not message.status else message.final_ms
    minutes = message.accepted_ms // 60_000 + ahead, done_ms // 60_000 + ahead
    text = b"id:" + identifier + _behind_id(message.segments, *minutes, state, why.text)
    body = (
        bytes((0, back.dest_ton, back.dest_npi)),
        _address(back.destination),
        bytes((0, back.source_ton, back.source_npi)),
        _address(back.source),
        _NOTIFICATION if event.status is Status.SUBMITTED else _RECEIPT,
        bytes((len(text),)),
        text,
    )
    tlvs = _head_of_id(len(identifier)) + identifier + _behind_id_tlv(state, why.number)
    if back.reference is not None:
        tlvs += encode_tlvs(((p.TAG_USER_MESSAGE_REFERENCE, back.reference.to_bytes(2, "big")),))
    return Words(b"".join(body), tlvs)


def _fields(esm_class: int) -> bytes:
    """What stands between the addresses and the length of the text: the end of an address, and zeros but for one."""
    return bytes((0, esm_class, *bytes(8)))


_RECEIPT, _NOTIFICATION = _fields(RECEIPT), _fields(INTERMEDIATE)


def _address(written: str) -> bytes:
    """Python's own error would carry the address."""
    octets = written.encode("latin-1", "replace")
    if len(octets) > _ADDRESS:
        raise p.EncodeError("address")
    return octets


@lru_cache(1_024)
def _behind_id(segments: int, accepted_minute: int, done_minute: int, state: ReceiptState, error: str) -> bytes:
    """The text of a receipt without its id; a minute has thousands that share it."""
    delivered = segments if state is ReceiptState.DELIVERED else 0
    words = (
        f" sub:{segments:03d} dlvrd:{delivered:03d} submit date:{_date(accepted_minute)} "
        f"done date:{_date(done_minute)} stat:{_STATS[state]} err:{error} text:"
    )
    return words.encode("ascii")


@lru_cache(64)
def _head_of_id(length: int) -> bytes:
    """Of receipted_message_id, a C-octet string."""
    return p.TAG_RECEIPTED_MESSAGE_ID.to_bytes(2, "big") + (length + 1).to_bytes(2, "big")


@lru_cache(1_024)
def _behind_id_tlv(state: ReceiptState, error: int) -> bytes:
    """The end of receipted_message_id, and the TLVs behind it."""
    known = ((p.TAG_MESSAGE_STATE, bytes((state.value,))),)
    code = ((p.TAG_NETWORK_ERROR_CODE, bytes((_GSM_ERROR,)) + error.to_bytes(2, "big")),) if error else ()
    return b"\0" + encode_tlvs((*known, *code))


def _date(minute: int) -> str:
    """`YYMMDDhhmm`."""
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%y%m%d%H%M")


def by_data_sm(words: Words) -> Words:
    """A receipt as data_sm: its text is in message_payload (§4.7.1)."""
    head, text = _parted(words.body)
    payload = encode_tlvs(((p.TAG_MESSAGE_PAYLOAD, text),))
    return Words(head, words.tlvs + payload, p.DataSm.command_id)


def _parted(body: bytes) -> tuple[bytes, bytes]:
    """What a data_sm has of the body of a deliver_sm, and the text: without what stands between esm_class and
    registered_delivery, and behind data_coding.
    """
    at = body.index(0, 3)  # behind the terminator of service_type, and TON and NPI
    at = body.index(0, at + 3)  # the end of the destination
    esm_class, text = body[at + 1], body[at + 11 :]
    return body[: at + 1] + bytes((esm_class, 0, 0)), text


def query_response(asked: p.QuerySm, message: Message) -> p.QuerySmResp:
    """What became of a message so far (§4.8.2); one from a person has arrived."""
    return p.QuerySmResp(
        sequence_number=asked.sequence_number,
        message_id=asked.message_id,
        final_date="" if message.final_ms is None else absolute_time(message.final_ms),
        message_state=state_of(message, message.status).value,
        error_code=min(255, reason(message.error, message.status).number),
    )
