"""Keys of holds and cases: what each keeps is sealed under a key of its own, which is destroyed at its end. What is not
proved yet, and what is written to the support desk, lies under a key of the day on which that was.
"""

from typing import Final

from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.customer_keys import SIGN_IN_DAYS
from redaction.keys import KeyState

HOLDS: Final = SIGN_IN_DAYS | 1 << 61
"""From here on numbers of keys are those of holds; no day comes so far."""
CASES: Final = SIGN_IN_DAYS | 1 << 60
"""From here on, those of cases."""
ASKED_DAYS: Final = SIGN_IN_DAYS | 1 << 59
"""From here on, those of days on which somebody asked for something that is not proved yet."""
TICKET_DAYS: Final = SIGN_IN_DAYS | 1 << 58
"""From here on, those of days on which somebody wrote to the support desk."""


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


class DayKeys:
    """Of days since the epoch, in one key store. first: from which number on."""

    def __init__(self, store: Keystore, clock: Clock, first: int = ASKED_DAYS) -> None:
        self._store = store
        self._clock = clock
        self._first = first

    def number(self, day: int) -> int:
        return self._first | day

    async def ensure(self, day: int) -> int:
        """The number of a day's key, which is durable. Raises LedgerUnavailable."""
        number = self.number(day)

        def make(state: KeyState) -> None:
            state.ensure_customer(number, self._clock.random, now_ms=self._clock.now_ms())

        if number not in self._store.state.customers():
            await self._store.update_apart(make, destroys=False)
        return number

    async def forget_before(self, day: int) -> int:
        """Destroy the keys of earlier days, in every copy; how many. Raises LedgerUnavailable."""
        due = [each for each in self._store.state.customers() if self._first <= each < self.number(day)]
        if not due:
            return 0
        return await self._store.update_apart(lambda state: sum(map(state.drop_customer, due)), destroys=True)
