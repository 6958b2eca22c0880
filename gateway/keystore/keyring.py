"""The node's use of its key store: keys exist before they are needed, and changes by other processes are seen.

Period keys and peppers are made ahead of time, so that accepting a message never waits for the key store. Keys of
periods whose last content is due are destroyed here; that is what forgets.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gateway.keystore.record_tags import PURPOSE, RecordTags, dead_years, lacking_years, make_year
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.first_layout import FIRST
from redaction.keys import PLATFORM, KeyState
from redaction.personal import Msisdn, Secret
from redaction.pseudonymise import Subject, credential_digest, idempotency_digest, pseudonymise, search_all_epochs
from redaction.retention import RetentionRule, RetentionTag, period_dead_ms, period_of

log = logger("gateway.keystore.keyring")

EPOCH_MS: Final = 90 * 24 * 3600 * 1000
"""How long one pepper for search pseudonyms is used."""
CREDENTIALS: Final = 0
"""The customer number under which the gateway's own peppers are kept."""

UPGRADE_MS: Final = 24 * 3600 * 1000
"""How long nodes of the version before may still read what operators' ids are found by."""


def epoch_of(now_ms: int) -> int:
    """The pepper epoch of this time."""
    return now_ms // EPOCH_MS


class _DoneByAnother(Exception):
    """The stored state is as it should be."""


TagsFrom = Callable[[], int | None]
"""How many milliseconds from now every record that is written carries a tag; None while the ledger takes none."""


def _no_tags() -> int | None:
    """Of whoever writes no records."""
    return None


class Keyring:
    """rules: every retention rule, for which period keys are kept. tags_from: without it no key of records is made."""

    def __init__(
        self, store: Keystore, rules: Iterable[RetentionRule], clock: Clock, tags_from: TagsFrom = _no_tags
    ) -> None:
        self._store = store
        self._tags_from = tags_from
        self.tags: Final = RecordTags()
        self._rules = tuple(rules)
        self._by_tag = {rule.tag: rule for rule in self._rules}
        self._clock = clock
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
            if not upkeep.needed or not self.attended:
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

    def _upkeep(self, state: KeyState) -> "Upkeep":
        return Upkeep(state, self._rules, self._clock, self._tags_from())

    def period_at(self, tag: RetentionTag, at_ms: int) -> int:
        return period_of(self._by_tag[tag], at_ms)

    def has_period(self, tag: RetentionTag, at_ms: int) -> bool:
        """Whether there is a key for what begins then."""
        return self._store.state.has_period(tag, self.period_at(tag, at_ms))

    async def make_period(self, tag: RetentionTag, at_ms: int) -> None:
        """Make the key of that time durable, unless it is there, while the loop goes on. Raises LedgerUnavailable."""
        period = self.period_at(tag, at_ms)

        def make(state: KeyState) -> None:
            if not state.ensure_period(tag, period, self._clock.random, now_ms=self._clock.now_ms()):
                raise _DoneByAnother

        try:
            await self._store.update_apart(make, destroys=False)
        except _DoneByAnother:
            await self._store.follow()

    def ensure_customer(self, customer: int) -> None:
        """Make a new customer's keys durable."""

        def make(state: KeyState) -> None:
            state.ensure_customer(customer, self._clock.random, now_ms=self._clock.now_ms())
            make_peppers(state, self._clock)

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

    def pseudonymise(self, customer: int, number: Msisdn, now_ms: int) -> Subject:
        return pseudonymise(self._store.state, customer, number, epoch_of(now_ms))

    def credential_digest(self, secret: Secret) -> bytes:
        return credential_digest(self._store.state, secret)

    def correlation_key(self) -> tuple[bytes, int]:
        """What operators' ids are digested under, and since when in epoch milliseconds; 0: always."""
        since_ms = self._store.state.epochs(CREDENTIALS, "correlation")[0]
        return self._store.state.pepper(CREDENTIALS, "correlation", since_ms), since_ms

    def idempotency_digest(self, customer: int, key: str, index: int) -> bytes:
        return idempotency_digest(self._store.state, customer, key, index)


