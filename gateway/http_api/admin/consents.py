"""Consents and suppressions of a customer's people, for whoever answers to them: each act with the actor who did it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from gateway.audit.actor import Actor
from gateway.consent.desk import Of
from gateway.http_api.admin.parts import Parts
from gateway.http_api.consents import (
    ConsentActs,
    ConsentRequest,
    CorrectRequest,
    PersonRequest,
    SuppressionRequest,
    WithdrawRequest,
)
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import AccountStore
from gateway.model.refusals import Refusal
from gateway.people.roles import Action

R = TypeVar("R", bound=msgspec.Struct)


class AdminConsentEndpoints:
    def __init__(self, parts: Parts, store: AccountStore, acts: ConsentActs) -> None:
        self._parts = parts
        self._store = store
        self._acts = acts

    async def give(self, call: Call) -> Reply:
        return await self._do(call, Action.CONSENT_CHANGE, ConsentRequest, self._acts.give)

    async def withdraw(self, call: Call) -> Reply:
        return await self._do(call, Action.CONSENT_CHANGE, WithdrawRequest, self._acts.withdraw)

    async def correct(self, call: Call) -> Reply:
        return await self._do(call, Action.SUBJECT_CORRECT, CorrectRequest, self._acts.correct)

    async def prove(self, call: Call) -> Reply:
        return await self._do(call, Action.CONSENT_READ, PersonRequest, self._acts.prove, status=200)

    async def suppress(self, call: Call) -> Reply:
        return await self._do(call, Action.SUPPRESSION_CHANGE, SuppressionRequest, self._acts.suppress)

    async def permit(self, call: Call) -> Reply:
        return await self._do(call, Action.SUPPRESSION_CHANGE, SuppressionRequest, self._acts.permit)

    async def _do(
        self,
        call: Call,
        action: Action,
        body: type[R],
        act: Callable[[Actor, Of, R], Awaitable[msgspec.Struct]],
        *,
        status: int = 202,
    ) -> Reply:
        asker = await self._parts.gate.open(call.request, action, call.argument)
        for each in await self._store.customers():
            if each.public_id == call.argument:
                asked = await self._parts.body(call, body)
                return self._parts.answer(await act(asker.actor, Of(each.id, each.public_id), asked), status)
        raise Refusal("not_found")
