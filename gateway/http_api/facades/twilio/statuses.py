"""Our states of a message in Twilio's words, with the codes that its programs look at."""

from typing import Final

from gateway.model.message import Message, Status

QUEUED: Final = "queued"
ACCEPTED: Final = "accepted"
"""Of a message that a messaging service is to send."""
SCHEDULED: Final = "scheduled"
_SENDING: Final = "sending"
_UNREACHABLE: Final = 30003
_BLOCKED: Final = 30004
_UNKNOWN_PERSON: Final = 30005
_LANDLINE: Final = 30006
_OTHER: Final = 30008
_EXPIRED: Final = 30036
_STOPPED: Final = 21610

_WORDS: Final = {
    Status.ACCEPTED: QUEUED,
    Status.QUEUED: QUEUED,
    Status.SUBMITTED: "sent",
    Status.DELIVERED: "delivered",
    Status.UNDELIVERED: "undelivered",
    Status.EXPIRED: "undelivered",
    Status.REJECTED: "undelivered",
    Status.SUPPRESSED: "failed",
    Status.FAILED: "failed",
    Status.UNKNOWN: "undelivered",
    Status.CANCELLED: "canceled",
    Status.RECEIVED: "received",
}
_TEXTS: Final = {
    _UNREACHABLE: "Unreachable destination handset",
    _BLOCKED: "Message blocked",
    _UNKNOWN_PERSON: "Unknown destination handset",
    _LANDLINE: "Landline or unreachable carrier",
    _OTHER: "Unknown error",
    _EXPIRED: "Validity period expired",
    _STOPPED: "Attempt to send to unsubscribed recipient",
}
_NETWORK: Final = {
    "001": _UNKNOWN_PERSON,  # unknown subscriber (3GPP TS 29.002 §17.6.6, as SMSCs write it in a receipt's err)
    "005": _UNKNOWN_PERSON,  # unidentified subscriber
    "006": _UNREACHABLE,  # absent subscriber
    "009": _BLOCKED,  # illegal subscriber
    "011": _LANDLINE,  # teleservice not provisioned
    "012": _BLOCKED,  # illegal equipment
    "013": _BLOCKED,  # call barred
    "021": _LANDLINE,  # facility not supported
    "027": _UNREACHABLE,  # absent subscriber
    "031": _UNREACHABLE,  # subscriber busy for short messages
}
"""By the network error code of a receipt."""


def status_word(message: Message, status: Status) -> str:
    """Of what a message's status was when an event happened."""
    if status is Status.EXPIRED and message.submitted_ms is None:
        return "failed"  # no operator had it
    return _WORDS[status]


def shown_status(message: Message, *, is_scheduled: bool) -> str:
    """Of a record as it stands now."""
    if is_scheduled:
        return SCHEDULED
    if message.status is Status.QUEUED and any(message.parts):
        return _SENDING
    return status_word(message, message.status)


def error_code(message: Message, status: Status) -> int | None:
    """What Twilio says of an end that is no delivery; None of any other status."""
    match status:
        case Status.SUPPRESSED:
            return _STOPPED
        case Status.EXPIRED if message.submitted_ms is None:
            return _EXPIRED
        case Status.EXPIRED:
            return _UNREACHABLE
        case Status.UNDELIVERED | Status.REJECTED:
            return _NETWORK.get(message.error or "", _OTHER)
        case Status.FAILED | Status.UNKNOWN:
            return _OTHER
        case _:
            return None


def error_text(code: int | None) -> str | None:
    return None if code is None else _TEXTS[code]
