"""From settings to the objects that the node is built of: routes, contracts, what is asked about.

Everything that translates a configured word into a typed value stands here, so that `app` only wires.
"""

from typing import Final

from config.operators import (
    LoopbackOperatorSettings,
    NetworkLinkSettings,
    OperatorSettings,
    SmppOperatorSettings,
    minutes,
)
from config.settings import Settings
from gateway.accounts.facade_tokens import FacadeTokens
from gateway.delivery.follow_up import FollowUp
from gateway.delivery.operator_ids import OperatorIds
from gateway.delivery.received import Recorder
from gateway.http_api.facades.calls import dialects
from gateway.keystore.keyring import Keyring
from gateway.model.route import Order, Route, Window
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.retention.masks import Masks
from gateway.retention.minimise import Minimiser
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from gateway.webhooks.addressing import Addressing
from redaction.egress import INDISPENSABLE, STANDARD_FIELDS, EgressContract, EgressField


def routes(settings: Settings) -> list[Route]:
    return [
        Route(
            label=each.label,
            prefix=each.prefix,
            classes=frozenset(each.classes),
            customers=frozenset(each.customers),
            senders=frozenset(each.senders),
            networks=frozenset(each.networks),
            windows=tuple(Window(*found) for hours in each.hours if (found := minutes(hours)) is not None),
            utc_offset_min=each.utc_offset_min,
            operators=each.operators,
            weights=each.weights,
            prices=each.prices,
            order=Order(each.order),
            limit_per_s=each.limit_per_s,
            resend=_RESEND[each.in_doubt],
        )
        for each in settings.routes
    ]


_RESEND: Final = {"by_class": None, "resend": True, "fail": False}


def contract(settings: OperatorSettings) -> EgressContract:
    """What this operator may receive (P-16)."""
    allowed = settings.egress.allow
    fields = STANDARD_FIELDS if allowed == "default" else frozenset(EgressField[name.upper()] for name in allowed)
    said = settings.said_fields()
    if said is not None:
        fields &= INDISPENSABLE | {EgressField[name.upper()] for name in said}
    return EgressContract(operator=settings.name, fields=fields, sender_alias=settings.egress.sender_alias)


def plain_counters(settings: Settings) -> frozenset[str]:
    """The operators that join long messages, and encode texts, in the way by which segments are counted first."""
    return frozenset(
        each.name
        for each in settings.operators
        if isinstance(each, LoopbackOperatorSettings)
        or (isinstance(each, SmppOperatorSettings) and each.concatenation == "udh8" and _is_plain(each))
    )


def _is_plain(settings: SmppOperatorSettings) -> bool:
    return settings.default_alphabet.startswith("gsm") and not settings.languages and not settings.latin1


def follow_up(settings: Settings) -> FollowUp:
    asked = {each.name: after_s for each in settings.operators if (after_s := each.asks_after_s()) is not None}
    return FollowUp(asked, settings.dispatch.receipt_grace_s)


def recorder(minimiser: Minimiser, clock: Clock, settings: Settings) -> Recorder:
    """Of messages from people."""
    return Recorder(minimiser, clock, settings.messages.default_region)


def addressing(stores: Stores, policies: RetentionPolicies, clock: Clock) -> Addressing:
    """Of events, in the words of façades, too, with what is shown of numbers."""
    masks = Masks(stores.vault, policies, clock.now_ms)
    calls = dialects(FacadeTokens(stores.directory, stores.sealer), stores.directory.public_id)
    return Addressing(stores.directory, stores.vault, stores.sealer, clock.now_ms, masks.of, calls)


def operator_ids(keyring: Keyring, vault: Vault, clock: Clock) -> OperatorIds:
    key, since_ms = keyring.correlation_key()
    return OperatorIds(key, vault, clock.now_ms, since_ms)


def answer_s(settings: Settings) -> dict[str, float]:
    """By operator, how long an answer to a submission may take."""
    networked = [each for each in settings.operators if isinstance(each, NetworkLinkSettings)]
    return {each.name: each.response_timeout_s for each in networked}
