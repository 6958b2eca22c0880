"""What the privacy officer does about people: of the platform at every customer, of a customer at that one."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.accounts.directory import Directory
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.subject_views import AccessRequest, Case, Number, erased_view
from gateway.http_api.subjects import number_of, since_of
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from gateway.rights.desk import RightsDesk
from redaction.errors import KeysWithheld, alone


class EraseRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """customer: id; all of them where it is left out, and one's own for whoever belongs to one."""

    numbers: Annotated[list[Number], Meta(min_length=1, max_length=100)]
    customer: str | None = None
    case: Case = ""

    def __repr__(self) -> str:
        return "EraseRequest(•••)"


class LookRequest(AccessRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """customer: as in `EraseRequest`."""

    customer: str | None = None

    def __repr__(self) -> str:
        return "LookRequest(•••)"


class SubjectEndpoints:
    def __init__(self, parts: Parts, desk: RightsDesk, directory: Directory) -> None:
        self._parts = parts
        self._desk = desk
        self._directory = directory

    async def erase(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        asked = await self._parts.body(call, EraseRequest)
        customer = await self._customer(call, asker, Action.SUBJECT_ERASE, asked.customer)
        numbers = [number_of(self._desk, each) for each in asked.numbers]
        try:
            done = await self._desk.erase(asker.actor, numbers, customer, asked.case)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._parts.answer(erased_view(self._desk.on, done))

    async def access(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        asked = await self._parts.body(call, LookRequest)
        customer = await self._customer(call, asker, Action.SUBJECT_ACCESS, asked.customer)
        number, since_ms = number_of(self._desk, asked.number), since_of(asked)
        try:
            held = await self._desk.look(asker.actor, number, customer, asked.case, since_ms)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._parts.answer(held)

    async def erase_message(self, call: Call) -> Reply:
        """One of another customer looks like one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        await self._parts.gate.open(call.request, Action.MESSAGE_DESTROY, asker.customer)
        (found,) = await self._desk.on.ledger.messages.find_many([message_id_of(call.argument)])
        if found is None or not asker.may(Action.MESSAGE_DESTROY, self._directory.public_id(found.customer)):
            raise Refusal("not_found")
        try:
            done = await self._desk.erase_message(await self._parts.why(call, asker), found)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._parts.answer(erased_view(self._desk.on, done))

    async def _customer(self, call: Call, asker: Asker, action: Action, customer: str | None) -> int | None:
        """The customer's number; None for all. Raises Refusal."""
        named = customer or asker.customer
        await self._parts.gate.open(call.request, action, named)
        number = self._directory.number_of(named) if named else None
        if named and number is None:
            raise Refusal("not_found")
        return number
