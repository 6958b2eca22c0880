"""Asking for what takes two persons: a request with a reason, which another person consents to (`requests`)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.accounts.invalid import InvalidSetting
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.people_views import RequestView
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.registry import Registry
from gateway.people.requests import NotAllowed, Requests
from gateway.people.roles import TWO_PERSONS, Action
from gateway.people.sessions import Session
from redaction.errors import alone
from redaction.personal import MessageText


class AskRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """action: as in docs/people.md. object: id of what it is about. customer: id of whose that is, if it is a
    customer's.
    """

    action: Action
    object: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    customer: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return "AskRequest(•••)"


class AskEndpoint:
    def __init__(self, parts: Parts, registry: Registry) -> None:
        self._parts = parts
        self._requests = Requests(registry)

    async def ask(self, call: Call) -> Reply:
        """Whoever may ask has proved who it is as freshly as the action itself takes it. No machine asks."""
        asker = await self._parts.gate.identify(call.request)
        if not isinstance(asker.holder, Session) or not asker.may(Action.REQUEST_READ, asker.customer):
            raise Refusal("not_allowed")
        asked = await self._parts.body(call, AskRequest)
        if asked.action not in TWO_PERSONS:
            raise Refusal("invalid_value", "action")
        session = asker.holder
        await self._parts.gate.open(call.request, asked.action, asked.customer)
        try:
            made = await self._requests.ask(
                session.person, asked.action, asked.object, MessageText(asked.reason), customer=asked.customer
            )
        except NotAllowed:
            raise alone(Refusal("not_allowed")) from None
        except InvalidSetting:
            raise alone(Refusal("invalid_value", "reason")) from None
        view = RequestView(
            id=made.id,
            action=made.action.value,
            object=made.obj,
            state=made.state.value,
            by=made.by,
            asked_at=rfc3339(made.asked_ms),
            until=rfc3339(made.until_ms),
            yours_to_decide=False,
            customer=made.customer or None,
            second=None,
            reason=None,
        )
        return self._parts.answer(view, 201)
