"""What a process knows of consents and suppressions, and the keys that they are found by."""

import msgspec

from gateway.consent.following import Following
from gateway.keystore.keyring import Keyring
from gateway.keystore.permission_keys import PermissionKeys
from gateway.ledger.roles import Ledger
from gateway.process.clock import Clock


class Consents(msgspec.Struct, frozen=True):
    """following: of what people withdrew and stopped. keys: by which a person's rows are found."""

    following: Following
    keys: PermissionKeys


async def open_consents(ledger: Ledger, keyring: Keyring, clock: Clock) -> Consents:
    """The filter is built. Raises LedgerUnavailable."""
    following = Following(ledger.acts, ledger.permissions, clock)
    await following.refresh()
    return Consents(following, PermissionKeys(keyring))
