"""Quotas of customers: how they stand, and setting them."""

from collections.abc import Callable, Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.accounts.administration import Accounts
from gateway.accounts.settings import CustomerSettings, read_customer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.usage import QuotaView, quota_views
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer
from gateway.ledger.roles import Ledger
from gateway.limits.quotas import Calendar, standing_in
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone

Count = Annotated[int, Meta(ge=1, le=10**12)]


class QuotasRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays; null is no quota. utc_offset_min: the customer's clock, in minutes ahead of UTC."""

    per_day: Count | UnsetType | None = UNSET
    per_month: Count | UnsetType | None = UNSET
    utc_offset_min: Annotated[int, Meta(ge=-720, le=840)] | UnsetType = UNSET


class QuotasView(Struct, frozen=True, kw_only=True):
    """A customer's quotas as they stand, about a second late."""

    customer: str
    utc_offset_min: int
    quotas: list[QuotaView]


class QuotaEndpoints:
    """accounts: in the hands of an actor."""

    def __init__(self, parts: Parts, ledger: Ledger, accounts: Callable[[Actor], Accounts]) -> None:
        self._parts = parts
        self._ledger = ledger
        self._accounts = accounts

    async def show(self, call: Call) -> Reply:
        _, customer = await self._opened(call, Action.CUSTOMER_READ)
        return await self._answer(customer, read_customer(customer.settings).settings)

    async def set(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.BALANCE_CHANGE)
        asked = await self._parts.body(call, QuotasRequest)
        named = {"daily_quota": asked.per_day, "monthly_quota": asked.per_month, "utc_offset_min": asked.utc_offset_min}
        changes = {name: value for name, value in named.items() if value is not UNSET}
        try:
            accounts = self._accounts(asker.actor)
            changed = await accounts.change_settings(customer.id, lambda _: changes, Act.LIMIT_SET, noted(changes))
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return await self._answer(customer, changed)

    async def _answer(self, customer: StoredCustomer, settings: CustomerSettings) -> Reply:
        calendar = Calendar(self._parts.clock.now_ms(), settings.utc_offset_min)
        standing = await standing_in(
            self._ledger.counters, customer.id, settings.daily_quota, settings.monthly_quota, calendar
        )
        view = QuotasView(
            customer=customer.public_id, utc_offset_min=settings.utc_offset_min, quotas=quota_views(standing)
        )
        return self._parts.answer(view)

    async def _opened(self, call: Call, action: Action) -> tuple[Asker, StoredCustomer]:
        asker = await self._parts.gate.open(call.request, action, call.argument)
        for each in await self._ledger.accounts.customers():
            if each.public_id == call.argument:
                return asker, each
        raise Refusal("not_found")


def noted(changes: Mapping[str, object]) -> dict[str, int]:
    """The numbers of the entry: the quotas that are set now."""
    words = {"daily_quota": "per_day", "monthly_quota": "per_month"}
    return {words[name]: value for name, value in changes.items() if name in words and isinstance(value, int)}
