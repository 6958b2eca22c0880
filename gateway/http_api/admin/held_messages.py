"""Messages that controls against abuse hold until a person decides: how many of whom, and sending or dropping them.

Neither numbers nor texts are shown; of a message that one knows `messages/{id}` tells that it is held.
"""

from typing import Final

from msgspec import Struct

from gateway.fraud.reviews import NothingHeld, decide, held
from gateway.http_api.admin.declaring import REASON, named, shows
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.views import Because, ReasonRequest
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Handler, Operation, Route
from gateway.ledger.contract import ChangedMeanwhile
from gateway.ledger.roles import Ledger
from gateway.model.fraud_controls import REVIEWED
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone


class HeldView(Struct, frozen=True, kw_only=True):
    """id: by which it is decided on. messages: that wait."""

    id: str
    customer: str
    control: str
    messages: int


class HeldMessagesView(Struct, frozen=True):
    """What waits for a decision, the most first."""

    held: list[HeldView]


class HeldMessageEndpoints:
    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self._parts = parts
        self._ledger = ledger

    async def all(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.FRAUD_READ)
        return await self._answer(200)

    def deciding(self, *, releases: bool) -> Handler:
        async def handle(call: Call) -> Reply:
            asker = await self._parts.gate.open(call.request, Action.FRAUD_CHANGE)
            asked = await self._parts.body(call, ReasonRequest)
            owner, _, control = call.argument.partition(".")
            number = {name: each for each, name in (await self._names()).items()}.get(owner)
            if number is None or control not in REVIEWED.values():
                raise Refusal("not_found")
            actor = await self._parts.actor(asker, Because(reason=asked.reason))
            acts, work, clock = self._ledger.acts, self._ledger.work, self._parts.clock
            try:
                await decide(acts, work, clock, actor, (number, control), owner, releases=releases)
            except NothingHeld:
                raise alone(Refusal("not_found")) from None
            except ChangedMeanwhile:
                raise alone(Refusal("changed_meanwhile")) from None
            return await self._answer(202)

        return handle

    async def _answer(self, status: int) -> Reply:
        names = await self._names()
        views = [
            HeldView(
                id=f"{names[each.customer]}.{each.control}",
                customer=names[each.customer],
                control=each.control,
                messages=each.messages,
            )
            for each in await held(self._ledger.work)
            if each.customer in names
        ]
        return self._parts.answer(HeldMessagesView(views), status)

    async def _names(self) -> dict[int, str]:
        return {each.id: each.public_id for each in await self._ledger.accounts.customers()}


def held_routes(parts: Parts, ledger: Ledger) -> list[Route]:
    endpoints = HeldMessageEndpoints(parts, ledger)
    return [
        Route("GET", "/admin/v1/abuse/held", endpoints.all, _ALL),
        Route("POST", "/admin/v1/abuse/held/{id}/release", endpoints.deciding(releases=True), _deciding("release")),
        Route("POST", "/admin/v1/abuse/held/{id}/drop", endpoints.deciding(releases=False), _deciding("drop")),
    ]


_ALL: Final = shows(
    "list_held_messages",
    "Say how many messages controls against abuse hold until a person decides, by customer and control.",
    "Abuse",
    Action.FRAUD_READ,
    HeldMessagesView,
    "What waits.",
)
_SUMMARIES: Final = {
    "release": "Send what a control holds of a customer until now; nodes do so within seconds.",
    "drop": "End what a control holds of a customer until now as `rejected`; nodes do so within seconds.",
}


def _deciding(word: str) -> Operation:
    return Operation(
        id=f"{word}_held_messages",
        summary=_SUMMARIES[word],
        tag="Abuse",
        scope=Action.FRAUD_CHANGE,
        parameters=(named("As the list has it: the customer's id, a dot, and the control."),),
        body=ReasonRequest,
        example=REASON,
        answers=(
            Answer(status=202, description="What still waits, as nodes have not done it yet.", body=HeldMessagesView),
        ),
        codes=(*BODY, "not_found", "invalid_value", "changed_meanwhile", "ledger_unavailable"),
    )
