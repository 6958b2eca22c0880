"""The case desk over the admin API: of the platform for all customers, of a customer for its own."""

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.accounts.directory import Directory
from gateway.accounts.invalid import InvalidSetting
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.case_views import (
    DownloadRequest,
    ExecutedView,
    ExtendRequest,
    OpenRequest,
    PackageRequest,
    PackageView,
    ProofRequest,
    RefuseRequest,
    case_view,
    cases_view,
    state_of,
    time_of,
)
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.subject_views import erased_view
from gateway.http_api.subjects import number_of
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.registry import Registry, UnknownPerson
from gateway.people.requests import NotAllowed, Requests
from gateway.people.roles import Action
from gateway.people.sessions import Session
from gateway.rights.building import cases, packages
from gateway.rights.case_record import Case, Said
from gateway.rights.case_states import Kind
from gateway.rights.case_work import CaseWork
from gateway.rights.cases import Cases
from gateway.rights.desk import RightsDesk
from redaction.errors import KeysWithheld, alone
from redaction.personal import MessageText, Purpose, Secret

ZIP: Final = "application/zip"
_AS_FILE: Final = b'Content-Disposition: attachment; filename="package.zip"\r\n'
DOES: Final = {
    Kind.ERASURE: Action.SUBJECT_ERASE,
    Kind.ACCESS: Action.SUBJECT_ACCESS,
    Kind.WITHDRAW: Action.SUBJECT_OBJECT,
    Kind.OBJECT: Action.SUBJECT_OBJECT,
}
"""What whoever carries a case out must be allowed besides."""


