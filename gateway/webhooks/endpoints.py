"""Which customers' endpoints fail or are disabled, kept in step with the ledger.

A failure is written down only after `NOTE_AFTER_S` of failing, so an endpoint that stumbles costs no write. A note is
made over what stands and changes its state only. It speaks of the URL that failed: where another one was set meanwhile,
or the same one anew, it falls away, and the endpoint starts afresh, as the answer to the change said.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.accounts.administration import change_endpoints
from gateway.audit.actor import NODE
from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable, StoredEndpoint
from gateway.ledger.roles import AccountStore
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.sealed import Sealed

NOTE_AFTER_S: Final = 60.0
SAID_AGAIN_MS: Final = 3_600_000
"""Between two lines about one endpoint that say the same."""
ENABLED: Final = "enabled"
DISABLED: Final = "disabled"
_log = logger(__name__)


def _ignored(_customer: int) -> None:
    """Nobody waits for it."""


def resumed(before: StoredEndpoint) -> StoredEndpoint:
    """As if it were set anew. Written even where it is the same: nodes see by the row's version that they are to begin
    anew.
    """
    return msgspec.structs.replace(before, state=ENABLED, failing_since_ms=None, disabled_ms=None)


def disabled(before: StoredEndpoint, now_ms: int) -> StoredEndpoint:
    """Nothing more is sent to it, and what comes waits, until it is resumed or set anew."""
    return msgspec.structs.replace(before, state=DISABLED, disabled_ms=before.disabled_ms or now_ms)


class Endpoints:
    """State by customer. disable_after_s: failing so long without one success disables an endpoint.

    set_anew: called with a customer whose endpoint somebody set or resumed, or another node found to be back.
    """

    def __init__(
        self, store: AccountStore, clock: Clock, disable_after_s: float, set_anew: Callable[[int], None] = _ignored
    ) -> None:
        self._store = store
        self._clock = clock
        self._disable_after_ms = round(disable_after_s * 1000)
        self._version: int | None = None
        self._failing: dict[int, int] = {}
        self._noted: set[int] = set()
        self._disabled: dict[int, int] = {}
        self._urls: dict[int, Sealed] = {}
        self._changed: set[int] = set()
        self._said: dict[int, dict[str, int]] = {}
        """When a line gave this reason, by customer."""
        self._set_anew = set_anew
        self._versions: dict[int, int] | None = None
        self._unsaid: dict[int, str] = {}
        self._turn = asyncio.Lock()

    def adopt(self, disable_after_s: float) -> None:
        """From the next failure on."""
        self._disable_after_ms = round(disable_after_s * 1000)

    @property
    def failing(self) -> int:
        """Endpoints whose last request failed."""
        return len(self._failing)

    @property
    def disabled(self) -> int:
        """Endpoints that are disabled."""
        return len(self._disabled)

    def is_disabled(self, customer: int) -> bool:
        return customer in self._disabled

    def told(self, customer: int) -> None:
        """The endpoint took an event."""
        if self._failing.pop(customer, None) is not None and customer in self._noted:
            self._noted.discard(customer)
            self._changed.add(customer)

    def failed(self, customer: int, reason: str) -> None:
        """The endpoint did not take an event. reason: in fixed words."""
        now_ms = self._clock.now_ms()
        said = self._said.setdefault(customer, {})
        if now_ms - said.get(reason, -SAID_AGAIN_MS) >= SAID_AGAIN_MS:
            said[reason] = now_ms
            _log.warning("webhook_failed", customer=customer, reason=reason)
        failing_ms = now_ms - self._failing.setdefault(customer, now_ms)
        if failing_ms >= self._disable_after_ms:
            self._disable(customer, "failing")
        elif failing_ms >= NOTE_AFTER_S * 1000 and customer not in self._noted:
            self._noted.add(customer)
            self._changed.add(customer)

    def gone(self, customer: int) -> None:
        """The endpoint says that it is gone for good (410)."""
        self._disable(customer, "gone")

    async def refresh(self) -> None:
        """Write down what changed here, then read what changed elsewhere.

        Raises LedgerUnavailable, also where a note loses to others again and again: the next round tries it anew.
        """
        async with self._turn:
            if self._changed:
                await self._save()
            if self._unsaid:
                await self._say()
            version = await self._store.version()
            if version != self._version:
                self._learn({stored.customer: stored for stored in await self._store.endpoints()})
                self._version = version

    def _disable(self, customer: int, reason: str) -> None:
        if customer in self._disabled:
            return
        self._disabled[customer] = self._clock.now_ms()
        self._changed.add(customer)
        self._unsaid[customer] = reason

    async def _say(self) -> None:
        """A line for each that was disabled, with the id that people know the customer by."""
        unsaid, self._unsaid = self._unsaid, {}
        names = {each.id: each.public_id for each in await self._store.customers()}
        for customer, reason in unsaid.items():
            _log.warning("webhook endpoint disabled", customer=names.get(customer, str(customer)), reason=reason)

    async def _save(self) -> None:
        pending, self._changed = self._changed, set()
        try:
            await change_endpoints(self._store, NODE, pending, self._with_note, self._clock.now_ms())
        except LedgerUnavailable:
            self._changed |= pending
            raise
        except ChangedMeanwhile as error:
            self._changed |= pending
            raise LedgerUnavailable(str(error)) from error

    def _with_note(self, stored: StoredEndpoint) -> StoredEndpoint:
        customer = stored.customer
        if self._urls.get(customer, stored.url) != stored.url:
            return stored
        disabled_ms = self._disabled.get(customer)
        return msgspec.structs.replace(
            stored,
            state=ENABLED if disabled_ms is None else DISABLED,
            failing_since_ms=self._failing.get(customer),
            disabled_ms=disabled_ms,
        )

    def _learn(self, rows: dict[int, StoredEndpoint]) -> None:
        """Take over what the ledger says, except where a change of ours still waits to be written."""
        for customer in [*self._failing, *self._disabled, *self._noted, *self._said]:
            if customer not in rows:
                self._forget(customer)
        self._urls = {customer: stored.url for customer, stored in rows.items()}
        self._note_versions(rows)
        for customer, stored in rows.items():
            if customer not in self._changed:
                self._learn_one(customer, stored)

    def _learn_one(self, customer: int, stored: StoredEndpoint) -> None:
        if stored.state == DISABLED:
            self._disabled[customer] = stored.disabled_ms or self._clock.now_ms()
        elif customer in self._disabled:
            self._forget(customer)  # it was enabled: it starts afresh
            return
        if stored.failing_since_ms is not None:
            self._failing.setdefault(customer, stored.failing_since_ms)
            self._noted.add(customer)
        elif customer in self._noted:
            self._forget(customer)

    def _note_versions(self, rows: dict[int, StoredEndpoint]) -> None:
        """A row that was written since, and says nothing against its endpoint, is one to begin anew with."""
        before, self._versions = self._versions, {customer: stored.version for customer, stored in rows.items()}
        for customer, stored in rows.items():
            is_well = stored.state == ENABLED and stored.failing_since_ms is None
            if before is not None and is_well and before.get(customer) != stored.version:
                self._set_anew(customer)

    def _forget(self, customer: int) -> None:
        self._failing.pop(customer, None)
        self._disabled.pop(customer, None)
        self._said.pop(customer, None)
        self._noted.discard(customer)
