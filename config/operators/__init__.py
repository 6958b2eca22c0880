"""Operator links by kind, what each may receive, and which messages go where.

A kind is a class of settings here, in a module of its own, and a package of its name in `operators` that builds the
link; `OperatorSettings` is the list of kinds.
"""

from typing import Final, get_args

from config.operators.egress import INDISPENSABLE_FIELDS, EgressFieldName, EgressSettings
from config.operators.link import LinkSettings, NetworkLinkSettings
from config.operators.loopback import LoopbackOperatorSettings
from config.operators.register import HOME, OperatorRegister
from config.operators.rest import RestCallback, RestFields, RestOperatorSettings, RestSettings, RestStates, RestSuccess
from config.operators.routes import MessageClassName, RouteSettings, minutes
from config.operators.smpp import LanguageName, OutbindSettings, ReceiptWords, SmppOperatorSettings
from config.operators.statuses import (
    PERMANENT_STATUSES,
    QUEUE_FULL_STATUSES,
    THROTTLED_STATUSES,
    TRANSIENT_STATUSES,
)
from config.operators.tls import TlsSettings

OperatorSettings = SmppOperatorSettings | RestOperatorSettings | LoopbackOperatorSettings
"""One `[[operators]]` table. The first kind is that of a table that names none."""

KINDS: Final[tuple[type[LinkSettings], ...]] = get_args(OperatorSettings)

__all__ = [
    "HOME",
    "INDISPENSABLE_FIELDS",
    "KINDS",
    "PERMANENT_STATUSES",
    "QUEUE_FULL_STATUSES",
    "THROTTLED_STATUSES",
    "TRANSIENT_STATUSES",
    "EgressFieldName",
    "EgressSettings",
    "LanguageName",
    "LinkSettings",
    "LoopbackOperatorSettings",
    "MessageClassName",
    "NetworkLinkSettings",
    "OperatorRegister",
    "OperatorSettings",
    "OutbindSettings",
    "ReceiptWords",
    "RestCallback",
    "RestFields",
    "RestOperatorSettings",
    "RestSettings",
    "RestStates",
    "RestSuccess",
    "RouteSettings",
    "SmppOperatorSettings",
    "TlsSettings",
    "minutes",
]
