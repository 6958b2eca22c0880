"""Which keys there must be now and soon, and which are due for destruction."""

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.keystore import handing_over
from gateway.keystore.record_tags import PURPOSE, dead_years, lacking_years, make_year
from gateway.process.clock import Clock
from redaction import search_epochs, windows
from redaction.customer_keys import LASTING_EPOCH, SEARCH_SINCE, TURNING_SINCE
from redaction.epoch_secrets import SEARCH
from redaction.first_layout import FIRST
from redaction.keys import KeyState
from redaction.pseudonymise import IDEMPOTENCY
from redaction.retention import RetentionRule, RetentionTag, period_dead_ms, period_of
from redaction.retired_keys import Retired, still_needed
from redaction.search_epochs import FORMER_EPOCH_MS, former_epoch_of

CREDENTIALS: Final = 0
"""The customer number under which the gateway's own peppers are kept."""

LASTING: Final = ("consent", "suppress")
"""Purposes whose peppers last as long as any row that is found by them, and are derived from one secret each."""

STOP_LINKS: Final = "stop"
"""The gateway's own: what links by which people stop messages are enciphered with."""

UPGRADE_MS: Final = 24 * 3600 * 1000
"""How long nodes of the version before may still read what operators' ids are found by."""


class Upkeep:
    """What a key state lacks for the present and the next period and epoch, and which of its keys are due.

    A period key is due when its last content is; a secret for search when every record of its tag and epoch is gone, so
    that nobody could be found by it, and it is handed over to the custodian before, if there is one; a pepper with
    short epochs when nothing is looked for by it any more. Nothing is due by a clock that has jumped.

    tags_from_ms: how soon records must carry tags of their own; None makes no keys for these.
    destroyed: how many keys are. needed: whether there is anything to do.
    """

    def __init__(
        self, state: KeyState, rules: Sequence[RetentionRule], clock: Clock, tags_from_ms: int | None = None
    ) -> None:
        self._clock = clock
        self._tags_from_ms = tags_from_ms or 0
        self._tags = [rule.tag for rule in rules]
        now_ms = clock.now_ms()
        live = set(state.periods())
        wanted = [(rule.tag, period_of(rule, now_ms) + ahead) for rule in rules for ahead in (0, 1)]
        self._missing = [name for name in wanted if name not in live]
        self._periods = _dead_periods(state, rules, now_ms) if clock.is_sound else []
        self._epochs = _dead_epochs(state, rules, now_ms) if clock.is_sound else []
        self._secrets = _dead_secrets(state, rules, now_ms) if clock.is_sound else []
        self._handed = handing_over.due(state, rules, now_ms) if clock.is_sound else []
        self._over = handing_over.over(state, rules, now_ms) if clock.is_sound else []
        self._years = [] if tags_from_ms is None else lacking_years(state, now_ms)
        dead = dead_years(state, rules, now_ms) if clock.is_sound else []
        self._epochs += [(CREDENTIALS, PURPOSE, year) for year in dead]
        dead_secrets = [*self._secrets, *((SEARCH, *each) for each in self._over)]
        self._retired = _thinned(state, self._periods, dead_secrets) if clock.is_sound else {}
        self.destroyed = len(self._periods) + len(self._epochs) + len(self._secrets) + len(self._retired)
        self.destroyed += len(self._handed) + len(self._over)
        is_short = bool(self._missing or self._years) or _lacks_peppers(state, self._tags, now_ms)
        self.needed = is_short or self.destroyed > 0

    def do(self, state: KeyState) -> None:
        for tag, period in self._missing:
            state.ensure_period(tag, period, self._clock.random, now_ms=self._clock.now_ms())
        for tag, period in self._periods:
            state.drop_period(tag, period)
        make_peppers(state, self._tags, self._clock)
        for year in self._years:
            make_year(state, year, self._clock.random, self._clock.now_ms() + self._tags_from_ms)
        for name in self._epochs:
            state.drop_epoch(*name)
        for purpose, said, epoch in self._secrets:
            state.drop_secret(purpose, epoch, said)
        self._hand_over(state)
        for customer, left in self._retired.items():
            state.set_retired(customer, left)

    def _hand_over(self, state: KeyState) -> None:
        for tag, epoch in self._handed:
            state.hand_over(tag, epoch, self._clock.random, now_ms=self._clock.now_ms())
        for tag, epoch in self._over:
            state.drop_handed(tag, epoch)


def make_peppers(state: KeyState, tags: Iterable[RetentionTag], clock: Clock) -> None:
    """Every pepper that the present and the next epoch need, or what they are derived from. tags: of every rule."""
    now_ms = clock.now_ms()
    is_fresh = not state.epochs(CREDENTIALS, "credential")
    for purpose in windows.EPOCH_MS if state.layout >= TURNING_SINCE else ():
        for epoch in windows.wanted(state, purpose, now_ms, is_new=is_fresh):
            state.ensure_secret(purpose, epoch, clock.random, now_ms=now_ms)
    if not state.epochs(CREDENTIALS, "correlation"):
        since_ms = 0 if is_fresh else now_ms + UPGRADE_MS
        state.ensure_pepper(CREDENTIALS, "correlation", since_ms, clock.random, now_ms=now_ms)
    for purpose in ("credential", "audit", "person"):
        if not state.epochs(CREDENTIALS, purpose):
            state.ensure_pepper(CREDENTIALS, purpose, 0, clock.random, now_ms=now_ms)
    _make_lasting(state, clock)
    _make_search(state, tags, clock)


