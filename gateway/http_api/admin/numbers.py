"""Numbers to which people write to a customer, and the keywords by which shared ones are told apart."""

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accounts.administration import Accounts, number_settings
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.keywords import with_keywords, without_keywords
from gateway.accounts.settings import NumberChange, NumberSettings
from gateway.audit.actor import Actor
from gateway.http_api.admin.declaring import CUSTOMER, READ, does, shows
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone

Number = Annotated[str, Meta(min_length=1, max_length=21, description="Short code, or number with its country code.")]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Words = Annotated[tuple[Word, ...], Meta(max_length=100)]
_CODES: Final = (*READ, "invalid_value", "changed_meanwhile")


class NumberRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """keywords: first words that are the customer's; empty for all that no keyword claims. esme: system_id of the
    account whose binds get the messages; empty for the webhook.
    """

    number: Number
    keywords: Words = ()
    esme: Annotated[str, Meta(max_length=15)] = ""


class NumberName(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that is taken away."""

    number: Number


class KeywordsRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With its last keyword a number goes, too."""

    number: Number
    add: Words = ()
    remove: Words = ()


class NumberView(Struct, frozen=True):
    """A number, and what the customer has of it."""

    number: str
    keywords: list[str]
    esme: str


class NumbersView(Struct, frozen=True):
    """In their order."""

    numbers: list[NumberView]


class NumberEndpoints:
    """accounts: in the hands of an actor."""

    def __init__(self, parts: Parts, owners: Owners, accounts: Callable[[Actor], Accounts]) -> None:
        self._parts = parts
        self._owners = owners
        self._accounts = accounts

    async def show(self, call: Call) -> Reply:
        _, customer = await self._owners.opened(call, Action.NUMBER_READ)
        return self._answer(customer)

    async def add(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.NUMBER_CHANGE)
        asked = await self._parts.body(call, NumberRequest)

        def change(_: NumberSettings | None) -> NumberSettings:
            return NumberSettings(keywords=asked.keywords, esme=asked.esme)

        return await self._changed(asker, customer, asked, asked.number, change)

    async def remove(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.NUMBER_CHANGE)
        asked = await self._parts.body(call, NumberName)

        def change(standing: NumberSettings | None) -> None:
            if standing is None:
                raise Refusal("not_found")

        return await self._changed(asker, customer, asked, asked.number, change)

    async def keywords(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.NUMBER_CHANGE)
        asked = await self._parts.body(call, KeywordsRequest)
        changes: list[NumberChange] = []
        if asked.add:
            changes.append(with_keywords(asked.add))
        if asked.remove:
            changes.append(without_keywords(asked.remove))
        if not changes:
            raise Refusal("missing_field", "add")

        def change(standing: NumberSettings | None) -> NumberSettings | None:
            for each in changes:
                standing = each(standing)
            return standing

        return await self._changed(asker, customer, asked, asked.number, change)

    async def _changed(
        self, asker: Asker, customer: StoredCustomer, asked: Because, number: str, change: NumberChange
    ) -> Reply:
        accounts = self._accounts(await self._parts.actor(asker, asked))
        try:
            await accounts.add_number(customer.id, number, change)
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        for each in await accounts.customers():
            if each.id == customer.id:
                return self._answer(each)
        raise Refusal("not_found")

    def _answer(self, customer: StoredCustomer) -> Reply:
        found = sorted(number_settings(customer).items())
        return self._parts.answer(
            NumbersView([NumberView(number, list(each.keywords), each.esme) for number, each in found])
        )


def number_routes(numbers: NumberEndpoints) -> list[Route]:
    place = "/admin/v1/customers/{id}"
    return [
        Route("GET", f"{place}/numbers", numbers.show, _SHOW),
        Route("POST", f"{place}/numbers", numbers.add, _ADD),
        Route("POST", f"{place}/remove-number", numbers.remove, _REMOVE),
        Route("POST", f"{place}/keywords", numbers.keywords, _KEYWORDS),
    ]


_ANSWER: Final = Answer(description="The customer's numbers.", body=NumbersView)
_SHOW: Final = shows(
    "list_numbers",
    "List the numbers to which people write to a customer.",
    "Customers",
    Action.NUMBER_READ,
    NumbersView,
    "They.",
    of=(CUSTOMER,),
    codes=READ,
)
_ADD: Final = does(
    "add_number",
    "Give a customer what people write to a number, or to keywords of a shared one; what it had of it is replaced.",
    "Customers",
    Action.NUMBER_CHANGE,
    _ANSWER,
    of=(CUSTOMER,),
    body=NumberRequest,
    example={"number": "90909", "keywords": ["SALE"]},
    codes=_CODES,
)
_REMOVE: Final = does(
    "remove_number",
    "Take a number from a customer; what people write to it is refused from then on.",
    "Customers",
    Action.NUMBER_CHANGE,
    _ANSWER,
    of=(CUSTOMER,),
    body=NumberName,
    example={"number": "90909"},
    codes=_CODES,
)
_KEYWORDS: Final = does(
    "change_keywords",
    "Give a customer further keywords of a number, and take others from it.",
    "Customers",
    Action.NUMBER_CHANGE,
    _ANSWER,
    of=(CUSTOMER,),
    body=KeywordsRequest,
    example={"number": "90909", "add": ["SALE"]},
    codes=_CODES,
)
