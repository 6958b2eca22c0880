"""What customers do with the endpoint that their events go to, with a key of the scope `webhooks`.

Each change is written with its entry in the audit log, whose actor is the key. Nodes take it over within a second.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.accounts.administration import Accounts
from gateway.accounts.customers import ApiKey
from gateway.accounts.settings import MAX_BATCH, InvalidSetting, check_events, kept_beside
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.http_api.auth import Gatekeeper, actor_of
from gateway.http_api.body import read_json_body
from gateway.http_api.changing import written
from gateway.http_api.decoding import decode
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.webhook_views import secret_view, trial_view
from gateway.ledger.contract import StoredEndpoint
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339_or_none
from gateway.process.clock import Clock
from gateway.webhooks.connection import Result
from gateway.webhooks.endpoint import (
    EndpointSettings,
    OtherSecret,
    SetAnew,
    endpoint_settings,
    open_endpoint,
)
from gateway.webhooks.endpoints import resumed
from gateway.webhooks.targets import MAX_URL_LENGTH, TargetRefused, parse_target
from redaction.errors import SealError, alone
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer

SCOPE: Final = "webhooks"
BODY_BYTES: Final = 8_192
READ_S: Final = 10.0
FIRST: Final = "1"
"""The id of a customer's endpoint, of which there is one."""

_encode: Final = msgspec.json.Encoder().encode
Url = Annotated[
    str,
    Meta(description="https, a host name, and no credentials.", min_length=1, max_length=MAX_URL_LENGTH),
]
Events = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=64)]],
    Meta(description="Types of events that come to it, and no others.", min_length=1, max_length=32),
]
Batch = Annotated[
    int, Meta(description="Events in one request, at most; 1 is without an envelope.", ge=1, le=MAX_BATCH)
]


class WebhookRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """An endpoint for your events."""

    url: Url
    events: Annotated[Events | None, Meta(description="All but `message.submitted` without it.")] = None
    batch: Batch = 1

    def __repr__(self) -> str:
        return "WebhookRequest(•••)"


class WebhookChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to be another; what is left out stands. Another URL, or the same anew, enables the endpoint."""

    url: Url | UnsetType = UNSET
    events: Annotated[Events | UnsetType | None, Meta(description="null for all but `message.submitted`.")] = UNSET
    batch: Batch | UnsetType = UNSET

    def __repr__(self) -> str:
        return "WebhookChange(•••)"


class OwnWebhookView(Struct, frozen=True, kw_only=True):
    """An endpoint of yours. Of its URL the host alone is shown; what follows may be secret."""

    id: str
    host: Annotated[str | None, Meta(description="null where it cannot be opened any more; set it anew.")]
    state: Annotated[str, Meta(description="`enabled` or `disabled`: it said that it is gone, or failed for days.")]
    events: Annotated[list[str] | None, Meta(description="null for all but `message.submitted`.")]
    batch: int
    failing_since: str | None
    disabled_at: str | None
    former_secret_until: Annotated[str | None, Meta(description="As long the secret of before signs as well.")]


class WebhookMade(Struct, frozen=True, kw_only=True):
    """The endpoint is there, and enabled. secret: that signs its events, shown this once."""

    webhook: OwnWebhookView
    secret: str

    def __repr__(self) -> str:
        return "WebhookMade(•••)"


class WebhookList(Struct, frozen=True):
    webhooks: list[OwnWebhookView]


class WebhookSource(Struct, frozen=True, kw_only=True):
    """accounts: in the hands of an actor. allow_loopback: see `DeliverySettings`. try_out: sends an endpoint one signed
    test event; raises SealError and ValueError.
    """

    accounts: Callable[[Actor], Accounts]
    acts: Acts
    sealer: Sealer
    allow_loopback: Callable[[], bool]
    try_out: Callable[[StoredEndpoint], Awaitable[Result]]


class WebhookEndpoints:
    def __init__(self, source: WebhookSource, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> None:
        self._source = source
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._clock = clock
        self._trying: set[int] = set()

    async def list_all(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        found = await self._accounts(key).endpoint(key.customer.id)
        return self._answer(WebhookList([] if found is None else [self._view(found)]))

    async def show(self, call: Call) -> Reply:
        _, found = await self._opened(call)
        return self._answer(self._view(found))

    async def make(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        asked = decode(_made, await read_json_body(call.request, BODY_BYTES, READ_S))
        events = _checked_events(asked.events)
        anew = self._anew(key, asked.url, lambda before: _changed(before, events, asked.batch))

        def make(standing: StoredEndpoint | None) -> StoredEndpoint:
            if standing is not None:
                raise Refusal("endpoint_exists")
            return anew(standing)

        made = await written(self._accounts(key).set_endpoint(key.customer.id, make))
        assert anew.fresh is not None
        secret = anew.fresh.reveal(Purpose.CREDENTIAL)
        return self._answer(WebhookMade(webhook=self._view(made), secret=secret), 201)

    async def change(self, call: Call) -> Reply:
        key, _ = await self._opened(call)
        asked = decode(_change, await read_json_body(call.request, BODY_BYTES, READ_S))
        events = asked.events if isinstance(asked.events, UnsetType) else _checked_events(asked.events)

        def settings(before: EndpointSettings) -> EndpointSettings:
            return _changed(before, events, asked.batch)

        if isinstance(asked.url, UnsetType):
            change: Callable[[StoredEndpoint], StoredEndpoint] = _with_settings(settings)
        else:
            change = self._anew(key, asked.url, settings)
        changed = await self._set(key, change, Act.WEBHOOK_SET)
        return self._answer(self._view(changed))

    async def remove(self, call: Call) -> Reply:
        key, _ = await self._opened(call)
        await written(self._accounts(key).remove_endpoint(key.customer.id))
        return self._replies.of(204, b"")

    async def other_secret(self, call: Call) -> Reply:
        key, _ = await self._opened(call)
        now_ms = self._clock.now_ms()
        other = OtherSecret(self._source.sealer, self._clock.random, now_ms)
        await self._set(key, other, Act.WEBHOOK_SECRET)
        return self._answer(secret_view(other, now_ms), 201)

    async def resume(self, call: Call) -> Reply:
        key, _ = await self._opened(call)
        return self._answer(self._view(await self._set(key, resumed, Act.WEBHOOK_RESUME)))

    async def try_out(self, call: Call) -> Reply:
        """One at a time for each customer. The entry is written before anything is sent."""
        key, found = await self._opened(call)
        customer = key.customer
        if customer.id in self._trying:
            raise Refusal("overloaded", retry_after_s=1)
        self._trying.add(customer.id)
        try:
            log = AuditLog(self._source.acts, self._clock, actor_of(key))
            await log.write(Act.WEBHOOK_TEST, known("cus", customer.public_id))
            result = await self._source.try_out(found)
        except (SealError, ValueError):
            raise alone(Refusal("no_endpoint")) from None
        finally:
            self._trying.discard(customer.id)
        return self._answer(trial_view(result))

    # ------------------------------------------------------------------------------------------------------------

    def _accounts(self, key: ApiKey) -> Accounts:
        return self._source.accounts(actor_of(key))

    async def _opened(self, call: Call) -> tuple[ApiKey, StoredEndpoint]:
        """Who asks, and the endpoint that the path names. Raises Refusal."""
        key = self._gatekeeper.open(call.request, SCOPE)
        found = await self._accounts(key).endpoint(key.customer.id) if call.argument == FIRST else None
        if found is None:
            raise Refusal("not_found")
        return key, found

    def _anew(self, key: ApiKey, url: str, settings: Callable[[EndpointSettings], EndpointSettings]) -> SetAnew:
        """Raises Refusal for a URL that may not be called."""
        try:
            parse_target(url, allow_loopback=self._source.allow_loopback())
        except TargetRefused:
            raise alone(Refusal("invalid_url", "url")) from None
        place = self._source.sealer, self._clock.random, key.customer.id, Secret(url), settings
        return SetAnew(*place, new_secret=False, now_ms=self._clock.now_ms())

    async def _set(self, key: ApiKey, change: Callable[[StoredEndpoint], StoredEndpoint], act: Act) -> StoredEndpoint:
        """As it is now. Raises Refusal."""

        def changed(standing: StoredEndpoint | None) -> StoredEndpoint:
            if standing is None:
                raise Refusal("not_found")
            return change(standing)

        return await written(self._accounts(key).set_endpoint(key.customer.id, changed, act))

    def _view(self, endpoint: StoredEndpoint) -> OwnWebhookView:
        settings = endpoint_settings(endpoint)
        until_ms = settings.former_until_ms
        return OwnWebhookView(
            id=FIRST,
            host=self._host(endpoint),
            state=endpoint.state,
            events=list(settings.events) or None,
            batch=settings.batch,
            failing_since=rfc3339_or_none(endpoint.failing_since_ms),
            disabled_at=rfc3339_or_none(endpoint.disabled_ms),
            former_secret_until=rfc3339_or_none(until_ms if until_ms > self._clock.now_ms() else None),
        )

    def _host(self, endpoint: StoredEndpoint) -> str | None:
        try:
            url, _ = open_endpoint(self._source.sealer, endpoint)
            return parse_target(url.reveal(Purpose.INFORM_CUSTOMER), allow_loopback=True).host
        except (SealError, ValueError, TargetRefused):
            return None

    def _answer(self, view: Struct, status: int = 200) -> Reply:
        return self._replies.of(status, _encode(view))


_made: Final = msgspec.json.Decoder(WebhookRequest)
_change: Final = msgspec.json.Decoder(WebhookChange)


def _checked_events(events: Sequence[str] | None) -> tuple[str, ...]:
    """Empty for all. Raises Refusal."""
    try:
        check_events(events or ())
    except InvalidSetting:
        raise alone(Refusal("invalid_value", "events")) from None
    return tuple(dict.fromkeys(events or ()))


def _changed(before: EndpointSettings, events: tuple[str, ...] | UnsetType, batch: int | UnsetType) -> EndpointSettings:
    return msgspec.structs.replace(
        before,
        events=before.events if isinstance(events, UnsetType) else events,
        batch=before.batch if isinstance(batch, UnsetType) else batch,
    )


def _with_settings(
    settings: Callable[[EndpointSettings], EndpointSettings],
) -> Callable[[StoredEndpoint], StoredEndpoint]:
    def change(standing: StoredEndpoint) -> StoredEndpoint:
        wanted = settings(endpoint_settings(standing))
        return msgspec.structs.replace(standing, settings=kept_beside(standing.settings, wanted))

    return change
