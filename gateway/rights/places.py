"""Where else something about a person lies, beside the records of messages: each such place forgets by the number.

A place keeps a token of its own kind (consents, suppressions, numbers that tests may go to), so an erasure asks it with
the number. To add one, add its maker to `MAKERS`.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from gateway.consent.desk import Forgetting
from gateway.fraud.overrides import ForgettingOverrides
from gateway.keystore.keyring import Keyring
from gateway.keystore.permission_keys import PermissionKeys
from gateway.ledger.roles import Ledger
from gateway.process.clock import Clock
from redaction.personal import Msisdn


class Place(Protocol):
    """Something that knows people by tokens of its own."""

    async def forget(self, customer: int, number: Msisdn) -> int:
        """Take away what a customer's person has here, in every copy as far as that can be; how much it was.

        Again is harmless. Raises LedgerUnavailable.
        """


Maker = Callable[[Ledger, Keyring, Clock], Place]


def _consents(ledger: Ledger, keyring: Keyring, _clock: Clock) -> Place:
    return Forgetting(ledger.permissions, PermissionKeys(keyring).tokens)


def _overrides(ledger: Ledger, keyring: Keyring, _clock: Clock) -> Place:
    return ForgettingOverrides(ledger.acts, PermissionKeys(keyring).override)


MAKERS: Final[tuple[Maker, ...]] = (_consents, _overrides)
"""Of every place that there is."""


def every_place(ledger: Ledger, keyring: Keyring, clock: Clock) -> Sequence[Place]:
    return tuple(make(ledger, keyring, clock) for make in MAKERS)
