"""How the façades' programs are called back: every façade that there is, whatever is switched on, so that what was
taken in is reported after a restart with other settings, too.
"""

from gateway.http_api.facades.kannel.calls import KannelCalls
from gateway.webhooks.dialects import Dialects


def dialects() -> Dialects:
    """Of all façades."""
    return {"kannel": KannelCalls()}
