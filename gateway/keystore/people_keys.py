"""Keys of people who administer: made before anything is sealed under them, destroyed with whoever leaves."""

from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.keys import PEOPLE, KeyState
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
        return [each for each in self._store.state.customers() if each >= PEOPLE]

    def digest(self, secret: Secret) -> bytes:
        """32 octets to find a secret by."""
        return person_digest(self._store.state, secret)
