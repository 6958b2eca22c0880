"""Keys of holds and cases: what each keeps is sealed under a key of its own, which is destroyed at its end."""

from typing import Final

from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.customer_keys import SIGN_IN_DAYS
from redaction.keys import KeyState

HOLDS: Final = SIGN_IN_DAYS | 1 << 61
"""From here on numbers of keys are those of holds; no day comes so far."""
CASES: Final = SIGN_IN_DAYS | 1 << 60
"""From here on, those of cases."""


class HoldKeys:
    """Those of one key store. first: from which number on."""

    def __init__(self, store: Keystore, clock: Clock, first: int = HOLDS) -> None:
        self._store = store
        self._clock = clock
        self._first = first

    async def make(self) -> int:
        """A new key, durable; its number. Raises LedgerUnavailable."""
        number = self._first | int.from_bytes(self._clock.random(7), "big")

        def make(state: KeyState) -> None:
            state.ensure_customer(number, self._clock.random, now_ms=self._clock.now_ms())

        await self._store.update_apart(make, destroys=False)
        return number

    async def forget(self, number: int) -> bool:
        """Destroy all that is held under it, in every copy; whether there was a key. Raises LedgerUnavailable."""
        return await self._store.update_apart(lambda state: state.drop_customer(number), destroys=True)
