"""Breaches over the admin API: the platform's alone, which has them told to the authority and to people."""

from gateway.accounts.directory import Directory
from gateway.http_api.admin.breach_views import (
    BreachList,
    CloseRequest,
    DraftRequest,
    DraftView,
    EstimateRequest,
    OpenBreach,
    breach_view,
)
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.case_views import time_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.rights.breach_estimate import Span
from gateway.rights.breach_notice import Words, draft
from gateway.rights.breaches import Breach, Breaches
from gateway.rights.building import breaches
from gateway.rights.desk import RightsDesk
from redaction.errors import alone
from redaction.personal import MessageText


class BreachEndpoints:
    def __init__(self, parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> None:
        self._parts = parts
        self._desk = desk
        self._directory = directory
        self._registry = registry

    async def open(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.BREACH_WORK, "")
        asked = await self._parts.body(call, OpenBreach)
        self._number(asked.customer)
        known_ms = None if asked.known_at is None else time_of(asked.known_at, "known_at")
        opened = await self._breaches(asker).open(
            MessageText(asked.text), known_ms, channel=asked.channel, customer=asked.customer or ""
        )
        return self._shown(opened, 201)

    async def all(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.BREACH_READ, "")
        now_ms = self._parts.clock.now_ms()
        return self._parts.answer(BreachList([breach_view(each, now_ms) for each in await self._breaches(asker).all()]))

    async def show(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.BREACH_READ, "")
        return self._shown(await self._breaches(asker).find(call.argument))

    async def estimate(self, call: Call) -> Reply:
        """One walk of the ledger."""
        asker = await self._parts.gate.open(call.request, Action.BREACH_WORK, "")
        asked = await self._parts.body(call, EstimateRequest)
        span = Span(
            since_ms=time_of(asked.since, "since"),
            until_ms=self._parts.clock.now_ms() if asked.until is None else time_of(asked.until, "until"),
            customer=self._number(asked.customer),
        )
        found = self._breaches(asker)
        breach = await found.find(call.argument)
        counted = await self._desk.estimate(span, asked.fewest)
        try:
            return self._shown(await found.keep(breach, counted))
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None

    async def draft(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.BREACH_WORK, "")
        asked = await self._parts.body(call, DraftRequest)
        found = self._breaches(asker)
        facts = await found.facts(await found.find(call.argument), asked.to)
        words = Words(data=asked.data, risks=asked.risks, measures=asked.measures, advice=asked.advice)
        made = draft(facts, words, self._desk.on.settings.privacy, asked.to, asked.language)
        return self._parts.answer(DraftView(page=made.page, missing=made.missing))

    async def close(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.BREACH_WORK, "")
        asked = await self._parts.body(call, CloseRequest)
        authority_ms = 0 if asked.authority_at is None else time_of(asked.authority_at, "authority_at")
        people_ms = 0 if asked.people_at is None else time_of(asked.people_at, "people_at")
        try:
            ended = await self._breaches(asker).close(call.argument, authority_ms=authority_ms, people_ms=people_ms)
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._shown(ended)

    def _number(self, customer: str | None) -> int | None:
        """None for all customers. Raises Refusal."""
        number = self._directory.number_of(customer) if customer else None
        if customer and number is None:
            raise Refusal("not_found", "customer")
        return number

    def _breaches(self, asker: Asker) -> Breaches:
        return breaches(self._desk.on, self._registry.sealer, asker.actor)

    def _shown(self, breach: Breach, status: int = 200) -> Reply:
        return self._parts.answer(breach_view(breach, self._parts.clock.now_ms()), status)
