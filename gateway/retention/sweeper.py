"""Forgetting on time: keys first, then what rows hold, then the rows, then what the store still has of them.

One loop per node. A sweep works in small steps at an even pace, so that accepting goes on beside it: as many messages
in bursts hold up the same loop for longer. Overdue content cannot be read meanwhile: the ledger does not find a record
past its clock, and the vault does not open content past its own. So a late sweep is a fact for operations (`due`, the
lag), and not one that anybody outside can see.

A record is counted as what its row says only if its tag holds. A second look goes by ids, which carry the time: what is
older than any clock is forgotten whatever its row says, unless its tag holds and so does its own clock.

A sweep may die after any step; the next one goes on from what is stored.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from config.settings import SweeperSettings
from gateway.keystore.keyring import Keyring
from gateway.keystore.record_tags import Verdict
from gateway.ledger.contract import LedgerUnavailable, TagDue
from gateway.ledger.roles import Permissions, Retention
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.retention.integrity import Integrity

RECORD_TURNS: Final = 50
"""Steps of records after which content is looked for again."""

SLACK_MS: Final = 24 * 3600 * 1000
"""By then a sweep was there, even of a store that was away."""

LATE_S: Final = 0.05
"""How much of a delay shorter rests make up for."""

log = logger("gateway.retention.sweeper")


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep did. keys: period keys and peppers destroyed. leftovers: digests, events, links, consents."""

    keys: int
    content: int
    records: int
    leftovers: int


NOTHING: Final = Swept(keys=0, content=0, records=0, leftovers=0)


class Sweeper:
    """totals: what all sweeps did since the start. due: what was overdue after the last one. failed: sweeps that the
    ledger or the key store could not do. nodes: how many sweep the same ledger now, each its own part, at one pace
    together. schedule_s: how far ahead a message may be due. permissions: consents and suppressions, which end too;
    None for whoever has none.
    """

    def __init__(
        self,
        *,
        retention: Retention,
        keyring: Keyring,
        clock: Clock,
        settings: SweeperSettings,
        integrity: Integrity,
        schedule_s: int,
        nodes: Callable[[], int] = lambda: 1,
        permissions: Permissions | None = None,
    ) -> None:
        self._retention = retention
        self._integrity = integrity
        self._oldest_ms = keyring.longest_ms + schedule_s * 1000 + SLACK_MS
        self._keyring = keyring
        self._clock = clock
        self._settings = settings
        self._nodes = nodes
        self._permissions = permissions
        self._next_step_s = 0.0
        self._hastened = asyncio.Event()
        self.totals = NOTHING
        self.due: Sequence[TagDue] = ()
        self.failed = 0

    def adopt(self, settings: SweeperSettings) -> None:
        """From the next step on."""
        self._settings = settings

    async def run(self) -> None:
        """Sweep again and again, until cancelled."""
        while True:
            try:
                await self.sweep()
            except LedgerUnavailable:
                self.failed += 1
                log.warning("sweep_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.interval_s):
                    await self._hastened.wait()
            self._hastened.clear()

    def hasten(self) -> None:
        """Let the next sweep of `run` begin at once, or follow at once where one is under way."""
        self._hastened.set()

    async def sweep(self) -> Swept:
        """Forget everything that is due now: nothing, by a clock that has jumped.

        Raises LedgerUnavailable; what was done by then stands.
        """
        if not self._clock.is_sound:
            return NOTHING
        now_ms, began = self._clock.now_ms(), self._clock.monotonic()
        keys = await self._keyring.keep_present()
        content, records = await self._forget_messages(now_ms)
        records += await self._forget_oldest(now_ms)
        swept = Swept(keys=keys, content=content, records=records, leftovers=await self._forget_leftovers(now_ms))
        self._note(swept, self._clock.monotonic() - began)
        self.due = await self._retention.overdue(self._clock.now_ms())
        if swept.content or swept.records or swept.leftovers:
            await self._retention.checkpoint()
        return swept

    async def _forget_messages(self, now_ms: int) -> tuple[int, int]:
        content = records = 0
        while True:
            emptied = await self._drain_content(now_ms)
            deleted = await self._drain_records(now_ms)
            content += emptied
            records += deleted
            if not emptied and not deleted:
                return content, records

    async def _drain_content(self, now_ms: int) -> int:
        total = 0
        while count := await self._retention.forget_content(now_ms, self._settings.batch_limit):
            total += count
            await self._rest(count)
        return total

    async def _drain_records(self, now_ms: int) -> int:
        """Some steps of records."""
        total = 0
        for _ in range(RECORD_TURNS):
            count = await self._forget_records(now_ms)
            total += count
            await self._rest(count)
            if count < self._settings.batch_limit:
                break
        return total

    async def _forget_records(self, now_ms: int) -> int:
        """One step: those that are wrong are destroyed, the others counted."""
        found = await self._retention.due_records(now_ms, self._settings.batch_limit)
        right = await self._integrity.right(found)
        gone = await self._retention.forget_records(now_ms, len(right)) if right else 0
        return gone + len(found) - len(right)

    async def _forget_oldest(self, now_ms: int) -> int:
        """What no clock can still keep, by its id."""
        total, cursor, check = 0, None, self._integrity.tags.check
        while True:
            found, cursor = await self._retention.records_before(
                now_ms - self._oldest_ms, cursor, self._settings.batch_limit
            )
            right = await self._integrity.right(found)
            total += len(found) - len(right)
            over = [it.id for it in right if it.record_until_ms <= now_ms or check(it) is not Verdict.RIGHT]
            total += await self._retention.forget_these(over, counted=True) if over else 0
            await self._rest(len(found))
            if cursor is None:
                return total

    async def _forget_leftovers(self, now_ms: int) -> int:
        total = 0
        while count := await self._retention.forget_leftovers(now_ms, self._settings.batch_limit):
            total += count
            await self._rest(count)
        while self._permissions is not None and (
            count := await self._permissions.forget_ended(now_ms, self._settings.batch_limit)
        ):
            total += count
            await self._rest(count)
        return total

    async def _rest(self, count: int) -> None:
        """Wait until another step is due. A step that came late is made up for by a shorter rest, but not for long."""
        per_s = self._settings.messages_per_s / max(1, self._nodes())
        now_s = asyncio.get_running_loop().time()
        if per_s:
            self._next_step_s = max(self._next_step_s, now_s - LATE_S) + count / per_s
        await asyncio.sleep(max(0.0, self._next_step_s - now_s))

    def _note(self, swept: Swept, seconds: float) -> None:
        before = self.totals
        self.totals = Swept(
            keys=before.keys + swept.keys,
            content=before.content + swept.content,
            records=before.records + swept.records,
            leftovers=before.leftovers + swept.leftovers,
        )
        if swept.keys:
            log.info("keys_destroyed", count=swept.keys)
        if swept.records:
            log.info("records_forgotten", count=swept.records, seconds=round(seconds, 3))
