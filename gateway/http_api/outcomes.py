"""What customers report of their codes: whether they were entered. Nothing of it is kept but counts."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gateway.http_api.auth import Gatekeeper
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import Messages
from gateway.model.refusals import Refusal

BODY_BYTES: Final = 1_024
READ_S: Final = 10.0
_encode: Final = msgspec.json.Encoder().encode

Report = Callable[[int, bytes, bool], None]
"""Of a customer's message: whether its code was entered."""


class OutcomeRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of a code."""

    outcome: Annotated[
        Literal["confirmed", "failed"],
        Meta(description="`confirmed`: somebody entered it. `failed`: nobody did while it was valid."),
    ]


class OutcomeReported(msgspec.Struct, frozen=True):
    """It was heard; a report of the same code again changes nothing."""

    outcome: str


class OutcomeEndpoint:
    def __init__(self, messages: Messages, report: Report, gatekeeper: Gatekeeper, replies: Replies) -> None:
        self._messages = messages
        self._report = report
        self._gatekeeper = gatekeeper
        self._replies = replies

    async def report(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "send")
        message_id = message_id_of(call.argument)
        asked = decode(_OUTCOME, await read_json_body(call.request, BODY_BYTES, READ_S))
        if await self._messages.find(key.customer.id, message_id) is None:
            raise Refusal("not_found")
        self._report(key.customer.id, message_id, asked.outcome == "confirmed")
        return self._replies.of(200, _encode(OutcomeReported(asked.outcome)))


_OUTCOME: Final = msgspec.json.Decoder(OutcomeRequest)
