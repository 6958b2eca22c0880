"""What became of a message, for support: found by id, or by a customer's own reference. Its text is never shown."""

from collections.abc import Callable

from gateway.accept.validation import parse_time
from gateway.accounts.directory import Directory
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.http_api.admin.finding import AT_ONCE, USUAL_MS, by_reference
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.timeline import message_view
from gateway.http_api.admin.views import FindRequest, FoundView
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import Acts, Messages
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.people.roles import Action


class MessageEndpoints:
    """reveal_reference: opens the customer's own reference of a message."""

    def __init__(
        self,
        parts: Parts,
        messages: Messages,
        directory: Directory,
        acts: Acts,
        reveal_reference: Callable[[Message], str | None],
    ) -> None:
        self._parts = parts
        self._messages = messages
        self._directory = directory
        self._acts = acts
        self._reveal_reference = reveal_reference

    async def show(self, call: Call) -> Reply:
        """One of another customer looks like one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.MESSAGE_READ, asker.customer):
            raise Refusal("not_allowed")
        (found,) = await self._messages.find_many([message_id_of(call.argument)])
        if found is None or not asker.may(Action.MESSAGE_READ, self._directory.public_id(found.customer)):
            raise Refusal("not_found")
        return self._parts.answer(message_view(found, self._directory.public_id(found.customer)))

    async def find(self, call: Call) -> Reply:
        """Every search is in the audit log."""
        asked = await self._parts.body(call, FindRequest)
        asker = await self._parts.gate.open(call.request, Action.MESSAGE_READ, asked.customer)
        number = self._directory.number_of(asked.customer)
        if number is None:
            raise Refusal("not_found")
        now_ms = self._parts.clock.now_ms()
        since_ms = now_ms - USUAL_MS if asked.since is None else parse_time(asked.since)
        if since_ms is None:
            raise Refusal("wrong_type", "since")
        found = await by_reference(self._messages, number, asked.reference, max(0, since_ms), self._reveal_reference)
        await self._note(asker.actor, asked.customer, len(found.messages), now_ms)
        views = [message_view(each, asked.customer) for each in found.messages[:AT_ONCE]]
        return self._parts.answer(FoundView(messages=views, complete=found.is_complete))

    async def _note(self, actor: Actor, customer: str, found: int, now_ms: int) -> None:
        written = entry(Act.MESSAGE_FIND, actor, customer, now_ms=now_ms, what="reference", numbers={"found": found})
        await self._acts.act([], [written])
