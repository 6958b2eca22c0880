"""The node's use of its key store: keys exist before they are needed, and changes by other processes are seen.

Period keys and peppers are made ahead of time, so that accepting a message never waits for the key store. Keys of
periods whose last content is due are destroyed here; that is what forgets.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from gateway.clock import Clock
from gateway.ledger.keystore import Keystore
from redaction.keys import KeyState
from redaction.personal import Msisdn, Secret
from redaction.pseudonymise import Subject, credential_digest, idempotency_digest, pseudonymise, search_all_epochs
from redaction.retention import RetentionRule

EPOCH_MS: Final = 90 * 24 * 3600 * 1000
"""How long one pepper for search pseudonyms is used."""
CREDENTIALS: Final = 0
"""The customer number under which the gateway's own peppers are kept."""


def epoch_of(now_ms: int) -> int:
    """The pepper epoch of this time."""
    return now_ms // EPOCH_MS


class Keyring:
    """rules: every retention rule, for which period keys are kept."""

    def __init__(self, store: Keystore, rules: Iterable[RetentionRule], clock: Clock) -> None:
        self._store = store
        self._rules = tuple(rules)
        self._clock = clock

    @property
    def state(self) -> KeyState:
        return self._store.state

    def ensure_present(self) -> int:
        """Make what will be needed next, destroy what is due; how many keys were destroyed.

        Writes only when something is missing or due.
        """
        destroyed = self._store.ensure_current(self._rules, self._clock.now_ms())
        if self._lacks_peppers():
            self._store.update(self._make_peppers, destroys=False)
        dead = self._dead_epochs()
        if dead:
            self._store.update(lambda state: [state.drop_epoch(*name) for name in dead], destroys=True)
        return destroyed + len(dead)

    def _dead_epochs(self) -> list[tuple[int, str, int]]:
        """Search peppers by which no record can be found any more: every record of their epoch is gone."""
        last_ms = self._clock.now_ms() - max(rule.record_s for rule in self._rules) * 1000
        state = self._store.state
        return [
            (customer, "search", epoch)
            for customer in state.customers()
            for epoch in state.epochs(customer, "search")
            if (epoch + 1) * EPOCH_MS <= last_ms
        ]

    def ensure_customer(self, customer: int) -> None:
        """Make a new customer's keys durable."""

        def make(state: KeyState) -> None:
            state.ensure_customer(customer, self._clock.random, now_ms=self._clock.now_ms())
            self._make_peppers(state)

        self._store.update(make, destroys=False)

    def forget_subject(self, customer: int, number: Msisdn) -> int:
        """Destroy all that a customer's messages hold about a person, in every copy; in how many periods.

        Counts from now: what is sealed about the same number later is new.
        """

        def forget(state: KeyState) -> int:
            return sum(state.forget_subject(each.leaf) for each in search_all_epochs(state, customer, number))

        return self._store.update(forget, destroys=True)

    def forget_customer(self, customer: int) -> bool:
        """Destroy all that is sealed for a customer who leaves, in every copy; whether there was a key."""
        return self._store.update(lambda state: state.drop_customer(customer), destroys=True)

    async def run(self, interval_s: float = 0.5, present_every: int = 40) -> None:
        """Watch for other processes' changes; look after periods and epochs now and then."""
        turn = 0
        while True:
            await asyncio.sleep(interval_s)
            self._store.refresh()
            turn += 1
            if turn % present_every == 0:
                self.ensure_present()

    def pseudonymise(self, customer: int, number: Msisdn, now_ms: int) -> Subject:
        return pseudonymise(self._store.state, customer, number, epoch_of(now_ms))

    def credential_digest(self, secret: Secret) -> bytes:
        return credential_digest(self._store.state, secret)

    def idempotency_digest(self, customer: int, key: str, index: int) -> bytes:
        return idempotency_digest(self._store.state, customer, key, index)

    def _lacks_peppers(self) -> bool:
        state = self._store.state
        if not state.epochs(CREDENTIALS, "credential"):
            return True
        ahead = epoch_of(self._clock.now_ms()) + 1
        return any(ahead not in state.epochs(customer, "search") for customer in state.customers())

    def _make_peppers(self, state: KeyState) -> None:
        now_ms = self._clock.now_ms()
        state.ensure_pepper(CREDENTIALS, "credential", 0, self._clock.random, now_ms=now_ms)
        for customer in state.customers():
            state.ensure_pepper(customer, "idempotency", 0, self._clock.random, now_ms=now_ms)
            for epoch in (epoch_of(now_ms), epoch_of(now_ms) + 1):
                state.ensure_pepper(customer, "search", epoch, self._clock.random, now_ms=now_ms)
