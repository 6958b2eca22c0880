"""The node's use of its key store: keys exist before they are needed, and changes by other processes are seen.

Period keys and peppers are made ahead of time, so that accepting a message never waits for the key store. Keys of
periods whose last content is due are destroyed here; that is what forgets.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from gateway.keystore.record_tags import RecordTags
from gateway.keystore.store import Keystore
from gateway.keystore.upkeep import CREDENTIALS, Upkeep, make_peppers
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction import search_epochs
from redaction.customer_keys import SEARCH_SINCE
from redaction.epoch_secrets import SEARCH
from redaction.errors import KeysWithheld
from redaction.keys import KeyState, Place
from redaction.personal import Msisdn, Secret
from redaction.pseudonymise import (
    Digests,
    Subject,
    credential_digest,
    former_leaves,
    idempotency_digests,
    names_at,
    pseudonymise,
)
from redaction.retention import RetentionRule, RetentionTag, period_of
from redaction.sealed import Pseudonym

log = logger("gateway.keystore.keyring")


class _DoneByAnother(Exception):
    """The stored state is as it should be."""


TagsFrom = Callable[[], int | None]
"""How many milliseconds from now every record that is written carries a tag; None while the ledger takes none."""


def _no_tags() -> int | None:
    """Of whoever writes no records."""
    return None


class AuditKey(NamedTuple):
    """A key of the audit log. made_ms: when it took over."""

    epoch: int
    made_ms: int
    seed: bytes


class Keyring:
    """rules: every retention rule, for which period keys are kept. tags_from: without it no key of records is made.
    destroys_from_ms: until then nothing is destroyed because its time has come, and nothing is made.
    """

    def __init__(
        self, store: Keystore, rules: Iterable[RetentionRule], clock: Clock, tags_from: TagsFrom = _no_tags
    ) -> None:
        self._store = store
        self._tags_from = tags_from
        self.tags: Final = RecordTags(clock.now_ms)
        self._rules = tuple(rules)
        self._by_tag = {rule.tag: rule for rule in self._rules}
        self._clock = clock
        self.destroys_from_ms = 0
        self._losses = 0
        self._keyless = False

    @property
    def attended(self) -> bool:
        """Whether keys may be used: this node has reached the key store in time."""
        return self._store.check()

    @property
    def longest_ms(self) -> int:
        """How long a record lives at most, from its acceptance or its due time on."""
        return max((rule.record_s for rule in self._rules), default=0) * 1000

    @property
    def state(self) -> KeyState:
        return self._store.state

    def ensure_present(self) -> int:
        """Make what will be needed next, destroy what is due; how many keys were destroyed.

        Writes only when something is missing or due.
        """
        upkeep = self._upkeep(self._store.state)
        try:
            return self._store.update(self._keep, destroys=upkeep.destroyed > 0) if upkeep.needed else 0
        except _DoneByAnother:
            self._store.refresh()
            return 0
        finally:
            self.tags.take(self._store.state)

    async def keep_present(self) -> int:
        """As `ensure_present`, while the loop goes on."""
        upkeep = self._upkeep(self._store.state)
        try:
            waits = upkeep.destroyed > 0 and self._clock.now_ms() < self.destroys_from_ms
            if not upkeep.needed or not self.attended or waits:
                return 0
            return await self._store.update_apart(self._keep, destroys=upkeep.destroyed > 0)
        except _DoneByAnother:
            await self._store.follow()
            return 0
        finally:
            self.tags.take(self._store.state)

    def _keep(self, state: KeyState) -> int:
        """What the newest state lacks and has too much of; nodes that share it notice the same at the same time."""
        upkeep = self._upkeep(state)
        if not upkeep.needed:
            raise _DoneByAnother
        upkeep.do(state)
        return upkeep.destroyed

    def _upkeep(self, state: KeyState) -> Upkeep:
        return Upkeep(state, self._rules, self._clock, self._tags_from())

    def period_at(self, tag: RetentionTag, at_ms: int) -> int:
        return period_of(self._by_tag[tag], at_ms)

    def has_keys(self, tag: RetentionTag, at_ms: int) -> bool:
        """Whether what begins then can be sealed, and its person named."""
        state = self._store.state
        return state.has_period(tag, self.period_at(tag, at_ms)) and search_epochs.is_there(state, tag, at_ms)

    async def make_keys(self, tag: RetentionTag, at_ms: int) -> None:
        """Make the keys of that time durable unless they are there, while the loop runs. Raises LedgerUnavailable."""
        period, epoch = self.period_at(tag, at_ms), search_epochs.epoch_of(at_ms)

        def make(state: KeyState) -> None:
            random, now_ms = self._clock.random, self._clock.now_ms()
            made = state.ensure_period(tag, period, random, now_ms=now_ms)
            if state.layout >= SEARCH_SINCE:
                made |= state.ensure_secret(SEARCH, epoch, random, tag=tag, now_ms=now_ms)
            if not made:
                raise _DoneByAnother

        try:
            await self._store.update_apart(make, destroys=False)
        except _DoneByAnother:
            await self._store.follow()

    def ensure_customer(self, customer: int) -> None:
        """Make a new customer's keys durable."""

        def make(state: KeyState) -> None:
            state.ensure_customer(customer, self._clock.random, now_ms=self._clock.now_ms())
            make_peppers(state, self._by_tag, self._clock)

        self._store.update(make, destroys=False)

    def former_leaves(self, customer: int, number: Msisdn) -> dict[Pseudonym, int]:
        """See `redaction.pseudonymise`. Raises KeysWithheld."""
        if not self.attended:
            raise KeysWithheld
        return former_leaves(self._store.state, customer, number)

    async def forget(self, places: Callable[[KeyState], Collection[Place]]) -> int:
        """Destroy what was sealed under the leaves that `places` finds, in every copy; how many there still were.

        Raises LedgerUnavailable.
        """

        def forget(state: KeyState) -> int:
            count = state.forget(places(state))
            if not count:
                raise _DoneByAnother
            return count

        try:
            return await self._store.update_apart(forget, destroys=True)
        except _DoneByAnother:
            await self._store.follow()
            return 0

    def forget_customer(self, customer: int) -> bool:
        """Destroy all that is sealed for a customer who leaves, in every copy; whether there was a key."""
        return self._store.update(lambda state: state.drop_customer(customer), destroys=True)

    async def run(self, interval_s: float = 0.5, *, on_return: Callable[[], None] | None = None) -> None:
        """Watch for other processes' changes, and keep the lease where there is one. Waits for no change of its own.

        on_return: called each time that keys may be used again after they were withheld.
        """
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self._store.follow()
            except LedgerUnavailable as error:
                log.warning("keystore_unavailable", reason=str(error))
            if self._have_returned() and on_return is not None:
                on_return()

    async def look_after(self, interval_s: float = 20.0) -> None:
        """Keep periods and epochs present. A disk or a root slot that does not answer is asked again: keys are made a
        period ahead.
        """
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self.keep_present()
            except LedgerUnavailable as error:
                log.warning("keys_not_kept", reason=str(error))

    def _have_returned(self) -> bool:
        """Whether keys may be used again, for the first time since they were withheld."""
        attended = self.attended
        if self._losses != self._store.losses:
            self._losses, self._keyless = self._store.losses, True
            log.error("keys_withheld")
        if self._keyless and attended:
            self._keyless = False
            log.info("keys_returned")
            return True
        return False

    def pseudonymise(self, customer: int, number: Msisdn, tag: RetentionTag, at_ms: int) -> Subject:
        """Who a person is in a record of this tag that begins then. Raises KeyDestroyed, and KeysWithheld."""
        epoch, name = search_epochs.serving(self._store.state, tag, at_ms)
        return pseudonymise(self._store.state, customer, number, epoch, SEARCH, name)

    def names_at(self, customer: int, number: Msisdn, tag: RetentionTag, times_ms: Iterable[int]) -> set[Pseudonym]:
        """See `redaction.pseudonymise`. Raises KeysWithheld."""
        if not self.attended:
            raise KeysWithheld
        return names_at(self._store.state, customer, number, tag, times_ms)

    def credential_digest(self, secret: Secret, epoch: int) -> bytes:
        """epoch: of the pepper."""
        return credential_digest(self._store.state, secret, epoch)

    def credential_epoch(self) -> int:
        """Of the pepper under which new credentials are kept."""
        return self._store.state.epochs(CREDENTIALS, "credential")[-1]

    def correlation_key(self) -> tuple[bytes, int]:
        """What operators' ids are digested under, and since when in epoch milliseconds; 0: always."""
        since_ms = self._store.state.epochs(CREDENTIALS, "correlation")[0]
        return self._store.state.pepper(CREDENTIALS, "correlation", since_ms), since_ms

    def audit_keys(self) -> list[AuditKey]:
        """What the audit log is signed with, the present one first. Raises KeyDestroyed, and KeysWithheld."""
        state = self._store.state
        own = state.own_keys(CREDENTIALS, "audit")
        return [
            AuditKey(epoch, own[epoch].created_ms if epoch in own else 0, state.pepper(CREDENTIALS, "audit", epoch))
            for epoch in reversed(state.epochs(CREDENTIALS, "audit") or [0])
        ]

    def idempotency_digests(self, customer: int, key: str, now_ms: int, index: int) -> Digests:
        return idempotency_digests(self._store.state, customer, key, now_ms, index)
