"""Customers who pay in advance: how they stand, top-ups and terms."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.versions import etag, wanted_version
from gateway.http_api.admin.views import Because
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer
from gateway.ledger.roles import Ledger
from gateway.limits.balance import MICRO, BalanceDesk, Standing, Terms, micro_of, top_up
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone

Amount = Annotated[float, Meta(ge=0, le=100_000_000)]


_NOTHING: Final = Standing(terms=Terms(active=False), spent_micro=0, version=0)
"""Of a customer that never paid in advance."""


class TopUpRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """amount: what was paid, in the unit of prices; below 0 takes back."""

    amount: Annotated[float, Meta(ge=-100_000_000, le=100_000_000)]


class BalanceRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays. margin: how far below nothing it may go. warn_below: what is left when it is told."""

    prepaid: bool | UnsetType = UNSET
    margin: Amount | UnsetType = UNSET
    warn_below: Annotated[list[Amount], Meta(max_length=8)] | UnsetType = UNSET


class BalanceView(Struct, frozen=True, kw_only=True):
    """spent: with what is reserved for open messages. left: paid less spent; never below minus the margin."""

    customer: str
    prepaid: bool
    paid: float
    spent: float
    left: float
    margin: float
    warn_below: list[float]


class BalanceEndpoints:
    """Of any customer; in the hands of who asks."""

    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self._parts = parts
        self._ledger = ledger

    async def show(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.CUSTOMER_READ)
        standing = await self._desk(asker.actor).show(customer.id)
        return self._answer(customer, standing or _NOTHING)

    async def top_up(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.BALANCE_CHANGE)
        asked = await self._parts.body(call, TopUpRequest)
        actor = await self._parts.actor(asker, asked)
        return await self._changed(call, actor, customer, top_up(micro_of(asked.amount)))

    async def set(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.BALANCE_CHANGE)
        asked = await self._parts.body(call, BalanceRequest)
        named: dict[str, object] = {}
        if asked.prepaid is not UNSET:
            named["active"] = asked.prepaid
        if asked.margin is not UNSET:
            named["margin_micro"] = micro_of(asked.margin)
        if asked.warn_below is not UNSET:
            named["warn_below_micro"] = tuple(sorted(set(map(micro_of, asked.warn_below)), reverse=True))
        actor = await self._parts.actor(asker, asked)
        return await self._changed(call, actor, customer, lambda terms: msgspec.structs.replace(terms, **named))

    async def _changed(
        self, call: Call, actor: Actor, customer: StoredCustomer, change: Callable[[Terms], Terms]
    ) -> Reply:
        read = wanted_version(call.request)
        try:
            standing = await self._desk(actor).change(customer.id, customer.public_id, change, read)
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile" if read is None else "version_stale")) from None
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        return self._answer(customer, standing)

    def _desk(self, actor: Actor) -> BalanceDesk:
        return BalanceDesk(self._ledger.acts, self._ledger.balances, self._parts.clock, actor)

    def _answer(self, customer: StoredCustomer, standing: Standing) -> Reply:
        terms = standing.terms
        view = BalanceView(
            customer=customer.public_id,
            prepaid=terms.active,
            paid=terms.paid_micro / MICRO,
            spent=standing.spent_micro / MICRO,
            left=standing.left_micro / MICRO,
            margin=terms.margin_micro / MICRO,
            warn_below=[each / MICRO for each in terms.warn_below_micro],
        )
        return self._parts.answer(view, more=etag(standing.version))

    async def _opened(self, call: Call, action: Action) -> tuple[Asker, StoredCustomer]:
        asker = await self._parts.gate.open(call.request, action, call.argument)
        for each in await self._ledger.accounts.customers():
            if each.public_id == call.argument:
                return asker, each
        raise Refusal("not_found")
