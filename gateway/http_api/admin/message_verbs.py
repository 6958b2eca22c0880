"""What support does to a message: takes it back while it waits, and tells its customer once more how it ended."""

from typing import Final

from msgspec import Struct

from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.http_api.admin.declaring import MESSAGE, READ, does
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.timeline import message_view
from gateway.http_api.admin.views import AdminMessageView
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.people.roles import Action


class ToldView(Struct, frozen=True):
    """id: of the message; its event has the id that it had."""

    id: str


class MessageVerbEndpoints:
    def __init__(self, parts: Parts, sources: Sources) -> None:
        self._parts = parts
        self._on = sources

    async def cancel(self, call: Call) -> Reply:
        asker, message = await self._opened(call, Action.MESSAGE_CANCEL)
        owner, identifier = self._on.directory.public_id(message.customer), _id(message)
        audit = AuditLog(self._on.ledger.acts, self._parts.clock, await self._parts.why(call, asker))
        async with audit.around(Act.MESSAGE_CANCEL, identifier, customer=known("cus", owner)):
            cancelled = await self._on.hands.canceller.cancel(message.customer, message.id)
        if cancelled is None:
            raise Refusal("not_found")
        return self._parts.answer(message_view(cancelled, self._on.mask(cancelled), owner))

    async def tell_again(self, call: Call) -> Reply:
        """Of one that has not ended there is nothing to tell yet."""
        asker, message = await self._opened(call, Action.MESSAGE_NOTIFY)
        owner, identifier = self._on.directory.public_id(message.customer), _id(message)
        if self._on.directory.endpoint(message.customer) is None:
            raise Refusal("nothing_to_tell")
        audit = AuditLog(self._on.ledger.acts, self._parts.clock, await self._parts.why(call, asker))
        async with audit.around(Act.MESSAGE_NOTIFY, identifier, customer=known("cus", owner)):
            if not await self._on.hands.tell_again(message):
                raise Refusal("nothing_to_tell")
        return self._parts.answer(ToldView(message.id.hex()), 202)

    async def _opened(self, call: Call, action: Action) -> tuple[Asker, Message]:
        """One of another customer looks like one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        await self._parts.gate.open(call.request, action, asker.customer)
        (found,) = await self._on.messages.find_many([message_id_of(call.argument)])
        if found is None or not asker.may(action, self._on.directory.public_id(found.customer)):
            raise Refusal("not_found")
        return asker, found


def _id(message: Message) -> str:
    return f"msg_{message.id.hex()}"


def message_verb_routes(parts: Parts, sources: Sources) -> list[Route]:
    verbs = MessageVerbEndpoints(parts, sources)
    return [
        Route("POST", "/admin/v1/messages/{id}/cancel", verbs.cancel, _CANCEL),
        Route("POST", "/admin/v1/messages/{id}/notify", verbs.tell_again, _NOTIFY),
    ]


_CANCEL: Final = does(
    "cancel_message",
    "Take a message back that waits; one that is with an operator, or on its way there, is not.",
    "Messages",
    Action.MESSAGE_CANCEL,
    Answer(description="It is cancelled.", body=AdminMessageView),
    of=(MESSAGE,),
    codes=(*READ, "not_cancellable"),
)
_NOTIFY: Final = does(
    "notify_message",
    "Send the customer's endpoint the event of a message's end once more, under the id that it had.",
    "Messages",
    Action.MESSAGE_NOTIFY,
    Answer(status=202, description="It waits for the endpoint.", body=ToldView),
    of=(MESSAGE,),
    codes=(*READ, "nothing_to_tell"),
)
