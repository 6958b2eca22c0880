"""Kannel's calls: delivery reports to the URL that a message named, and messages from people to a get-url."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.http_api.facades.ids import uuid_of
from gateway.http_api.facades.kannel.escapes import fill
from gateway.model.content import Received
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.reports import BIT_OF, REJECTED, SUBMITTED
from gateway.model.submission import CallbackForm
from gateway.webhooks.dialects import Outgoing
from redaction.personal import Purpose

_STAT: Final[Mapping[Status, str]] = {
    Status.DELIVERED: "DELIVRD",
    Status.UNDELIVERED: "UNDELIV",
    Status.EXPIRED: "EXPIRED",
    Status.UNKNOWN: "UNKNOWN",
}
_CODING: Final[Mapping[str, str]] = {"ucs2": "2", "binary": "1"}


class KannelCalls:
    """See `gateway.webhooks.dialects.Dialect`."""

    def report(
        self, event: OutboxEvent, message: Message, person: str, form: CallbackForm, url: str
    ) -> Outgoing | None:
        """The recipient is masked; the text is no part of it."""
        status = event.status or message.status
        answer = _answer(status, message, event.at_ms)
        values = {
            **form.said,
            "d": str(BIT_OF.get(status, 0)),
            "P": person,
            "Q": person,
            "A": answer,
            "a": answer,
            "b": answer,
            "B": message.error or "",
            **_common(event, message),
        }
        return Outgoing(fill(url, values))

    def received(self, event: OutboxEvent, message: Message, received: Received, url: str) -> Outgoing | None:
        """The text is UTF-8, whatever it came in."""
        text = received.text.reveal(Purpose.INFORM_CUSTOMER)
        number = received.source.reveal(Purpose.INFORM_CUSTOMER)
        source = f"+{number}" if message.country else number
        words = text.split()
        values: dict[str, str | bytes] = {
            "p": source,
            "q": source,
            "P": received.destination,
            "Q": received.destination,
            "b": text.encode("latin-1") if message.encoding == "binary" else text,
            "a": " ".join(words),
            "k": words[0] if words else "",
            "r": " ".join(words[1:]),
            "c": _CODING.get(message.encoding, "0"),
            "C": "UTF-8",
            "u": received.header,
            **_common(event, message),
        }
        return Outgoing(fill(url, values))


def _common(event: OutboxEvent, message: Message) -> dict[str, str]:
    """Ids and times, which reports and messages have alike."""
    at = datetime.fromtimestamp(event.at_ms // 1000, UTC)
    return {
        "F": message.id.hex(),
        "I": uuid_of(message.id),
        "i": message.operator,
        "t": at.strftime("%Y-%m-%d+%H:%M:%S"),
        "T": str(event.at_ms // 1000),
    }


def _answer(status: Status, message: Message, at_ms: int) -> str:
    """What an operator said, in the form in which Kannel passes it on."""
    bit = BIT_OF.get(status, 0)
    if bit == SUBMITTED:
        return "ACK/"
    if bit == REJECTED:
        return f"NACK/{message.error or ''}"
    submitted = _minute(message.submitted_ms or message.accepted_ms)
    error = message.error or "000"
    return (
        f"id:{message.id.hex()} sub:001 dlvrd:{'001' if status is Status.DELIVERED else '000'} "
        f"submit date:{submitted} done date:{_minute(at_ms)} stat:{_STAT.get(status, 'UNKNOWN')} err:{error} text:"
    )


def _minute(at_ms: int) -> str:
    """As in receipts of SMPP 3.4, appendix B."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%y%m%d%H%M")
