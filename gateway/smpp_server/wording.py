"""News in the words of SMPP: receipts, intermediate notifications, messages from people, answers to queries. Pure.

The text of a receipt follows SMPP 3.4 Appendix B, with an empty `text:` (S-48), and dates in UTC; the same is said by
receipted_message_id, message_state and network_error_code.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.content import Received
from gateway.message import Message, OutboxEvent, Status
from gateway.submission import ReturnPath
from operators.base import ReceiptState
from operators.smpp import gsm7
from operators.smpp import pdu as p
from operators.smpp.address import absolute_time
from operators.smpp.coding import Encoding, encode_octets
from redaction.personal import Purpose

RECEIPT: Final = 0x04
INTERMEDIATE: Final = 0x20
"""esm_class of a deliver_sm (SMPP 3.4 §5.2.12)."""
_GSM_ERROR: Final = 3
"""network_error_code: the kind of network (§5.3.2.31)."""
_SHORT: Final = 254
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


def receipt(event: OutboxEvent, message: Message, path: ReturnPath | None) -> p.DeliverSm:
    """News of a message, from its recipient to its sender; without addresses once they are forgotten (path None)."""
    back = path or _NOWHERE
    state = STATES[event.status]
    error = _error(message.error)
    identifier = (back.told_id or message.id).hex().encode("ascii")
    behind = _behind_id(message.segments, message.accepted_ms // 60_000, event.at_ms // 60_000, state, error)
    return p.DeliverSm(
        source_addr_ton=back.dest_ton,
        source_addr_npi=back.dest_npi,
        source_addr=back.destination,
        dest_addr_ton=back.source_ton,
        dest_addr_npi=back.source_npi,
        destination_addr=back.source,
        esm_class=INTERMEDIATE if event.status is Status.SUBMITTED else RECEIPT,
        short_message=b"id:" + identifier + behind,
        tlvs=((p.TAG_RECEIPTED_MESSAGE_ID, identifier + b"\0"), *_other_tlvs(state, error)),
    )


@lru_cache(1_024)
def _behind_id(segments: int, accepted_minute: int, done_minute: int, state: ReceiptState, error: int) -> bytes:
    """The text of a receipt without its id; a minute has thousands that share it."""
    delivered = segments if state is ReceiptState.DELIVERED else 0
    words = (
        f" sub:{segments:03d} dlvrd:{delivered:03d} submit date:{_date(accepted_minute)} "
        f"done date:{_date(done_minute)} stat:{_STATS[state]} err:{error:03d} text:"
    )
    return words.encode("ascii")


@lru_cache(1_024)
def _other_tlvs(state: ReceiptState, error: int) -> p.Tlvs:
    known = ((p.TAG_MESSAGE_STATE, bytes((state.value,))),)
    return (*known, (p.TAG_NETWORK_ERROR_CODE, bytes((_GSM_ERROR, 0, error & 0xFF)))) if error else known


def _error(error: str | None) -> int:
    """An operator's error code of up to three digits; 0 for none, and for codes of our own."""
    return int(error) if error and len(error) <= 3 and error.isascii() and error.isdigit() else 0


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
        message_state=STATES.get(message.status, ReceiptState.DELIVERED).value,
        error_code=min(255, _error(message.error)),
    )
