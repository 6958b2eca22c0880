"""From settings to the objects that the node is built of: rules, routes, contracts, operators.

Everything that translates a configured word into a typed value stands here, so that `app` only wires.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from config.operators import OperatorSettings
from config.settings import KeystoreSettings, RootSlotSettings, Settings, TransitSettings, WebhookSettings
from gateway.delivery.follow_up import FollowUp
from gateway.delivery.routing import Route
from gateway.keystore.leases import Leases, Onlooker
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.store import EnvRootSlot, FileRootSlot, Keystore, RootSlot
from gateway.keystore.transit import Transit, TransitRootSlot, WrappedRoots
from gateway.process.clock import Clock
from gateway.webhooks.settings import DeliverySettings
from operators.base import MtMessage, Operator
from operators.loopback import LoopbackOperator
from operators.rest.client import RestOperator
from operators.smpp.client import SmppOperator
from operators.smpp.segments import plan
from redaction.egress import INDISPENSABLE, STANDARD_FIELDS, EgressContract, EgressField
from redaction.personal import Purpose, Secret
from redaction.retention import RetentionRule, RetentionTag

Rules = Mapping[RetentionTag, RetentionRule]


def retention_rules(settings: Settings) -> Rules:
    """Every rule, by tag."""
    return {
        RetentionTag(said.tag): RetentionRule(
            tag=RetentionTag(said.tag),
            content_after_final_s=said.content_after_final_s,
            content_limit_s=said.content_limit_s,
            record_s=said.record_s,
            period_s=said.period_s,
            content_after_submit=said.content_after_submit,
            record_floor_s=said.record_floor_s,
            floor_citation=said.floor_citation,
        )
        for said in settings.retention
    }


def keystore(settings: KeystoreSettings, clock: Clock, *, node: bool) -> Keystore:
    """The key store, not opened. node: it holds keys for long, so that destructions wait for it.

    Raises config.secret.SecretMissing.
    """
    if settings.engine == "file":
        return Keystore(Path(settings.path), root_slot(settings.root), clock)
    server = _key_server(settings)
    followers = Leases(server, clock, settings.redis.lease_s) if node else Onlooker(server)
    return Keystore(server, root_slot(settings.root, server), clock, followers)


def _key_server(settings: KeystoreSettings) -> KeyServer:
    """Beside a root in a file, which is for one machine, lies a lock for its processes."""
    said, root = settings.redis, settings.root
    tls = {"ssl_ca_certs": said.tls_ca, "ssl_certfile": said.tls_certificate, "ssl_keyfile": said.tls_key}
    address = KeyServerAddress(
        url=said.url,
        user=said.user,
        password=said.password.resolve(),
        prefix=said.prefix,
        timeout_s=said.timeout_s,
        replicas=said.replicas,
        vouched=said.vouched,
        tls={name: value for name, value in tls.items() if value is not None},
    )
    return KeyServer(address, Path(f"{root.path}.lock") if root.kind == "file" else None)


def root_slot(settings: RootSlotSettings, wrapped: WrappedRoots | None = None) -> RootSlot:
    """Where the root of the key store lies. wrapped: where a vault's are, if not in a file.

    Raises config.secret.SecretMissing.
    """
    if settings.kind == "env":
        return EnvRootSlot(settings.env)
    if settings.kind == "transit":
        return TransitRootSlot(wrapped or Path(settings.path), _transit(settings.transit))
    return FileRootSlot(Path(settings.path))


def _transit(settings: TransitSettings) -> Transit:
    return Transit(
        url=settings.url,
        token=settings.token.resolve(),
        mount=settings.mount,
        key=settings.key,
        namespace=settings.namespace,
        timeout_s=settings.timeout_s,
    )


def routes(settings: Settings) -> list[Route]:
    return [
        Route(prefix=each.prefix, classes=frozenset(each.classes), operators=tuple(each.operators))
        for each in settings.routes
    ]


def contract(settings: OperatorSettings) -> EgressContract:
    """What this operator is allowed to be told (P-16)."""
    allowed = settings.egress.allow
    fields = STANDARD_FIELDS if allowed == "default" else frozenset(EgressField[name.upper()] for name in allowed)
    if settings.kind == "rest":
        fields &= INDISPENSABLE | _said_over_http(settings)
    return EgressContract(operator=settings.name, fields=fields, sender_alias=settings.egress.sender_alias)


def follow_up(settings: Settings) -> FollowUp:
    asked = {each.name: each.query_after_s for each in settings.operators if each.query_after_s is not None}
    return FollowUp(asked, settings.dispatch.receipt_grace_s)


def _said_over_http(settings: OperatorSettings) -> frozenset[EgressField]:
    """What the form of the messages has a name for; nothing else leaves, and no record says that it did."""
    names = settings.rest.fields
    optional = {
        EgressField.SOURCE: names.source,
        EgressField.REGISTERED_DELIVERY: names.receipt,
        EgressField.VALIDITY: names.validity,
        EgressField.REFERENCE: names.reference,
    }
    return frozenset(field for field, name in optional.items() if name is not None)


def delivery_settings(settings: WebhookSettings) -> DeliverySettings:
    return DeliverySettings(
        timeout_s=settings.timeout_s,
        max_connections=settings.max_connections,
        connections_per_endpoint=settings.connections_per_endpoint,
        retry_schedule_s=tuple(settings.retry_schedule_s),
        disable_after_s=settings.disable_after_s,
        allow_loopback=settings.allow_loopback,
        max_inflight=settings.max_inflight,
    )


def operator(settings: OperatorSettings, clock: Clock) -> Operator:
    """The link itself, not started. Raises config.secret.SecretMissing."""
    return _KINDS[settings.kind](settings, clock)


def _today(clock: Clock) -> Callable[[], date]:
    return lambda: datetime.fromtimestamp(clock.now_ms() / 1000, UTC).date()


def _smpp(settings: OperatorSettings, clock: Clock) -> Operator:
    return SmppOperator(
        settings,
        Secret(settings.password.resolve()),
        monotonic=clock.monotonic,
        now_ms=clock.now_ms,
        today=_today(clock),
        salt=clock.random(16),
        outbind_password=Secret(settings.outbind.password.resolve()),
    )


def _loopback(settings: OperatorSettings, _clock: Clock) -> Operator:
    return LoopbackOperator(settings.name, segments_of=_segments)


def _segments(message: MtMessage) -> int:
    return 1 if message.data_coding is not None else plan(message.text.reveal(Purpose.DELIVER)).segments


def _rest(settings: OperatorSettings, clock: Clock) -> Operator:
    return RestOperator(
        settings,
        Secret(settings.password.resolve()),
        Secret(settings.rest.callback.password.resolve()),
        monotonic=clock.monotonic,
        today=_today(clock),
        random_bytes=clock.random,
    )


_KINDS: Final[dict[str, Callable[[OperatorSettings, Clock], Operator]]] = {
    "smpp": _smpp,
    "rest": _rest,
    "loopback": _loopback,
}
