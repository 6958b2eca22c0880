"""Quotas of customers: how they stand, and setting them."""

from collections.abc import Callable, Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.accounts.administration import Accounts
from gateway.accounts.settings import read_customer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.versions import etag, wanted_version
from gateway.http_api.admin.views import Because
from gateway.http_api.changing import written
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.usage import QuotaView, quota_views
from gateway.ledger.contract import StoredCustomer
from gateway.ledger.roles import Ledger
from gateway.limits.quotas import Calendar, standing_in
from gateway.people.roles import Action

Count = Annotated[int, Meta(ge=1, le=10**12)]


class QuotasRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
        self._owners = Owners(parts, ledger.accounts)

    async def show(self, call: Call) -> Reply:
        _, customer = await self._owners.opened(call, Action.CUSTOMER_READ)
        return await self._answer(customer)

    async def set(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.BALANCE_CHANGE)
        asked = await self._parts.body(call, QuotasRequest)
        named = {"daily_quota": asked.per_day, "monthly_quota": asked.per_month, "utc_offset_min": asked.utc_offset_min}
        changes = {name: value for name, value in named.items() if value is not UNSET}
        over = wanted_version(call.request)
        changed = self._accounts(await self._parts.actor(asker, asked)).change_customer(
            customer.id, lambda _: changes, Act.LIMIT_SET, noted(changes), over=over
        )
        return await self._answer(await written(changed))

    async def _answer(self, customer: StoredCustomer) -> Reply:
        settings = read_customer(customer.settings).settings
        calendar = Calendar(self._parts.clock.now_ms(), settings.utc_offset_min)
        standing = await standing_in(
            self._ledger.counters, customer.id, settings.daily_quota, settings.monthly_quota, calendar
        )
        view = QuotasView(
            customer=customer.public_id, utc_offset_min=settings.utc_offset_min, quotas=quota_views(standing)
        )
        return self._parts.answer(view, more=etag(customer.version))


def noted(changes: Mapping[str, object]) -> dict[str, int]:
    """The numbers of the entry: the quotas that are set now."""
    words = {"daily_quota": "per_day", "monthly_quota": "per_month"}
    return {words[name]: value for name, value in changes.items() if name in words and isinstance(value, int)}
