"""What belongs to a customer: limits, senders, API keys, SMPP accounts, and how its endpoint stands.

Secrets are shown where they are made, this once. What is set has a version, which `ETag` tells and `If-Match` names.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from msgspec import UNSET, structs

from gateway.accept.validation import parse_time
from gateway.accounts.administration import Accounts
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.key_secrets import password_of
from gateway.accounts.key_uses import DAY_MS
from gateway.accounts.settings import (
    CustomerSettings,
    KeySettings,
    esme_settings,
    label_of,
    read_customer,
)
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.http_api.admin.accounts_views import (
    CustomerChange,
    EsmesView,
    EsmeView,
    KeyRequest,
    KeysView,
    KeyView,
    NewKeyView,
    SenderName,
    SenderRequest,
    SendersView,
    SenderView,
    WebhookView,
)
from gateway.http_api.admin.owners import Owners, customer_view
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.versions import etag, wanted_version
from gateway.http_api.changing import written
from gateway.http_api.facades.twilio.sids import sids_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import StoredCustomer, StoredEsme, StoredKey
from gateway.model.refusals import Refusal
from gateway.model.senders import is_sender, sender_key
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action
from gateway.webhooks.endpoint import endpoint_settings
from redaction.errors import alone
from redaction.personal import Purpose

T = TypeVar("T")


class AccountEndpoints:
    """accounts: in the hands of an actor. last_days: on which keys were used, by prefix."""

    def __init__(
        self,
        parts: Parts,
        owners: Owners,
        accounts: Callable[[Actor], Accounts],
        last_days: Callable[[], Awaitable[Mapping[str, int]]],
    ) -> None:
        self._parts = parts
        self._last_days = last_days
        self._owners = owners
        self._accounts = accounts

    # -------------------------------------------------------------------------------------------- limits and senders

    async def change(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.CUSTOMER_CHANGE)
        asked = await self._parts.body(call, CustomerChange)
        named = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
        changes = {name: value for name, value in named.items() if name != "reason"}
        act = Act.LIMIT_SET if changes.keys() == {"throughput_per_s"} else Act.CUSTOMER_SET
        actor = await self._parts.actor(asker, asked)
        changed = await self._changed(call, actor, customer, lambda _: changes, act)
        return self._parts.answer(customer_view(changed), more=etag(changed.version))

    async def senders(self, call: Call) -> Reply:
        _, customer = await self._owners.opened(call, Action.SENDER_READ)
        return self._senders(customer)

    async def add_sender(self, call: Call) -> Reply:
        """One that is there already gets these classes."""
        asker, customer = await self._owners.opened(call, Action.SENDER_CHANGE)
        asked = await self._parts.body(call, SenderRequest)
        name = _sender(asked.sender)

        def change(standing: CustomerSettings) -> Mapping[str, Any]:
            senders = {**standing.senders, name: asked.classes}
            return {"senders": senders} if senders != standing.senders else {}

        actor = await self._parts.actor(asker, asked)
        return self._senders(await self._changed(call, actor, customer, change, Act.SENDER_ADD, "classes"))

    async def remove_sender(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.SENDER_CHANGE)
        asked = await self._parts.body(call, SenderName)
        name = _sender(asked.sender)

        def change(standing: CustomerSettings) -> Mapping[str, Any]:
            if name not in standing.senders:
                raise Refusal("not_found")
            return {"senders": {each: classes for each, classes in standing.senders.items() if each != name}}

        actor = await self._parts.actor(asker, asked)
        return self._senders(await self._changed(call, actor, customer, change, Act.SENDER_REMOVE))

    async def _changed(
        self,
        call: Call,
        actor: Actor,
        customer: StoredCustomer,
        change: Callable[[CustomerSettings], Mapping[str, Any]],
        act: Act,
        field: str | None = None,
    ) -> StoredCustomer:
        """field: that is wrong where a value makes no sense. Raises Refusal."""
        work = self._accounts(actor).change_customer(customer.id, change, act, over=wanted_version(call.request))
        return await written(work, field)

    def _senders(self, customer: StoredCustomer) -> Reply:
        standing = read_customer(customer.settings).settings.senders
        views = [SenderView(name, sorted(classes)) for name, classes in sorted(standing.items())]
        return self._parts.answer(SendersView(views), more=etag(customer.version))

    # ----------------------------------------------------------------------------------------------------------- keys

    async def keys(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.KEY_READ)
        found = await self._accounts(asker.actor).keys(customer.id)
        days = await self._last_days()
        views = [self._key(each, customer.public_id, days.get(each.prefix)) for each in found]
        return self._parts.answer(KeysView(views))

    async def add_key(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.KEY_ADD)
        asked = await self._parts.body(call, KeyRequest)
        expires_ms = None if asked.expires_at is None else parse_time(asked.expires_at)
        if expires_ms is None and asked.expires_at is not None:
            raise Refusal("wrong_type", "expires_at")
        try:
            settings = KeySettings(
                name=asked.label,
                classes=asked.classes,
                allowed_networks=asked.networks,
                throughput_per_s=asked.throughput_per_s,
                daily_quota=asked.daily_quota,
            )
        except InvalidSetting:
            raise alone(Refusal("invalid_value")) from None
        added = self._accounts(await self._parts.actor(asker, asked)).add_key(
            customer.id, scopes=asked.scopes, settings=settings, expires_ms=expires_ms, facades=asked.facades
        )
        stored, secret = await written(added)
        view = NewKeyView(
            key=secret.reveal(Purpose.CREDENTIAL),
            prefix=stored.prefix,
            scopes=list(stored.scopes),
            expires_at=rfc3339_or_none(stored.expires_ms),
            username=stored.prefix if asked.facades else None,
            password=password_of(secret) if asked.facades else None,
            sids=sids_of(customer.public_id, stored.prefix) if "twilio" in asked.facades else None,
        )
        return self._parts.answer(view, 201)

    async def revoke_key(self, call: Call) -> Reply:
        """Of another customer there is no key."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.KEY_REVOKE, asker.customer):
            raise Refusal("not_allowed")
        accounts = self._accounts(asker.actor)
        names = {each.id: each.public_id for each in await accounts.customers()}
        found = [each for each in await accounts.keys() if each.prefix == call.argument]
        if not found or not asker.may(Action.KEY_REVOKE, names.get(found[0].customer, "")):
            raise Refusal("not_found")
        changing = self._accounts(await self._parts.why(call, asker))
        revoked = await written(changing.revoke_key(call.argument, over=wanted_version(call.request)))
        return self._parts.answer(self._key(revoked, names[revoked.customer]), more=etag(revoked.version))

    def _key(self, key: StoredKey, customer: str, day: int | None = None) -> KeyView:
        """day: on which it was last used, since the epoch."""
        now_ms = self._parts.clock.now_ms()
        over = key.expires_ms is not None and now_ms >= key.expires_ms
        return KeyView(
            prefix=key.prefix,
            customer=customer,
            state="revoked" if key.revoked_ms is not None else "expired" if over else "live",
            label=label_of(key.settings),
            scopes=list(key.scopes),
            created_at=rfc3339(key.created_ms),
            version=key.version,
            last_used=None if day is None else rfc3339(day * DAY_MS)[:10],
            expires_at=rfc3339_or_none(key.expires_ms),
            revoked_at=rfc3339_or_none(key.revoked_ms),
        )

    # ------------------------------------------------------------------------------------------ SMPP and the endpoint

    async def esmes(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.ESME_READ)
        found = await self._accounts(asker.actor).esmes(customer.id)
        return self._parts.answer(EsmesView([_esme(each) for each in found]))

    async def webhook(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.WEBHOOK_READ)
        endpoint = await self._accounts(asker.actor).endpoint(customer.id)
        if endpoint is None:
            raise Refusal("not_found")
        settings = endpoint_settings(endpoint)
        view = WebhookView(
            state=endpoint.state,
            batch=settings.batch,
            submitted=settings.submitted,
            checkpoints=settings.checkpoints,
            events=list(settings.events),
            failing_since=rfc3339_or_none(endpoint.failing_since_ms),
            disabled_at=rfc3339_or_none(endpoint.disabled_ms),
        )
        return self._parts.answer(view, more=etag(endpoint.version))


def _sender(name: str) -> str:
    key = sender_key(name)
    if not is_sender(key):
        raise Refusal("invalid_sender", "sender")
    return key


def _esme(esme: StoredEsme) -> EsmeView:
    settings = esme_settings(esme.settings)
    return EsmeView(
        system_id=esme.system_id,
        state="live" if esme.revoked_ms is None else "revoked",
        created_at=rfc3339(esme.created_ms),
        throughput_per_s=settings.throughput_per_s,
        max_binds=settings.max_binds,
        window=settings.window,
        revoked_at=rfc3339_or_none(esme.revoked_ms),
    )
