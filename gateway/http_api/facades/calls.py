"""How the façades' programs are called back: every façade that there is, whatever is switched on, so that what was
taken in is reported after a restart with other settings, too.
"""

from gateway.accounts.directory import Directory
from gateway.accounts.key_tokens import KeyTokens
from gateway.accounts.profile import AccountSealer
from gateway.http_api.facades.kannel.calls import KannelCalls
from gateway.http_api.facades.twilio.calls import TwilioCalls
from gateway.webhooks.dialects import Dialects


def dialects(directory: Directory, sealer: AccountSealer) -> Dialects:
    """Of all façades. sealer: opens the tokens with which some sign."""
    return {
        "kannel": KannelCalls(),
        "twilio": TwilioCalls(KeyTokens(directory, sealer).of, directory.public_id),
    }
