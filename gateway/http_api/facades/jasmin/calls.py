"""Jasmin's calls: a delivery report of level 1 at the operator's answer, of level 2 at the end, of level 3 both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from gateway.http_api.facades.ids import uuid_of
from gateway.model.content import Received
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.reports import BIT_OF, REJECTED, SUBMITTED
from gateway.model.submission import CallbackForm
from gateway.webhooks.dialects import Outgoing
from gateway.webhooks.shape import FORM_POST
from redaction.personal import Purpose

_STAT: Final[Mapping[Status, str]] = {
    Status.DELIVERED: "DELIVRD",
    Status.UNDELIVERED: "UNDELIV",
    Status.EXPIRED: "EXPIRED",
    Status.UNKNOWN: "UNKNOWN",
    Status.CANCELLED: "DELETED",
}
_CODING: Final[Mapping[str, str]] = {"ucs2": "8", "binary": "4"}


class JasminCalls:
    """See `gateway.webhooks.dialects.Dialect`."""

    def report(
        self, event: OutboxEvent, message: Message, person: str, form: CallbackForm, url: str
    ) -> Outgoing | None:
        """Who got it is no part of it, nor is the text, whose field is always empty."""
        status = event.status or message.status
        bit = BIT_OF.get(status, 0)
        wanted = form.said.get("level", "1")
        is_answer = bit == SUBMITTED or (bit == REJECTED and wanted != "2")
        told = {"id": uuid_of(message.id), "connector": message.operator}
        if is_answer:
            told |= {"level": "1", "message_status": "ESME_ROK" if bit == SUBMITTED else _refusal(message.error)}
        else:
            told |= {"level": "2", **_receipt(message, _STAT.get(status, "REJECTD"), event.at_ms)}
        if form.said.get("method") == "GET":
            return Outgoing(f"{url}{'&' if '?' in url else '?'}{urlencode(told)}")
        return Outgoing(url, FORM_POST, urlencode(told).encode())

    def received(self, event: OutboxEvent, message: Message, received: Received, url: str) -> Outgoing | None:
        """As its httpclient connectors post what people write."""
        text = received.text.reveal(Purpose.INFORM_CUSTOMER)
        is_binary = message.encoding == "binary"
        octets = text.encode("latin-1" if is_binary else "utf-16-be" if message.encoding == "ucs2" else "utf-8")
        number = received.source.reveal(Purpose.INFORM_CUSTOMER)
        told = {
            "id": uuid_of(message.id),
            "from": f"+{number}" if message.country else number,
            "to": received.destination,
            "origin-connector": message.operator,
            "content": "" if is_binary else text,
            "binary": octets.hex(),
            "coding": _CODING.get(message.encoding, "0"),
        }
        return Outgoing(url, FORM_POST, urlencode(told).encode())


def _receipt(message: Message, stat: str, at_ms: int) -> dict[str, str]:
    """Of levels 2 and 3, at the end."""
    return {
        "message_status": stat,
        "id_smsc": uuid_of(message.id),
        "sub": "001",
        "dlvrd": "001" if stat == "DELIVRD" else "000",
        "subdate": _minute(message.submitted_ms or message.accepted_ms),
        "donedate": _minute(at_ms),
        "err": message.error if message.error and message.error.isdigit() else "000",
        "text": "",
    }


def _refusal(error: str | None) -> str:
    """A command_status by its name."""
    return error if error and error.startswith("ESME_") else "ESME_RSUBMITFAIL"


def _minute(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%y%m%d%H%M")
