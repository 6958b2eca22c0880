"""The support desk over the admin API: of the platform for all customers, of a customer for its own."""

from collections.abc import Awaitable
from typing import Final

from gateway.accounts.directory import Directory
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.ticket_views import (
    AssignRequest,
    OpenTicketRequest,
    PostRequest,
    posts_view,
    ticket_view,
    tickets_view,
)
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.people.sessions import Session
from gateway.rights.building import tickets
from gateway.rights.desk import RightsDesk
from gateway.support.record import State, Ticket
from gateway.support.tickets import Asked, Hand, Tickets
from redaction.errors import KeysWithheld, alone
from redaction.personal import MessageText

_FILTERS: Final = ("state", "customer", "message", "assigned")


class TicketEndpoints:
    def __init__(self, parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> None:
        self._parts = parts
        self._desk = desk
        self._directory = directory
        self._registry = registry

    async def open(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        asked = await self._parts.body(call, OpenTicketRequest)
        customer = asked.customer or asker.customer
        await self._parts.gate.open(call.request, Action.TICKET_OPEN, customer)
        number = self._directory.number_of(customer) if customer else 0
        if number is None:
            raise Refusal("not_found")
        said = Asked(
            topic=asked.topic,
            text=MessageText(asked.text),
            customer=customer,
            number=number,
            message=asked.message,
        )
        return await self._answered(self._tickets(asker).open(said), 201)

    async def all(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that one's alone."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.TICKET_READ, asker.customer):
            raise Refusal("not_allowed")
        wanted = {name: call.query[name] for name in _FILTERS if call.query.get(name)}
        if wanted.get("state", State.OPEN) not in set(State):
            raise Refusal("invalid_parameter", "state")
        found = [
            each
            for each in await self._tickets(asker).all()
            if asker.customer in ("", each.of.customer)
            and all(getattr(each.of, name) == value for name, value in wanted.items())
        ]
        return self._parts.answer(tickets_view(found, call.query.get("cursor", "")))

    async def show(self, call: Call) -> Reply:
        _, ticket = await self._found(call, Action.TICKET_READ)
        return self._parts.answer(ticket_view(ticket))

    async def posts(self, call: Call) -> Reply:
        asker, ticket = await self._found(call, Action.TICKET_SHOW)
        try:
            return self._parts.answer(posts_view(await self._tickets(asker).posts(ticket)))
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None

    async def write(self, call: Call) -> Reply:
        asker, ticket = await self._found(call, Action.TICKET_ANSWER)
        asked = await self._parts.body(call, PostRequest)
        work = self._tickets(asker).write(ticket.id, MessageText(asked.text), internal=asked.internal)
        return await self._answered(work, 201)

    async def assign(self, call: Call) -> Reply:
        asker, ticket = await self._found(call, Action.TICKET_ASSIGN)
        asked = AssignRequest()
        if call.request.body_exists:
            asked = await self._parts.body(call, AssignRequest)
        return await self._answered(self._tickets(asker).assign(ticket.id, await self._whom(asker, asked)))

    async def close(self, call: Call) -> Reply:
        asker, ticket = await self._found(call, Action.TICKET_ANSWER)
        return await self._answered(self._tickets(asker).close(ticket.id))

    async def _whom(self, asker: Asker, asked: AssignRequest) -> str:
        """Raises Refusal for whoever cannot work at it."""
        if asked.person == "":
            return ""
        if asked.person is None:
            if not isinstance(asker.holder, Session):
                raise Refusal("missing_field", "person")
            return asker.holder.person.id
        person = await self._registry.find(asked.person)
        if person is None or person.customer or not person.is_enabled:
            raise Refusal("invalid_value", "person")
        return person.id

    async def _answered(self, work: Awaitable[Ticket], status: int = 200) -> Reply:
        try:
            ticket = await work
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._parts.answer(ticket_view(ticket), status)

    async def _found(self, call: Call, action: Action) -> tuple[Asker, Ticket]:
        """Whoever may not have it is told what it would be of one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(action, asker.customer):
            raise Refusal("not_allowed")
        ticket = await self._tickets(asker).find(call.argument)
        if asker.customer not in ("", ticket.of.customer):
            raise Refusal("not_found")
        return await self._parts.gate.open(call.request, action, ticket.of.customer), ticket

    def _tickets(self, asker: Asker) -> Tickets:
        key = asker.holder.person.number if isinstance(asker.holder, Session) else 0
        return tickets(self._desk.on, self._registry.sealer, Hand(asker.actor, key, asker.customer))
