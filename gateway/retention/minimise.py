"""What every new record begins with, whether a customer or a person sent it: an id, and the person's pseudonym.

The door and the messages from people pass here, so a record of either kind is named, pseudonymised and sealed alike.
The caller keeps the plaintext out of everything else that it stores.
"""

from collections.abc import Callable
from typing import Final

from gateway.keystore.due_keys import Contain, DueKeys
from gateway.keystore.keyring import Keyring
from gateway.model.identifiers import message_id
from gateway.process.clock import Clock
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from redaction.personal import Msisdn
from redaction.pseudonymise import Subject
from redaction.retention import RetentionTag


class Minimiser:
    """vault: seals the content. policies: how long it is kept. keyring: gives customer, number and time their pseudonym
    and leaf. contain: where keys of periods to come are waited for. id_octets: unpredictable ones for the end of an id;
    the clock's if None.
    """

    def __init__(
        self,
        *,
        vault: Vault,
        policies: RetentionPolicies,
        clock: Clock,
        keyring: Keyring,
        contain: Contain,
        id_octets: Callable[[int], bytes] | None = None,
    ) -> None:
        self.vault: Final = vault
        self.policies: Final = policies
        self.pseudonymise: Final = keyring.pseudonymise
        self.names_at: Final = keyring.names_at
        self.due_keys: Final = DueKeys(keyring, contain)
        self._id_octets = clock.random if id_octets is None else id_octets
        self._random = clock.random

    def identify(
        self, customer: int, person: Msisdn, tag: RetentionTag, now_ms: int, begin_ms: int | None = None
    ) -> tuple[bytes, Subject]:
        """A new id, and who the person is in records of this customer. Raises redaction.errors.KeysWithheld.

        begin_ms: when the content's clock begins, if not now. As long as there are no keys for that time the person is
        called as now.
        """
        is_later = begin_ms is not None and begin_ms != now_ms and self.due_keys.are_there(tag, begin_ms)
        subject = self.pseudonymise(customer, person, tag, begin_ms if is_later and begin_ms else now_ms)
        return message_id(now_ms, int.from_bytes(self._random(2), "big"), self._id_octets(8)), subject
