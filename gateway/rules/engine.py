"""What the rules say of a message: at the door, of the operators of its route, and again just before it is submitted.

Times are judged for the moment of submission, by the pack of that day. A class that a pack does not know falls under
the strictest of those that it knows. Nothing here waits, and nothing of a text or a number is in what is said.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Protocol

from config.rules import ClassRule, RulePack
from gateway.accounts.customers import ApiKey, Customer
from gateway.model.content import Content
from gateway.model.message import Message, MessageClass
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.model.submission import Submission
from gateway.model.verdict import Counts, Verdict, gravest
from gateway.rules.choice import Packs
from gateway.rules.hours import corrected
from gateway.rules.modes import Mode
from gateway.rules.plans import Plan, Terms, active_at
from gateway.rules.register import Register
from gateway.rules.sender_entry import SenderEntry
from gateway.rules.texts import Lints
from gateway.rules.transfers import Recipient, may_receive
from redaction.personal import Msisdn, Purpose

_STRICTEST: Final = "promotional"


class Customers(Protocol):
    """The customers as they stand."""

    def customer(self, customer_id: int) -> Customer | None: ...


class Rules:
    """recipients: the operators by name. counts: of all verdicts on messages that were to be sent."""

    def __init__(
        self,
        packs: Packs,
        customers: Customers,
        senders: Register,
        recipients: Mapping[str, Recipient],
        terms: Terms,
    ) -> None:
        self._packs = packs
        self._customers = customers
        self.senders: Final = senders
        self._recipients = recipients
        self._terms = terms
        self.counts: Final = Counts()
        self._lints: dict[str, Lints] = {}
        self._plans: dict[tuple[int, str, str], tuple[Customer, Plan]] = {}

    @property
    def packs(self) -> Packs:
        return self._packs

    def adopt(self, packs: Packs, recipients: Mapping[str, Recipient], terms: Terms) -> None:
        """For messages from now on."""
        self._packs, self._recipients, self._terms = packs, recipients, terms
        self._lints.clear()
        self._plans.clear()

    # ------------------------------------------------------------------------------------------------------- the door

    def at_door(self, key: ApiKey, submission: Submission, now_ms: int) -> Sequence[Verdict]:
        """See `gateway.accept.judging.Check`."""
        at_ms = submission.schedule_at_ms or now_ms
        customer, source = key.customer, _name(submission.source)
        plan = self._plan(customer, submission.message_class, at_ms)
        if plan.is_silent:
            return ()
        entry = self.senders.of(customer.public_id, source)
        found = [*plan.of_sender(source), *plan.of_registration(entry), *plan.of_hours(at_ms)]
        if submission.data_coding is None and plan.reads_texts:
            found += plan.of_text(submission.text.reveal(Purpose.ACCEPT), entry)
        return found

    def permits(
        self, customer_id: int, source: str, message_class: MessageClass, operators: Sequence[str], at_ms: int
    ) -> Sequence[str]:
        """Those to which it may be given. Raises Refusal where there is none. See `routing.Permits`."""
        customer = self._customers.customer(customer_id)
        if customer is None:
            return operators
        entry = self.senders.of(customer.public_id, source)
        if entry is None and not customer.settings.residency:
            return operators
        plan = self._plan(customer, message_class, at_ms)
        day = self._packs.day(at_ms)
        found = {name: self._of_operator(plan, customer, entry, name, day) for name in operators}
        allowed = [name for name in operators if gravest(found[name]) is None]
        if not allowed:
            self.counts.add(found[operators[0]])
            decides = gravest(found[operators[0]])
            assert decides is not None
            raise Refusal(decides.code, decides.field)
        return allowed

    # ------------------------------------------------------------------------------------------------ before it leaves

    def at_dispatch(self, message: Message, content: Content, operator: str, now_ms: int) -> Sequence[Verdict]:
        """See `gateway.delivery.dispatch.gate.Recheck`."""
        customer = self._customers.customer(message.customer)
        if customer is None:
            return ()
        plan = self._plan(customer, message.message_class, now_ms)
        held = plan.of_hours(now_ms)
        entry = self.senders.of(customer.public_id, _name(content.source))
        if entry is None and not customer.settings.residency:
            return held
        return (*held, *self._of_operator(plan, customer, entry, operator, self._packs.day(now_ms)))

    def _of_operator(
        self, plan: Plan, customer: Customer, entry: SenderEntry | None, operator: str, day: date
    ) -> Sequence[Verdict]:
        found: list[Verdict] = []
        if entry is not None and plan.registration is not Mode.OFF and not active_at(entry, operator, day):
            found.append(plan.verdict("sender_not_registered_there", "refuse", "register", plan.registration, "from"))
        recipient = self._recipients.get(operator)
        if plan.transfer is Mode.OFF or recipient is None:
            return found
        if not may_receive(customer.settings.residency, recipient):
            found.append(plan.verdict("transfer_blocked", "refuse", "transfer", plan.transfer))
        return found

    # ------------------------------------------------------------------------------------------------------------ plans

    def _plan(self, customer: Customer, message_class: MessageClass, at_ms: int) -> Plan:
        pack = self._packs.at(at_ms)
        place = customer.id, message_class, pack.id
        known = self._plans.get(place)
        if known is not None and known[0] is customer:
            return known[1]
        plan = Plan(
            pack,
            rule_of(pack, message_class.value),
            customer.settings,
            self._terms,
            corrected(pack.seasons, self._terms.seasons),
            self._lints.setdefault(pack.id, Lints(pack)),
        )
        self._plans[place] = customer, plan
        return plan


def rule_of(pack: RulePack, message_class: str) -> ClassRule:
    """Of a class; of the strictest that the pack knows where it does not know this one."""
    names = {rule.name for rule in pack.classes}
    if message_class in names:
        return pack.of(message_class)
    return pack.of(_STRICTEST) if _STRICTEST in names else pack.classes[0]


def _name(source: str | Msisdn) -> str:
    return source if isinstance(source, str) else digits_of(source)
