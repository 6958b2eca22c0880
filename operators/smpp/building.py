"""The link to an operator of kind `smpp`."""

from config.operators import SmppOperatorSettings
from operators.base import Operator
from operators.kinds import Surroundings, today_of
from operators.smpp.client import SmppOperator
from redaction.personal import Secret


def build(settings: SmppOperatorSettings, around: Surroundings) -> Operator:
    return SmppOperator(
        settings,
        Secret(settings.password.resolve()),
        monotonic=around.monotonic,
        now_ms=around.now_ms,
        today=today_of(around),
        salt=around.random(16),
        outbind_password=Secret(settings.outbind.password.resolve()),
    )
