"""Keys of people who administer: made before anything is sealed under them, destroyed with whoever leaves.

And those of days, under which whole addresses of sign-ins lie as well: destroyed a week later.
"""

from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.keys import PEOPLE, SIGN_IN_DAYS, KeyState
from redaction.personal import Secret
from redaction.pseudonymise import person_digest


class PeopleKeys:
    """Those of one key store."""

    def __init__(self, store: Keystore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ensure_person(self, number: int) -> None:
        """Make the key of a person durable, while the loop goes on. Raises LedgerUnavailable."""

        def make(state: KeyState) -> None:
            state.ensure_customer(number, self._clock.random, now_ms=self._clock.now_ms())

        await self._store.update_apart(make, destroys=False)

    async def forget_person(self, number: int) -> bool:
        """Destroy all that is sealed about a person, in every copy; whether there was a key.

        Raises LedgerUnavailable.
        """
        return await self._store.update_apart(lambda state: state.drop_customer(number), destroys=True)

    def people(self) -> list[int]:
        """The numbers of people whose keys live."""
        return [each for each in self._store.state.customers() if PEOPLE <= each < SIGN_IN_DAYS]

    async def ensure_days(self, day: int) -> None:
        """Make the keys of a day and the next one durable, unless they are there. Raises LedgerUnavailable."""
        wanted = {SIGN_IN_DAYS | each for each in (day, day + 1)}
        if wanted <= set(self._store.state.customers()):
            return

        def make(state: KeyState) -> None:
            for number in wanted:
                state.ensure_customer(number, self._clock.random, now_ms=self._clock.now_ms())

        await self._store.update_apart(make, destroys=False)

    async def forget_days(self, before: int) -> int:
        """Destroy the keys of days before that one, in every copy; how many. Raises LedgerUnavailable."""
        due = [each for each in self._store.state.customers() if SIGN_IN_DAYS <= each < SIGN_IN_DAYS | before]
        if not due:
            return 0
        return await self._store.update_apart(lambda state: sum(map(state.drop_customer, due)), destroys=True)

    async def follow(self) -> bool:
        """Take over what other processes changed; whether they did. Raises LedgerUnavailable."""
        return await self._store.follow()

    def digest(self, secret: Secret) -> bytes:
        """32 octets to find a secret by."""
        return person_digest(self._store.state, secret)
