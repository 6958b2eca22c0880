"""How the façades' programs are called back: every façade that there is, whatever is switched on, so that what was
taken in is reported after a restart with other settings, too.
"""

from gateway.accounts.facade_tokens import FacadeTokens
from gateway.http_api.facades.kannel.calls import KannelCalls
from gateway.webhooks.dialects import Dialects


def dialects(_tokens: FacadeTokens) -> Dialects:
    """Of all façades. tokens: with which the calls of some are signed."""
    return {"kannel": KannelCalls()}
