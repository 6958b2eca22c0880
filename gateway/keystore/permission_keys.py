"""By which tokens people's consents and suppressions are found, and what links by which they stop are made with."""

from gateway.keystore.keyring import Keyring
from gateway.keystore.upkeep import CREDENTIALS, STOP_LINKS
from redaction.customer_keys import LASTING_EPOCH
from redaction.errors import KeysWithheld
from redaction.personal import Msisdn
from redaction.pseudonymise import consent_token, override_token, suppression_token
from redaction.stop_links import StopLinks


class PermissionKeys:
    """Of one installation."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._links: StopLinks | None = None

    def tokens(self, customer: int, number: Msisdn) -> tuple[bytes, bytes]:
        """What a person's consents to a customer, and what it stopped of the customer's, are found by.

        Raises KeysWithheld, and KeyDestroyed for a customer without keys.
        """
        if not self._keyring.attended:
            raise KeysWithheld
        state = self._keyring.state
        return consent_token(state, customer, number), suppression_token(state, customer, number)

    def override(self, customer: int, number: Msisdn) -> bytes:
        """What a number that is exempt from controls against abuse is found by. Raises as `tokens` does."""
        if not self._keyring.attended:
            raise KeysWithheld
        return override_token(self._keyring.state, customer, number)

    def stop_links(self) -> StopLinks:
        """Raises KeysWithheld, and KeyDestroyed where an installation from before has no key for them yet."""
        if self._links is None:
            self._links = StopLinks(self._keyring.state.pepper(CREDENTIALS, STOP_LINKS, LASTING_EPOCH))
        return self._links
