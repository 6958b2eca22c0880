"""What takes two persons, as the admin API shows it, and the second one's word."""

from collections.abc import Awaitable, Callable

from gateway.accounts.invalid import InvalidSetting
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.people import page
from gateway.http_api.admin.people_views import RequestsView, RequestView
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.record import Person
from gateway.people.registry import Registry, UnknownPerson
from gateway.people.requests import NotAllowed, Request, Requests, State
from gateway.people.roles import Action, may_consent
from gateway.people.sessions import Session
from redaction.errors import SealError, alone
from redaction.personal import Purpose


class RequestEndpoints:
    def __init__(self, parts: Parts, registry: Registry) -> None:
        self._parts = parts
        self._requests = Requests(registry)

    async def all(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that customer's."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.REQUEST_READ, asker.customer):
            raise Refusal("not_allowed")
        waiting = [each for each in await self._requests.waiting() if asker.may(Action.REQUEST_READ, each.customer)]
        found, cursor = page(waiting, call)
        return self._parts.answer(RequestsView([await self._view(asker, each) for each in found], cursor))

    async def consent(self, call: Call) -> Reply:
        """Whoever consents has proved who it is as freshly as the action itself takes it."""
        asker, session, request = await self._opened(call)
        if not session.is_fresh_for(request.action, self._parts.clock.now_ms()):
            raise Refusal("proof_needed")
        return await self._decided(asker, session, request, self._requests.consent)

    async def refuse(self, call: Call) -> Reply:
        asker, session, request = await self._opened(call)
        return await self._decided(asker, session, request, self._requests.refuse)

    async def _opened(self, call: Call) -> tuple[Asker, Session, Request]:
        """Of a person: no machine is a second person. Raises Refusal."""
        asker = await self._parts.gate.identify(call.request)
        if not isinstance(asker.holder, Session) or not asker.may(Action.REQUEST_READ, asker.customer):
            raise Refusal("not_allowed")
        try:
            request = await self._requests.find(call.argument)
        except UnknownPerson:
            raise alone(Refusal("not_found")) from None
        if not asker.may(Action.REQUEST_READ, request.customer):
            raise Refusal("not_found")
        return asker, asker.holder, request

    async def _decided(
        self,
        asker: Asker,
        session: Session,
        request: Request,
        decide: Callable[[Person, str], Awaitable[Request]],
    ) -> Reply:
        try:
            decided = await decide(session.person, request.id)
        except NotAllowed:
            raise alone(Refusal("not_allowed")) from None
        except UnknownPerson:
            raise alone(Refusal("not_found")) from None
        except InvalidSetting:
            raise alone(Refusal("request_closed")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._parts.answer(await self._view(asker, decided))

    async def _view(self, asker: Asker, request: Request) -> RequestView:
        decides = _may_decide(asker, request)
        shows = decides or asker.may(Action.AUDIT_READ, request.customer)
        return RequestView(
            id=request.id,
            action=request.action.value,
            object=request.obj,
            state=request.state.value,
            by=request.by,
            asked_at=rfc3339(request.asked_ms),
            until=rfc3339(request.until_ms),
            yours_to_decide=decides and request.state is State.OPEN,
            customer=request.customer or None,
            second=request.second or None,
            reason=await self._reason(request) if shows else None,
        )

    async def _reason(self, request: Request) -> str | None:
        """None once whoever asked was erased."""
        try:
            return (await self._requests.reason(request.id)).reveal(Purpose.SECURITY)
        except (SealError, UnknownPerson):
            return None


def _may_decide(asker: Asker, request: Request) -> bool:
    if not isinstance(asker.holder, Session) or not asker.holder.has_second:
        return False
    person = asker.holder.person
    own = person.customer != "" and person.customer == request.customer
    return person.id != request.by and may_consent(person.roles, request.action, own)
