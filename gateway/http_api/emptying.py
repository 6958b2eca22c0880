"""What a customer wants destroyed of a message that is over, while its record stays."""

from typing import Final, Literal

import msgspec

from gateway.http_api.auth import Gatekeeper, actor_of
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.records import RecordEndpoints, message_id_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import Messages
from gateway.model.refusals import Refusal
from gateway.rights.desk import RightsDesk

BODY_BYTES: Final = 1_024
BODY_S: Final = 10.0
SCOPE: Final = "send"


class EmptyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one thing of a message that can be changed: nothing sealed is left of it."""

    content_destroyed: Literal[True]


class EmptyEndpoint:
    def __init__(self, desk: RightsDesk, messages: Messages, records: RecordEndpoints, gatekeeper: Gatekeeper) -> None:
        self._desk = desk
        self._messages = messages
        self._records = records
        self._gatekeeper = gatekeeper

    async def empty(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        decode(_asked, await read_json_body(call.request, BODY_BYTES, BODY_S))
        found = await self._messages.find(key.customer.id, message_id_of(call.argument))
        if found is None:
            raise Refusal("not_found")
        await self._desk.empty_message(actor_of(key), found)
        return self._records.shown(msgspec.structs.replace(found, content=None, private=None))


_asked: Final = msgspec.json.Decoder(EmptyRequest)