class Upkeep:
    """What a key state lacks for the present and the next period and epoch, and which of its keys are due.

    A period key is due when its last content is; a search pepper when every record of its epoch is gone, so that nobody
    could be found by it. Nothing is due by a clock that has jumped. destroyed: how many keys are. needed: whether there
    is anything to do.
    """

    def __init__(
        self, state: KeyState, rules: Sequence[RetentionRule], clock: Clock, tags_from_ms: int | None = None
    ) -> None:
        self._clock = clock
        self._tags_from_ms = tags_from_ms or 0
        now_ms = clock.now_ms()
        live = set(state.periods())
        wanted = [(rule.tag, period_of(rule, now_ms) + ahead) for rule in rules for ahead in (0, 1)]
        self._missing = [name for name in wanted if name not in live]
        self._periods = _dead_periods(state, rules, now_ms) if clock.is_sound else []
        self._epochs = _dead_epochs(state, rules, now_ms) if clock.is_sound else []
        self._secrets = _dead_secrets(state, rules, now_ms) if clock.is_sound else []
        self._years = [] if tags_from_ms is None else lacking_years(state, now_ms)
        dead = dead_years(state, rules, now_ms) if clock.is_sound else []
        self._epochs += [(PLATFORM, PURPOSE, year) for year in dead]
        self.destroyed = len(self._periods) + len(self._epochs) + len(self._secrets)
        self.needed = bool(self._missing or self._years) or self.destroyed > 0 or _lacks_peppers(state, now_ms)

    def do(self, state: KeyState) -> None:
        for tag, period in self._missing:
            state.ensure_period(tag, period, self._clock.random, now_ms=self._clock.now_ms())
        for tag, period in self._periods:
            state.drop_period(tag, period)
        make_peppers(state, self._clock)
        for year in self._years:
            make_year(state, year, self._clock.random, self._clock.now_ms() + self._tags_from_ms)
        for name in self._epochs:
            state.drop_epoch(*name)
        for purpose, epoch in self._secrets:
            state.drop_secret(purpose, epoch)


def make_peppers(state: KeyState, clock: Clock) -> None:
    """Every pepper that the present and the next epoch need, or what they are derived from."""
    now_ms = clock.now_ms()
    ahead = (epoch_of(now_ms), epoch_of(now_ms) + 1)
    if not state.epochs(CREDENTIALS, "correlation"):
        is_fresh = not state.epochs(CREDENTIALS, "credential")
        since_ms = 0 if is_fresh else now_ms + UPGRADE_MS
        state.ensure_pepper(CREDENTIALS, "correlation", since_ms, clock.random, now_ms=now_ms)
    state.ensure_pepper(CREDENTIALS, "credential", 0, clock.random, now_ms=now_ms)
    if state.layout > FIRST:
        for epoch in ahead:
            state.ensure_secret("search", epoch, clock.random, now_ms=now_ms)
        return
    for customer in state.customers():
        state.ensure_pepper(customer, "idempotency", 0, clock.random, now_ms=now_ms)
        for epoch in ahead:
            state.ensure_pepper(customer, "search", epoch, clock.random, now_ms=now_ms)


def next_destruction_ms(state: KeyState, rules: Sequence[RetentionRule]) -> int | None:
    """When the first of the live period keys is due; copies of the key store are dead from then on."""
    by_tag = {rule.tag: rule for rule in rules}
    return min((period_dead_ms(by_tag[tag], period) for tag, period in state.periods() if tag in by_tag), default=None)


def _dead_periods(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[tuple[RetentionTag, int]]:
    by_tag = {rule.tag: rule for rule in rules}
    return [
        (tag, period)
        for tag, period in state.periods()
        if tag in by_tag and period_dead_ms(by_tag[tag], period) <= now_ms
    ]


def _dead_epochs(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[tuple[int, str, int]]:
    return [
        (customer, "search", epoch)
        for customer in state.customers()
        for epoch in state.own_epochs(customer, "search")
        if _is_over(epoch, rules, now_ms)
    ]


def _dead_secrets(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[tuple[str, int]]:
    return [
        (purpose, epoch)
        for purpose, tag, epoch in state.secrets()
        if purpose == "search" and not tag and _is_over(epoch, rules, now_ms)
    ]


def _is_over(epoch: int, rules: Sequence[RetentionRule], now_ms: int) -> bool:
    """Whether every record of the epoch is gone."""
    return (epoch + 1) * EPOCH_MS <= now_ms - max((rule.record_s for rule in rules), default=0) * 1000


def _lacks_peppers(state: KeyState, now_ms: int) -> bool:
    if not state.epochs(CREDENTIALS, "credential") or not state.epochs(CREDENTIALS, "correlation"):
        return True
    ahead = epoch_of(now_ms) + 1
    if state.layout > FIRST:
        made = state.secrets()
        return any(("search", "", epoch) not in made for epoch in (ahead - 1, ahead))
    return any(ahead not in state.epochs(customer, "search") for customer in state.customers())