class CaseEndpoints:
    def __init__(self, parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> None:
        self._parts = parts
        self._desk = desk
        self._directory = directory
        self._registry = registry

    async def open(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        asked = await self._parts.body(call, OpenRequest)
        customer = asked.customer or asker.customer
        await self._parts.gate.open(call.request, Action.CASE_OPEN, customer)
        if asked.proof is not None:
            await self._parts.gate.open(call.request, Action.CASE_WORK, customer)
        if customer and self._directory.number_of(customer) is None:
            raise Refusal("not_found")
        received_ms = None if asked.received_at is None else time_of(asked.received_at, "received_at")
        said = Said(
            kind=asked.kind,
            channel=asked.channel,
            customer=customer,
            received_ms=received_ms,
            number=None if asked.number is None else number_of(self._desk, asked.number),
            contact=MessageText(asked.contact),
            text=MessageText(asked.text),
            proof=asked.proof,
        )
        return await self._answered(self._cases(asker).open(said), 201)

    async def all(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that one's alone."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.CASE_READ, asker.customer):
            raise Refusal("not_allowed")
        state, before = state_of(call), call.query.get("due_before")
        before_ms = None if before is None else time_of(before, "due_before", "invalid_parameter")
        found = [
            each
            for each in await self._cases(asker).all()
            if asker.customer in ("", each.of.customer)
            and state in (None, each.of.state)
            and (before_ms is None or each.of.due_ms < before_ms)
        ]
        now_ms = self._parts.clock.now_ms()
        return self._parts.answer(cases_view(found, call.query.get("cursor", ""), now_ms))

    async def show(self, call: Call) -> Reply:
        _, case = await self._found(call, Action.CASE_READ)
        return self._parts.answer(case_view(case, self._parts.clock.now_ms()))

    async def prove(self, call: Call) -> Reply:
        asker, case = await self._found(call, Action.CASE_WORK)
        asked = await self._parts.body(call, ProofRequest)
        return await self._answered(self._cases(asker).prove(case.id, asked.proof))

    async def extend(self, call: Call) -> Reply:
        asker, case = await self._found(call, Action.CASE_WORK)
        asked = await self._parts.body(call, ExtendRequest)
        return await self._answered(self._cases(asker).extend(case.id, asked.reason, asked.days))

    async def refuse(self, call: Call) -> Reply:
        asker, case = await self._found(call, Action.CASE_WORK)
        asked = await self._parts.body(call, RefuseRequest)
        return await self._answered(self._cases(asker).refuse(case.id, asked.reason))

    async def restrict(self, call: Call) -> Reply:
        return await self._decided(call, Cases.restrict)

    async def answer(self, call: Call) -> Reply:
        return await self._decided(call, Cases.answer)

    async def close(self, call: Call) -> Reply:
        return await self._decided(call, Cases.close)

    async def execute(self, call: Call) -> Reply:
        """Takes what the kind of case does to data as well, as freshly proved as that is."""
        asker, case = await self._found(call, Action.CASE_WORK)
        action = DOES.get(case.of.kind)
        if action is None:
            raise Refusal("unsupported")
        await self._parts.gate.open(call.request, action, case.of.customer)
        customer = self._directory.number_of(case.of.customer) if case.of.customer else None
        if case.of.customer and customer is None:
            raise Refusal("not_found")
        work = CaseWork(self._cases(asker), self._desk, asker.actor)
        try:
            done = await work.execute(case.id, customer)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        view = ExecutedView(
            case=case_view(done.case, self._parts.clock.now_ms()),
            erased=None if done.erased is None else erased_view(self._desk.on, done.erased),
            access=done.held,
            stopped_at=done.stopped if action is Action.SUBJECT_OBJECT else None,
        )
        return self._parts.answer(view)

    async def package(self, call: Call) -> Reply:
        """By one of the two who agreed on it."""
        asker, case = await self._found(call, Action.CASE_WORK)
        asked = await self._parts.body(call, PackageRequest)
        await self._parts.gate.open(call.request, Action.SUBJECT_EXPORT, case.of.customer or asker.customer)
        if not isinstance(asker.holder, Session):
            raise Refusal("not_allowed")
        customer = self._directory.number_of(case.of.customer) if case.of.customer else None
        kept = packages(self._desk.on, self._registry.sealer, asker.actor)
        try:
            agreed = Requests(self._registry)
            used = await agreed.claim(asker.holder.person, asked.request, Action.SUBJECT_EXPORT, case.id)
            work = CaseWork(self._cases(asker), self._desk, asker.actor)
            made = await work.pack(kept, case.id, customer, used.second)
        except NotAllowed:
            raise alone(Refusal("not_allowed")) from None
        except UnknownPerson:
            raise alone(Refusal("not_found", "request")) from None
        except InvalidSetting:
            raise alone(Refusal("request_closed")) from None
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        secret = made.secret.reveal(Purpose.CREDENTIAL)
        return self._parts.answer(PackageView(case=case.id, secret=secret, until=rfc3339(made.until_ms)), 201)

    async def download(self, call: Call) -> Reply:
        """For whoever hands it to the person, who was given the secret."""
        asker, case = await self._found(call, Action.CASE_WORK)
        asked = await self._parts.body(call, DownloadRequest)
        kept = packages(self._desk.on, self._registry.sealer, asker.actor)
        try:
            octets = await kept.take(case.id, Secret(asked.secret))
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._parts.replies.of(200, octets, ZIP, more=_AS_FILE)

    async def _decided(self, call: Call, step: Callable[[Cases, str], Awaitable[Case]]) -> Reply:
        asker, case = await self._found(call, Action.CASE_WORK)
        return await self._answered(step(self._cases(asker), case.id))

    async def _answered(self, work: Awaitable[Case], status: int = 200) -> Reply:
        try:
            case = await work
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._parts.answer(case_view(case, self._parts.clock.now_ms()), status)

    async def _found(self, call: Call, action: Action) -> tuple[Asker, Case]:
        """Whoever may not have it is told what it would be of one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(action, asker.customer):
            raise Refusal("not_allowed")
        case = await self._cases(asker).find(call.argument)
        return await self._parts.gate.open(call.request, action, case.of.customer or asker.customer), _own(asker, case)

    def _cases(self, asker: Asker) -> Cases:
        return cases(self._desk.on, self._registry.sealer, asker.actor)


def _own(asker: Asker, case: Case) -> Case:
    """Of all customers is the platform's. Raises Refusal."""
    if asker.customer not in ("", case.of.customer):
        raise Refusal("not_found")
    return case
