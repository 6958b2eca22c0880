"""What became of a message, for support: found by id, by a customer's own reference, or by a number; never its text."""

from collections.abc import Callable, Sequence

import msgspec

from gateway.accept.validation import parse_time
from gateway.accounts.directory import Directory
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.http_api.admin.finding import USUAL_MS, Sought, by_reference
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.timeline import message_view
from gateway.http_api.admin.views import AdminMessageView, FindRequest, FoundView
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.searching import NumberSearch
from gateway.ledger.roles import Acts, Messages
from gateway.model.identifiers import parse_cursor, write_cursor
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action


class MessageEndpoints:
    """reveal_reference: opens the customer's own reference of a message. mask: what is shown of its number."""

    def __init__(
        self,
        parts: Parts,
        messages: Messages,
        directory: Directory,
        acts: Acts,
        reveal_reference: Callable[[Message], str | None],
        mask: Callable[[Message], str],
        search: NumberSearch,
    ) -> None:
        self._parts = parts
        self._messages = messages
        self._directory = directory
        self._acts = acts
        self._reveal_reference = reveal_reference
        self._mask = mask
        self._search = search

    async def show(self, call: Call) -> Reply:
        """One of another customer looks like one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.MESSAGE_READ, asker.customer):
            raise Refusal("not_allowed")
        (found,) = await self._messages.find_many([message_id_of(call.argument)])
        if found is None or not asker.may(Action.MESSAGE_READ, self._directory.public_id(found.customer)):
            raise Refusal("not_found")
        return self._parts.answer(self._shown(found, self._directory.public_id(found.customer)))

    async def find(self, call: Call) -> Reply:
        """Every search is in the audit log; of what was typed it has nothing."""
        asked = await self._parts.body(call, FindRequest)
        action = Action.MESSAGE_READ if asked.number is None else Action.MESSAGE_FIND
        asker = await self._parts.gate.open(call.request, action, asked.customer)
        number = self._directory.number_of(asked.customer)
        if number is None:
            raise Refusal("not_found")
        if asked.number is None:
            return await self._by_reference(asker, asked, number)
        return await self._by_number(asker, asked, number, asked.number)

    async def _by_reference(self, asker: Asker, asked: FindRequest, customer: int) -> Reply:
        if asked.reference is None:
            raise Refusal("missing_field", "reference")
        if asked.purpose is not None or asked.case is not None:
            raise Refusal("missing_field", "number")
        now_ms = self._parts.clock.now_ms()
        since_ms = now_ms - USUAL_MS if asked.since is None else parse_time(asked.since)
        if since_ms is None:
            raise Refusal("wrong_type", "since")
        cursor = None if asked.cursor is None else parse_cursor(asked.cursor)
        if cursor is None and asked.cursor is not None:
            raise Refusal("invalid_value", "cursor")
        sought = Sought(customer=customer, reference=asked.reference, since_ms=max(0, since_ms), cursor=cursor)
        found = await by_reference(self._messages, sought, self._reveal_reference, self._parts.clock.monotonic)
        await self._note(asker, asked.customer, asked.customer, "reference", len(found.messages))
        views = [self._shown(each, asked.customer) for each in found.messages]
        view = FoundView(
            messages=views,
            complete=found.cursor is None,
            complete_since=rfc3339(found.since_ms),
            cursor=None if found.cursor is None else write_cursor(found.cursor),
        )
        return self._parts.answer(view)

    async def _by_number(self, asker: Asker, asked: FindRequest, customer: int, typed: str) -> Reply:
        for field in ("reference", "since", "cursor"):
            if getattr(asked, field) is not None:
                raise Refusal("invalid_value", field)
        if asked.purpose is None or asked.case is None:
            raise Refusal("missing_field", "purpose" if asked.purpose is None else "case")
        found = await self._search.find(customer, typed)
        case = known("case", asked.case)
        await self._note(asker, case, asked.customer, f"number_{asked.purpose}", len(found.messages))
        view = self._view(asked, found.messages, is_complete=found.is_whole)
        since = rfc3339_or_none(found.since_ms)
        return self._parts.answer(msgspec.structs.replace(view, complete_since=since))

    def _view(self, asked: FindRequest, found: Sequence[Message], *, is_complete: bool) -> FoundView:
        views = [self._shown(each, asked.customer) for each in found]
        return FoundView(messages=views, complete=is_complete)

    def _shown(self, message: Message, customer: str) -> AdminMessageView:
        return message_view(message, self._mask(message), customer)

    async def _note(self, asker: Asker, obj: str, customer: str, what: str, found: int) -> None:
        """Before the answer says what was found."""
        now_ms = self._parts.clock.now_ms()
        written = entry(
            Act.MESSAGE_FIND,
            asker.actor,
            obj,
            now_ms=now_ms,
            customer="" if obj == customer else customer,
            what=what,
            numbers={"found": found},
        )
        await self._acts.act([], [written])
