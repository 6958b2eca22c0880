"""The link to an operator of kind `rest`."""

from config.operators import RestOperatorSettings
from operators.base import Operator
from operators.kinds import Surroundings, today_of
from operators.rest.client import RestOperator
from redaction.personal import Secret


def build(settings: RestOperatorSettings, around: Surroundings) -> Operator:
    return RestOperator(
        settings,
        Secret(settings.password.resolve()),
        Secret(settings.rest.callback.password.resolve()),
        monotonic=around.monotonic,
        today=today_of(around),
        now_ms=around.now_ms,
    )
