"""After the pepper of credentials was rotated: keys that are used again move to the new one, and the old ones go.

A digest cannot be made anew without the key itself, which only its owner has. So a key moves when it is used, and an
old pepper stays until the last key under it has moved or was revoked.
"""

import asyncio
from typing import Final

from gateway.accounts.administration import move_keys
from gateway.accounts.customers import ApiKey
from gateway.accounts.directory import Directory
from gateway.audit.actor import NODE
from gateway.keystore.keyring import Keyring
from gateway.keystore.rotation import drop_credentials, spare_credentials
from gateway.keystore.store import Keystore
from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable
from gateway.ledger.roles import AccountStore
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.errors import SealError
from redaction.personal import Secret

INTERVAL_S: Final = 2.0
AT_ONCE: Final = 1_000
"""Keys that are noted; further ones move when they are used the next time."""

log = logger(__name__)


class Moves:
    """Keys that were found under an earlier pepper, by prefix, with their digests under the present one."""

    def __init__(self, keyring: Keyring, keystore: Keystore) -> None:
        self._keyring = keyring
        self._keystore = keystore
        self._seen = -1
        self._present = 0
        self._noted: dict[str, tuple[bytes, int]] = {}

    def note(self, key: ApiKey, secret: Secret, epoch: int) -> None:
        """Called for every key that is found: mostly there is nothing to do."""
        if self._seen != self._keystore.version:
            self._seen, self._present = self._keystore.version, self._keyring.credential_epoch()
        present = self._present
        if epoch < present and len(self._noted) < AT_ONCE:
            self._noted[key.prefix] = (self._keyring.credential_digest(secret, present), present)

    def take(self) -> dict[str, tuple[bytes, int]]:
        noted, self._noted = self._noted, {}
        return noted


class PepperTurn:
    """moves: what the directory notes."""

    def __init__(
        self, moves: Moves, directory: Directory, accounts: AccountStore, keystore: Keystore, clock: Clock
    ) -> None:
        self._moves = moves
        self._directory = directory
        self._accounts = accounts
        self._keystore = keystore
        self._clock = clock

    async def run(self, interval_s: float = INTERVAL_S) -> None:
        """Until cancelled. What a store does not take is done the next time."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self.work()
            except (LedgerUnavailable, ChangedMeanwhile, SealError) as error:
                log.warning("keys_not_moved", reason=str(error))

    async def work(self) -> None:
        """Raises LedgerUnavailable and ChangedMeanwhile."""
        moved = self._moves.take()
        if moved:
            await move_keys(self._accounts, NODE, moved)
        state, used = self._keystore.state, self._directory.peppers()
        if used is None or not self._directory.fresh or not self._keystore.check() or not self._clock.is_sound:
            return
        spare = spare_credentials(state, used, self._clock.now_ms())
        if spare and (count := await drop_credentials(self._keystore, spare)):
            log.info("credential_peppers_destroyed", count=count)
