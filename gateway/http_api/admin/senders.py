"""The register of senders, and what messaging rules hold for a customer, as the platform's people set them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from config.rules import RulePack
from gateway.accept.inquiry import Inquired
from gateway.accept.request import MessageRequest
from gateway.accounts.administration import Accounts
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import CustomerSettings, read_customer
from gateway.audit.actor import Actor
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.views import checked_view
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer
from gateway.ledger.roles import Ledger
from gateway.model.refusals import Refusal
from gateway.model.senders import sender_key
from gateway.people.roles import Action
from gateway.rules.clerk import Clerk, Sender, UnknownSender, written_hosts
from gateway.rules.sender_entry import SenderEntry, Standing
from redaction.errors import alone

Name = Annotated[str, Meta(min_length=1, max_length=20)]
Words = Annotated[tuple[Annotated[str, Meta(max_length=253)], ...], Meta(max_length=50)]


class StandingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Of a sender at an operator. since: the day from which it is so. until: the last day on which it is active."""

    state: Literal["requested", "active", "refused", "expired"]
    since: date | None = None
    until: date | None = None


class SenderBody(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the register is to say of a sender, as a whole. classes: empty is all. documents: references, no copies.

    version: the one that was seen, 0 where there was none; null for whatever stands.
    """

    name: Name
    classes: Words = ()
    operators: Mapping[Annotated[str, Meta(max_length=32)], StandingBody] = {}
    documents: Words = ()
    hosts: Words = ()
    basis: Annotated[str, Meta(max_length=32)] = ""
    sensitive: bool = False
    version: int | None = None


class SenderStandingBody(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a sender stands at one operator. since, until: as of `StandingBody`."""

    name: Name
    operator: Annotated[str, Meta(min_length=1, max_length=32)]
    state: Literal["requested", "active", "refused", "expired"]
    since: date | None = None
    until: date | None = None


class RemoveSenderBody(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One that is not there is as good as removed."""

    name: Name


class RegisteredSenderView(Struct, frozen=True, kw_only=True):
    """One of the register. readable: false where a later version of the gateway wrote it."""

    name: str
    version: int
    readable: bool
    classes: list[str]
    operators: Mapping[str, StandingBody]
    documents: list[str]
    hosts: list[str]
    basis: str
    sensitive: bool


class SenderRegisterView(Struct, frozen=True, kw_only=True):
    """senders: of the register. flat: those that stand in the customer's settings alone."""

    customer: str
    senders: list[RegisteredSenderView]
    flat: list[str]


class RulesBody(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays. rules: all of them, by group. residency: "" lets messages go where transfers do."""

    kind: Annotated[str, Meta(max_length=16)] | UnsetType = UNSET
    rules: Mapping[Annotated[str, Meta(max_length=16)], Annotated[str, Meta(max_length=16)]] | UnsetType = UNSET
    residency: Annotated[str, Meta(max_length=2)] | UnsetType = UNSET


class CustomerRulesView(Struct, frozen=True, kw_only=True):
    """What a customer is to the regulator, and what of the rules holds for it whatever is usual."""

    customer: str
    kind: str
    rules: Mapping[str, str]
    residency: str


class PacksView(Struct, frozen=True):
    """Packs of messaging rules, the oldest first, each as its file says it."""

    packs: list[dict[str, Any]]


class SenderEndpoints:
    """accounts: in the hands of an actor. judge: what would be said of a message of the customer with this number."""

    def __init__(
        self,
        parts: Parts,
        ledger: Ledger,
        accounts: Callable[[Actor], Accounts],
        judge: Callable[[int, MessageRequest], Inquired],
        packs: Callable[[], Sequence[RulePack]],
    ) -> None:
        self._parts = parts
        self._ledger = ledger
        self._accounts = accounts
        self._judge = judge
        self._packs = packs

    async def senders(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.SENDER_READ)
        return await self._answer(self._clerk(asker.actor), customer)

    async def put(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.SENDER_CHANGE)
        asked = await self._parts.body(call, SenderBody)
        clerk = self._clerk(await self._parts.actor(asker, asked))
        try:
            await clerk.put(customer.public_id, sender_key(asked.name), _entry(asked), asked.version)
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return await self._answer(clerk, customer)

    async def stand(self, call: Call) -> Reply:
        """Of a sender that is in the register; what else it says stays."""
        asker, customer = await self._opened(call, Action.SENDER_CHANGE)
        asked = await self._parts.body(call, SenderStandingBody)
        clerk, name = self._clerk(await self._parts.actor(asker, asked)), sender_key(asked.name)
        try:
            found = await clerk.find(customer.public_id, name)
            if found.entry is None:  # of a later version
                raise Refusal("wanted_unreadable")
            standing = Standing(state=asked.state, since=asked.since, until=asked.until)
            changed = replace(found.entry, operators={**found.entry.operators, asked.operator: standing})
            await clerk.put(customer.public_id, name, changed, found.version)
        except UnknownSender:
            raise alone(Refusal("not_found", "name")) from None
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return await self._answer(clerk, customer)

    async def remove(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.SENDER_CHANGE)
        asked = await self._parts.body(call, RemoveSenderBody)
        clerk = self._clerk(await self._parts.actor(asker, asked))
        try:
            await clerk.remove(customer.public_id, sender_key(asked.name))
        except UnknownSender:
            pass
        except InvalidSetting:
            raise alone(Refusal("invalid_value", "name")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return await self._answer(clerk, customer)

    async def rules(self, call: Call) -> Reply:
        _, customer = await self._opened(call, Action.RULES_READ)
        return self._of_rules(customer.public_id, read_customer(customer.settings).settings)

    async def set_rules(self, call: Call) -> Reply:
        asker, customer = await self._opened(call, Action.RULES_SWITCH)
        asked = await self._parts.body(call, RulesBody)
        named: dict[str, Any] = {"kind": asked.kind, "rules": asked.rules, "residency": asked.residency}
        changes = {name: value for name, value in named.items() if value is not UNSET}
        accounts = self._accounts(await self._parts.actor(asker, asked))
        try:
            changed = await accounts.change_settings(customer.id, lambda _: changes)
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._of_rules(customer.public_id, changed)

    async def check(self, call: Call) -> Reply:
        _, customer = await self._opened(call, Action.RULES_CHECK)
        asked = await self._parts.body(call, MessageRequest)
        return self._parts.answer(checked_view(self._judge(customer.id, asked)))

    async def packs(self, call: Call) -> Reply:
        """They are the same for everybody."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.RULES_READ, asker.customer):
            raise Refusal("not_allowed")
        return self._parts.answer(PacksView([msgspec.to_builtins(each) for each in self._packs()]))

    def _clerk(self, actor: Actor) -> Clerk:
        return Clerk(self._ledger.acts, self._parts.clock, actor)

    async def _answer(self, clerk: Clerk, customer: StoredCustomer) -> Reply:
        senders = await clerk.senders(customer.public_id)
        known = {each.name for each in senders}
        flat = sorted(read_customer(customer.settings).settings.senders.keys() - known)
        return self._parts.answer(
            SenderRegisterView(customer=customer.public_id, senders=[_view(each) for each in senders], flat=flat)
        )

    def _of_rules(self, customer: str, settings: CustomerSettings) -> Reply:
        return self._parts.answer(
            CustomerRulesView(customer=customer, kind=settings.kind, rules=settings.rules, residency=settings.residency)
        )

    async def _opened(self, call: Call, action: Action) -> tuple[Asker, StoredCustomer]:
        asker = await self._parts.gate.open(call.request, action, call.argument)
        for each in await self._ledger.accounts.customers():
            if each.public_id == call.argument:
                return asker, each
        raise Refusal("not_found")


def _entry(asked: SenderBody) -> SenderEntry:
    """Raises InvalidSetting."""
    return SenderEntry(
        classes=asked.classes,
        operators={
            name: Standing(state=each.state, since=each.since, until=each.until)
            for name, each in asked.operators.items()
        },
        documents=asked.documents,
        hosts=written_hosts(asked.hosts),
        basis=asked.basis,
        sensitive=asked.sensitive,
    )


def _view(sender: Sender) -> RegisteredSenderView:
    entry = sender.entry or SenderEntry()
    return RegisteredSenderView(
        name=sender.name,
        version=sender.version,
        readable=sender.entry is not None,
        classes=list(entry.classes),
        operators={
            name: StandingBody(state=each.state, since=each.since, until=each.until)
            for name, each in entry.operators.items()
        },
        documents=list(entry.documents),
        hosts=list(entry.hosts),
        basis=entry.basis,
        sensitive=entry.sensitive,
    )
