"""News in the words of SMPP: receipts, intermediate notifications, messages from people, answers to queries. Pure.

The text of a receipt follows SMPP 3.4 Appendix B, with an empty `text:` (S-48), and dates in UTC; the same is said by
receipted_message_id, message_state and network_error_code.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.model.message import Message, OutboxEvent, Part, Status
from gateway.model.submission import ReturnPath
from gateway.smpp_server.reasons import reason
from gateway.smpp_server.words import Words as Words
from gateway.vault.vault import Received
from operators.base import ReceiptState
from operators.smpp import gsm7
from operators.smpp import pdu as p
from operators.smpp.address import absolute_time
from operators.smpp.coding import Encoding, encode_octets
from operators.smpp.pdu.tlv import encode_tlvs
from redaction.personal import Purpose

RECEIPT: Final = 0x04
INTERMEDIATE: Final = 0x20
"""esm_class of a deliver_sm (SMPP 3.4 §5.2.12)."""
_GSM_ERROR: Final = 3
"""network_error_code: the kind of network (§5.3.2.31)."""
_SHORT: Final = 254
_ADDRESS: Final = 20
_INTERNATIONAL, _ALPHANUMERIC, _ISDN = 1, 5, 1
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


def receipt(event: OutboxEvent, message: Message, path: ReturnPath | None) -> Words:
    """News of a message, from its recipient to its sender; without addresses once they are forgotten (path None).

    Raises EncodeError for an address that no deliver_sm can hold, which a data_sm may have had.
    """
    back = path or _NOWHERE
    status = event.status or message.status
    state, why = state_of(message, status), reason(message.error, status)
    identifier = (back.told_id or message.id).hex().encode("ascii")
    done_ms = event.at_ms if message.final_ms is None or event.status is not message.status else message.final_ms
    minutes = message.accepted_ms // 60_000, done_ms // 60_000
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
    return Words(b"".join(body), _head_of_id(len(identifier)) + identifier + _behind_id_tlv(state, why.number))


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


def incoming(message: Message, received: Received) -> p.DeliverSm:
    """A message from a person, whole, however many parts it came in (S-49); a long one goes as message_payload."""
    source = received.source.reveal(Purpose.INFORM_CUSTOMER)
    data_coding, octets = _octets(received.text.reveal(Purpose.INFORM_CUSTOMER), message.encoding)
    fits = len(octets) <= _SHORT
    return p.DeliverSm(
        source_addr_ton=_INTERNATIONAL if source.isdigit() else _ALPHANUMERIC,
        source_addr_npi=_ISDN if source.isdigit() else 0,
        source_addr=source,
        destination_addr=received.destination,
        data_coding=data_coding,
        short_message=octets if fits else b"",
        tlvs=() if fits else ((p.TAG_MESSAGE_PAYLOAD, octets),),
    )


def _octets(text: str, encoding: str) -> tuple[int, bytes]:
    """data_coding and octets: the default alphabet where it can carry the text, UCS-2 elsewhere."""
    if encoding == Encoding.BINARY:
        return 4, encode_octets(text)
    septets = gsm7.DEFAULT.encode(text)
    return (0, septets) if septets is not None else (8, text.encode("utf-16-be", "surrogatepass"))


def query_response(asked: p.QuerySm, message: Message) -> p.QuerySmResp:
    """What became of a message so far (§4.8.2); one from a person has arrived."""
    return p.QuerySmResp(
        sequence_number=asked.sequence_number,
        message_id=asked.message_id,
        final_date="" if message.final_ms is None else absolute_time(message.final_ms),
        message_state=state_of(message, message.status).value,
        error_code=min(255, reason(message.error, message.status).number),
    )
