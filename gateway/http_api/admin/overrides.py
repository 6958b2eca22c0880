"""A customer's numbers that controls against abuse never count or stop. They are listed by label: none is known."""

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.fraud.overrides import OverrideDesk
from gateway.http_api.admin.declaring import CUSTOMER, READ, does, shows
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.ledger.contract import StoredCustomer
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone
from redaction.personal import Msisdn

Number = Annotated[str, Meta(min_length=1, max_length=64, description="Nothing but a keyed token of it is kept.")]


class NumberRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that is counted again."""

    number: Number

    def __repr__(self) -> str:
        return "NumberRequest(•••)"


class OverrideRequest(NumberRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of the customer's own. label: what it is; names nobody."""

    label: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,31}$")] = "own"

    def __repr__(self) -> str:
        return "OverrideRequest(•••)"


class OverridesView(Struct, frozen=True, kw_only=True):
    """labels: one for each number, in their order."""

    customer: str
    labels: list[str]


class OverrideEndpoints:
    """desk: in the hands of an actor. region: of numbers that are typed without a country."""

    def __init__(
        self, parts: Parts, owners: Owners, desk: Callable[[Actor], OverrideDesk], region: Callable[[], str]
    ) -> None:
        self._parts = parts
        self._owners = owners
        self._desk = desk
        self._region = region

    async def all(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.FRAUD_READ)
        return await self._answer(self._desk(asker.actor), customer)

    async def add(self, call: Call) -> Reply:
        """One that is there gets this label."""
        asker, customer = await self._owners.opened(call, Action.OVERRIDE_CHANGE)
        asked = await self._parts.body(call, OverrideRequest)
        number = self._number(asked)
        desk = self._desk(await self._parts.actor(asker, asked))
        try:
            await desk.add(customer.id, customer.public_id, number, asked.label)
        except InvalidSetting:
            raise alone(Refusal("invalid_value", "label")) from None
        return await self._answer(desk, customer)

    async def remove(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.OVERRIDE_CHANGE)
        asked = await self._parts.body(call, NumberRequest)
        number = self._number(asked)
        desk = self._desk(await self._parts.actor(asker, asked))
        if not await desk.remove(customer.id, customer.public_id, number):
            raise Refusal("not_found")
        return await self._answer(desk, customer)

    def _number(self, asked: NumberRequest) -> Msisdn:
        number = parse_number(asked.number, self._region())
        if number is None:
            raise Refusal("invalid_number", "number")
        return number

    async def _answer(self, desk: OverrideDesk, customer: StoredCustomer) -> Reply:
        labels = list(await desk.labels(customer.id))
        return self._parts.answer(OverridesView(customer=customer.public_id, labels=labels))


def override_routes(
    parts: Parts, owners: Owners, desk: Callable[[Actor], OverrideDesk], region: Callable[[], str]
) -> list[Route]:
    overrides = OverrideEndpoints(parts, owners, desk, region)
    return [
        Route("GET", "/admin/v1/customers/{id}/fraud-overrides", overrides.all, _ALL),
        Route("POST", "/admin/v1/customers/{id}/fraud-overrides", overrides.add, _ADD),
        Route("POST", "/admin/v1/customers/{id}/remove-fraud-override", overrides.remove, _REMOVE),
    ]


_EXAMPLE: Final = {"number": "+966500000078"}
_CODES: Final = (*READ, "invalid_number", "invalid_value", "keys_unavailable")
_LABELS: Final = Answer(description="The labels of its numbers.", body=OverridesView)
_ALL: Final = shows(
    "list_fraud_overrides",
    "List labels of a customer's numbers that are never counted or stopped; the numbers are not known.",
    "Abuse",
    Action.FRAUD_READ,
    OverridesView,
    "The labels of its numbers.",
    of=(CUSTOMER,),
    codes=READ,
)
_ADD: Final = does(
    "add_fraud_override",
    "Never count or stop messages of a customer to this number; every node holds to it within two seconds.",
    "Abuse",
    Action.OVERRIDE_CHANGE,
    _LABELS,
    of=(CUSTOMER,),
    body=OverrideRequest,
    example={**_EXAMPLE, "label": "monitor"},
    codes=_CODES,
)
_REMOVE: Final = does(
    "remove_fraud_override",
    "Count messages of a customer to this number again.",
    "Abuse",
    Action.OVERRIDE_CHANGE,
    _LABELS,
    of=(CUSTOMER,),
    body=NumberRequest,
    example=_EXAMPLE,
    codes=_CODES,
)
