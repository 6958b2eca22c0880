"""From settings to the objects that the node is built of: routes, contracts, what is asked about.

Everything that translates a configured word into a typed value stands here, so that `app` only wires.
"""

from typing import Final

from config.operators import OperatorSettings
from config.settings import Settings
from gateway.delivery.follow_up import FollowUp
from gateway.delivery.routing import Route
from redaction.egress import INDISPENSABLE, STANDARD_FIELDS, EgressContract, EgressField


def routes(settings: Settings) -> list[Route]:
    return [
        Route(
            prefix=each.prefix,
            classes=frozenset(each.classes),
            operators=tuple(each.operators),
            resend=_RESEND[each.in_doubt],
        )
        for each in settings.routes
    ]


_RESEND: Final = {"by_class": None, "resend": True, "fail": False}


def contract(settings: OperatorSettings) -> EgressContract:
    """What this operator is allowed to be told (P-16)."""
    allowed = settings.egress.allow
    fields = STANDARD_FIELDS if allowed == "default" else frozenset(EgressField[name.upper()] for name in allowed)
    said = settings.said_fields()
    if said is not None:
        fields &= INDISPENSABLE | {EgressField[name.upper()] for name in said}
    return EgressContract(operator=settings.name, fields=fields, sender_alias=settings.egress.sender_alias)


def follow_up(settings: Settings) -> FollowUp:
    asked = {each.name: after_s for each in settings.operators if (after_s := each.asks_after_s()) is not None}
    return FollowUp(asked, settings.dispatch.receipt_grace_s)
