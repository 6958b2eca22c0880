"""From settings to the objects that the node is built of: routes, contracts, operators.

Everything that translates a configured word into a typed value stands here, so that `app` only wires.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from config.operators import OperatorSettings
from config.settings import Settings
from gateway.delivery.follow_up import FollowUp
from gateway.delivery.routing import Route
from gateway.process.clock import Clock
from operators.base import MtMessage, Operator
from operators.loopback import LoopbackOperator
from operators.rest.client import RestOperator
from operators.smpp.client import SmppOperator
from operators.smpp.segments import plan
from redaction.egress import INDISPENSABLE, STANDARD_FIELDS, EgressContract, EgressField
from redaction.personal import Purpose, Secret


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
