"""What is done to a customer's endpoint: tried, given another secret, switched off. Its URL is not shown."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.http_api.admin.declaring import CUSTOMER, READ, does
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.changing import written
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.http_api.webhook_views import NewSecretView, TrialView, secret_view, trial_view
from gateway.ledger.contract import StoredEndpoint
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from gateway.webhooks.endpoints import disabled
from redaction.errors import SealError, alone


class DisabledView(Struct, frozen=True, kw_only=True):
    """was: the state of the endpoint before."""

    customer: str
    was: str


class EndpointVerbs:
    def __init__(self, parts: Parts, owners: Owners, sources: Sources) -> None:
        self._parts = parts
        self._owners = owners
        self._on = sources

    async def try_out(self, call: Call) -> Reply:
        """The entry is written before anything is sent."""
        asker, customer = await self._owners.opened(call, Action.WEBHOOK_TEST)
        actor = await self._parts.why(call, asker)
        endpoint = await self._on.accounts(actor).endpoint(customer.id)
        if endpoint is None:
            raise Refusal("no_endpoint")
        await AuditLog(self._on.ledger.acts, self._parts.clock, actor).write(
            Act.WEBHOOK_TEST, known("cus", customer.public_id)
        )
        try:
            result = await self._on.hands.try_out(endpoint)
        except (SealError, ValueError):
            raise alone(Refusal("no_endpoint")) from None
        return self._parts.answer(trial_view(result))

    async def other_secret(self, call: Call) -> Reply:
        other = self._on.hands.other_secret()
        await self._set(call, Action.WEBHOOK_SECRET, other, Act.WEBHOOK_SECRET)
        return self._parts.answer(secret_view(other, self._parts.clock.now_ms()), 201)

    async def disable(self, call: Call) -> Reply:
        now_ms = self._parts.clock.now_ms()
        before = await self._set(call, Action.WEBHOOK_CHANGE, lambda old: disabled(old, now_ms), Act.WEBHOOK_DISABLE)
        return self._parts.answer(DisabledView(customer=call.argument, was=before.state))

    async def _set(
        self, call: Call, action: Action, change: Callable[[StoredEndpoint], StoredEndpoint], act: Act
    ) -> StoredEndpoint:
        """As it was before. Raises Refusal."""
        asker, customer = await self._owners.opened(call, action)
        accounts = self._on.accounts(await self._parts.why(call, asker))
        before: list[StoredEndpoint] = []

        def changed(standing: StoredEndpoint | None) -> StoredEndpoint:
            if standing is None:
                raise Refusal("no_endpoint")
            before[:] = [standing]
            return change(standing)

        await written(accounts.set_endpoint(customer.id, changed, act))
        return before[0]


def endpoint_routes(parts: Parts, owners: Owners, sources: Sources) -> list[Route]:
    verbs = EndpointVerbs(parts, owners, sources)
    return [
        Route("POST", "/admin/v1/customers/{id}/test-webhook", verbs.try_out, _TEST),
        Route("POST", "/admin/v1/customers/{id}/rotate-webhook-secret", verbs.other_secret, _SECRET),
        Route("POST", "/admin/v1/customers/{id}/disable-webhook", verbs.disable, _DISABLE),
    ]


_CODES: Final = (*READ, "no_endpoint", "changed_meanwhile", "keys_unavailable")
_TEST: Final = does(
    "test_webhook",
    "Send a customer's endpoint one signed `gateway.test` event, and say what it answered.",
    "Webhooks",
    Action.WEBHOOK_TEST,
    Answer(description="What was answered.", body=TrialView),
    of=(CUSTOMER,),
    codes=_CODES,
)
_SECRET: Final = does(
    "rotate_webhook_secret",
    "Make another signing secret for a customer's endpoint; the one of before signs beside it for a day.",
    "Webhooks",
    Action.WEBHOOK_SECRET,
    Answer(status=201, description="The secret, shown this once.", body=NewSecretView),
    of=(CUSTOMER,),
    codes=_CODES,
)
_DISABLE: Final = does(
    "disable_webhook",
    "Send a customer's endpoint nothing more until it is resumed; what comes waits.",
    "Webhooks",
    Action.WEBHOOK_CHANGE,
    Answer(description="It is disabled.", body=DisabledView),
    of=(CUSTOMER,),
    codes=_CODES,
)
