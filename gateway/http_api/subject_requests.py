"""Requests of people that a customer forwards, and what becomes of them: of its own people, by a key."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.audit.actor import Actor
from gateway.http_api.auth import Gatekeeper, actor_of
from gateway.http_api.case_views import (
    CodeOrEvidence,
    CodeRequest,
    ExecutedView,
    ExtendRequest,
    ForwardedView,
    PersonsRequest,
    RefuseRequest,
    case_view,
    cases_view,
    state_of,
    time_of,
)
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.subject_views import erased_view
from gateway.http_api.subjects import SCOPE, body_of, number_of
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.rights.case_record import Case, Said
from gateway.rights.case_states import REQUESTS
from gateway.rights.case_work import CaseWork
from gateway.rights.desk import RightsDesk
from gateway.rights.forwarding import Forwarded, ForwardedRequests
from gateway.rights.unattended import Unattended
from redaction.errors import KeysWithheld, alone
from redaction.personal import MessageText, Secret

_encode: Final = msgspec.json.Encoder().encode
REQUEST_BYTES: Final = 32_768
"""With somebody's words."""
_T = TypeVar("_T")
RequestsOf = Callable[[Actor], ForwardedRequests]
"""In the hands of this one."""


class RightsSource(msgspec.Struct, frozen=True):
    """Whom the API asks about people: the rights desk, what customers forward, and what of it nobody attends."""

    desk: RightsDesk
    requests: RequestsOf
    unattended: Unattended


class SubjectRequestEndpoints:
    def __init__(self, source: RightsSource, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> None:
        self._requests = source.requests
        self._desk = source.desk
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._clock = clock

    async def open(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        asked = await body_of(call, PersonsRequest, REQUEST_BYTES)
        if asked.kind not in REQUESTS:
            raise Refusal("invalid_value", "kind")
        said = Said(
            kind=asked.kind,
            channel=asked.channel,
            customer=key.customer.public_id,
            received_ms=None if asked.received_at is None else time_of(asked.received_at, "received_at"),
            number=number_of(self._desk, asked.number),
            text=MessageText(asked.text),
            proof=asked.evidence,
        )
        return await self._forwarded(self._requests(actor_of(key)).open(said, asked.language))

    async def all(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        state = state_of(call)
        found = [
            each
            for each in await self._requests(actor_of(key)).cases.all()
            if each.of.customer == key.customer.public_id and state in (None, each.of.state)
        ]
        return self._reply(200, cases_view(found, call.query.get("cursor", ""), self._clock.now_ms()))

    async def show(self, call: Call) -> Reply:
        _, _, case = await self._found(call)
        return self._reply(200, case_view(case, self._clock.now_ms()))

    async def send_code(self, call: Call) -> Reply:
        _, requests, case = await self._found(call)
        asked = await body_of(call, CodeRequest)
        return await self._forwarded(requests.send_code(case, asked.language))

    async def prove(self, call: Call) -> Reply:
        _, requests, case = await self._found(call)
        asked = await body_of(call, CodeOrEvidence)
        if (asked.code is None) is (asked.evidence is None):
            raise Refusal("missing_field" if asked.code is None else "invalid_value", "code")
        if asked.evidence is not None:
            return await self._answered(requests.cases.prove(case.id, asked.evidence))
        return await self._answered(requests.prove(case, Secret(asked.code or "")))

    async def extend(self, call: Call) -> Reply:
        _, requests, case = await self._found(call)
        asked = await body_of(call, ExtendRequest)
        return await self._answered(requests.cases.extend(case.id, asked.reason, asked.days))

    async def refuse(self, call: Call) -> Reply:
        _, requests, case = await self._found(call)
        asked = await body_of(call, RefuseRequest)
        return await self._answered(requests.cases.refuse(case.id, asked.reason))

    async def execute(self, call: Call) -> Reply:
        """For the customer's own messages alone."""
        key, requests, case = await self._found(call)
        work = CaseWork(requests.cases, self._desk, actor_of(key))
        done = await mended(work.execute(case.id, key.customer.id))
        view = ExecutedView(
            case=case_view(done.case, self._clock.now_ms()),
            erased=None if done.erased is None else erased_view(self._desk.on, done.erased),
            access=done.held,
            stopped_at=done.stopped or None,
        )
        return self._reply(200, view)

    async def _found(self, call: Call) -> tuple[ApiKey, ForwardedRequests, Case]:
        key = self._gatekeeper.open(call.request, SCOPE)
        requests = self._requests(actor_of(key))
        case = await requests.cases.find(call.argument)
        if case.of.customer != key.customer.public_id or case.of.kind not in REQUESTS:
            raise Refusal("not_found")
        return key, requests, case

    async def _forwarded(self, work: Awaitable[Forwarded]) -> Reply:
        done = await mended(work)
        view = ForwardedView(request=case_view(done.case, self._clock.now_ms()), code_sent=done.code_sent)
        return self._reply(202, view)

    async def _answered(self, work: Awaitable[Case]) -> Reply:
        return self._reply(200, case_view(await mended(work), self._clock.now_ms()))

    def _reply(self, status: int, view: msgspec.Struct) -> Reply:
        return self._replies.of(status, _encode(view))


async def mended(work: Awaitable[_T]) -> _T:
    """Raises Refusal for what can be tried again."""
    try:
        return await work
    except KeysWithheld:
        raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
    except ChangedMeanwhile:
        raise alone(Refusal("changed_meanwhile")) from None
