"""How the façades' programs are called back: every façade that there is, whatever is switched on, so that what was
taken in is reported after a restart with other settings, too.
"""

from collections.abc import Callable

from gateway.accounts.facade_tokens import FacadeTokens
from gateway.http_api.facades.jasmin.calls import JasminCalls
from gateway.http_api.facades.kannel.calls import KannelCalls
from gateway.http_api.facades.twilio.calls import TwilioCalls
from gateway.webhooks.dialects import Dialects


def dialects(tokens: FacadeTokens, public_id: Callable[[int], str]) -> Dialects:
    """Of all façades. tokens: with which the calls of some are signed. public_id: of a customer, by its number."""
    return {"kannel": KannelCalls(), "jasmin": JasminCalls(), "twilio": TwilioCalls(tokens.of, public_id)}
