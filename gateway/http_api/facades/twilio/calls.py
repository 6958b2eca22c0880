"""Twilio's calls: a signed form for what became of a message, and for what a person wrote.

What a program answers is taken as it is: TwiML in it is passed over. `webhook-id` tells repeats, as in all our calls.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from gateway.http_api.facades.twilio.resources import API_VERSION
from gateway.http_api.facades.twilio.sids import account_sid, message_sid
from gateway.http_api.facades.twilio.signing import HEADER, signature
from gateway.http_api.facades.twilio.statuses import error_code, error_text, status_word
from gateway.model.content import Received
from gateway.model.message import OPEN, Message, OutboxEvent
from gateway.model.submission import CallbackForm
from gateway.webhooks.dialects import Outgoing
from gateway.webhooks.shape import FORM_POST
from redaction.errors import KeysWithheld, SealError
from redaction.personal import Purpose, Secret

NAME: Final = "twilio"
FROM: Final = "From"
SERVICE: Final = "MessagingServiceSid"
Tokens = Callable[[int, int], Secret | None]
"""What signs for a customer and a key; see `gateway.accounts.facade_tokens.FacadeTokens`."""


class TwilioCalls:
    """See `gateway.webhooks.dialects.Dialect`. public_id: of a customer, by its number."""

    def __init__(self, tokens: Tokens, public_id: Callable[[int], str]) -> None:
        self._tokens = tokens
        self._public_id = public_id

    def report(
        self, event: OutboxEvent, message: Message, person: str, form: CallbackForm, url: str
    ) -> Outgoing | None:
        """The recipient is masked. None where no key is left that would sign."""
        status = event.status or message.status
        word, code = status_word(message, status), error_code(message, status)
        fields = {
            **form.said,
            **self._common(message),
            "MessageStatus": word,
            "SmsStatus": word,
            "To": person,
        }
        if code is not None:
            fields |= {"ErrorCode": str(code), "ErrorMessage": error_text(code) or ""}
        if status not in OPEN and message.submitted_ms is not None and message.final_ms is not None:
            fields["RawDlrDoneDate"] = datetime.fromtimestamp(message.final_ms // 1000, UTC).strftime("%y%m%d%H%M")
        return self._signed(message, url, fields)

    def received(self, _event: OutboxEvent, message: Message, received: Received, url: str) -> Outgoing | None:
        """What is no text stands as its octets would in Latin-1."""
        number = received.source.reveal(Purpose.INFORM_CUSTOMER)
        fields = {
            **self._common(message),
            "SmsMessageSid": message_sid(message.id),
            "SmsStatus": "received",
            "From": f"+{number}" if message.country else number,
            "To": received.destination,
            "Body": received.text.reveal(Purpose.INFORM_CUSTOMER),
            "NumMedia": "0",
            "NumSegments": str(message.segments),
        }
        return self._signed(message, url, fields)

    def _common(self, message: Message) -> dict[str, str]:
        sid = message_sid(message.id)
        return {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": account_sid(self._public_id(message.customer)),
            "ApiVersion": API_VERSION,
        }

    def _signed(self, message: Message, url: str, fields: Mapping[str, str]) -> Outgoing | None:
        try:
            token = self._tokens(message.customer, message.key_id)
        except KeysWithheld:
            raise
        except (SealError, ValueError):
            token = None
        if token is None:
            return None
        signed = b"%b: %b\r\n" % (HEADER, signature(token, url, fields))
        return Outgoing(url, FORM_POST, urlencode(fields).encode(), signed)