def _make_lasting(state: KeyState, clock: Clock) -> None:
    now_ms = clock.now_ms()
    if not state.own_epochs(CREDENTIALS, STOP_LINKS):
        state.ensure_pepper(CREDENTIALS, STOP_LINKS, LASTING_EPOCH, clock.random, now_ms=now_ms)
    for purpose in LASTING if state.layout > FIRST else ():
        state.ensure_secret(purpose, LASTING_EPOCH, clock.random, now_ms=now_ms)


def _make_search(state: KeyState, tags: Iterable[RetentionTag], clock: Clock) -> None:
    """In the form of the layout."""
    now_ms = clock.now_ms()
    if state.layout >= SEARCH_SINCE:
        for tag, epoch in search_epochs.wanted(tags, now_ms):
            state.ensure_secret(SEARCH, epoch, clock.random, tag=tag, now_ms=now_ms)
        return
    ahead = (former_epoch_of(now_ms), former_epoch_of(now_ms) + 1)
    if state.layout > FIRST:
        for epoch in ahead:
            state.ensure_secret(SEARCH, epoch, clock.random, now_ms=now_ms)
        return
    for customer in state.customers():
        state.ensure_pepper(customer, IDEMPOTENCY, 0, clock.random, now_ms=now_ms)
        for epoch in ahead:
            state.ensure_pepper(customer, SEARCH, epoch, clock.random, now_ms=now_ms)


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
    found = [
        (customer, SEARCH, epoch)
        for customer in state.customers()
        for epoch in state.own_epochs(customer, SEARCH)
        if _is_over(epoch, rules, now_ms)
    ]
    if windows.is_past(state, IDEMPOTENCY, now_ms):
        found += [
            (each, IDEMPOTENCY, LASTING_EPOCH) for each in state.customers() if state.own_epochs(each, IDEMPOTENCY)
        ]
    return found


def _dead_secrets(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[tuple[str, str, int]]:
    by_tag = {rule.tag: rule for rule in rules}
    found = [
        (purpose, tag, epoch)
        for purpose, tag, epoch in state.secrets()
        if purpose == SEARCH and search_epochs.is_over(by_tag, tag, epoch, now_ms)
    ]
    over = [(purpose, windows.over(state, purpose, now_ms)) for purpose in windows.EPOCH_MS]
    return found + [(purpose, "", epoch) for purpose, epochs in over for epoch in epochs]


def _thinned(
    state: KeyState, periods: Sequence[tuple[RetentionTag, int]], secrets: Sequence[tuple[str, str, int]]
) -> dict[int, list[Retired]]:
    """By customer, what is left of replaced keys where less is needed without these periods and secrets."""
    if not state.retired():
        return {}
    families = state.families
    gone, over = set(periods), set(secrets)
    periods_ms = [each.created_ms for name, each in families.periods.items() if name not in gone]
    secrets_ms = [(name[0], each.created_ms) for name, each in families.secrets.items() if name not in over]
    secrets_ms += [(SEARCH, each.created_ms) for name, each in state.handed.rows.items() if (SEARCH, *name) not in over]
    left = {name: still_needed(each, periods_ms, secrets_ms) for name, each in state.retired().items()}
    return {name: each for name, each in left.items() if each != list(state.retired()[name])}


def _is_over(epoch: int, rules: Sequence[RetentionRule], now_ms: int) -> bool:
    """Whether every record of an epoch of before is gone."""
    return (epoch + 1) * FORMER_EPOCH_MS <= now_ms - max((rule.record_s for rule in rules), default=0) * 1000


def _lacks_peppers(state: KeyState, tags: Iterable[RetentionTag], now_ms: int) -> bool:
    if not all(state.epochs(CREDENTIALS, purpose) for purpose in ("credential", "correlation", "audit", "person")):
        return True
    if not state.own_epochs(CREDENTIALS, STOP_LINKS):
        return True
    if state.layout > FIRST and not all(state.has_secret(purpose, LASTING_EPOCH) for purpose in LASTING):
        return True
    if state.layout >= TURNING_SINCE and any(
        not state.has_secret(purpose, epoch)
        for purpose in windows.EPOCH_MS
        for epoch in windows.wanted(state, purpose, now_ms, is_new=False)
    ):
        return True
    if state.layout >= SEARCH_SINCE:
        wanted = search_epochs.wanted(tags, now_ms)
        return any(not state.has_secret(SEARCH, epoch, tag) for tag, epoch in wanted)
    ahead = former_epoch_of(now_ms) + 1
    if state.layout > FIRST:
        return any(not state.has_secret(SEARCH, epoch) for epoch in (ahead - 1, ahead))
    return any(ahead not in state.epochs(customer, SEARCH) for customer in state.customers())
