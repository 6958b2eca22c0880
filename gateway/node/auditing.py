"""What a node writes down of itself: that it started, took over and stopped, and each minute what it did at rate.

Messages are opened and forgotten by thousands a second; the log has their totals by purpose, per node and minute.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import Act
from gateway.audit.entries import named
from gateway.audit.log import OPEN_MS, AuditLog, close_open
from gateway.keystore.installation import Step, shown
from gateway.ledger.contract import INSTALLATION, LedgerUnavailable
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.retention.sweeper import Sweeper
from redaction.personal import Purpose

MINUTE_S: Final = 60.0

Totals = dict[tuple[Act, str], dict[str, int]]
"""Counts since the start, by act and its word."""


class Auditing:
    """Start `run` as a task, after `begin`. node: the id of this process, random, in every entry of its own."""

    def __init__(self, stores: Stores, sweeper: Sweeper, clock: Clock) -> None:
        self.node: Final = f"node_{clock.random(8).hex()}"
        self._stores = stores
        self._sweeper = sweeper
        self._clock = clock
        self.actor: Final = Actor(ActorKind.NODE, self.node)
        self._log = AuditLog(stores.ledger.acts, clock, self.actor)
        self._written: Totals = {}
        self._partitions = 0

    async def begin(self) -> None:
        """Raises LedgerUnavailable."""
        now_ms, acts = self._clock.now_ms(), self._stores.ledger.acts
        await close_open(acts, self._clock, before_ms=now_ms - OPEN_MS)
        begun = [self._log.entry(Act.NODE_START, self.node)]
        if self._stores.opened.step is Step.BEGIN:
            installation = named("inst", shown(self._stores.opened.installation))
            begun.insert(0, self._log.entry(Act.INSTALLATION_BEGIN, installation))
        await acts.act((), begun)

    async def run(self) -> None:
        """Until cancelled. What cannot be written now is in the totals of a later minute."""
        while True:
            await asyncio.sleep(MINUTE_S)
            with suppress(LedgerUnavailable):
                await self.write_totals()

    async def end(self) -> None:
        """What is left, and that it stops; then into the log with it."""
        with suppress(LedgerUnavailable):
            await self.write_totals()
            await self._write([self._log.entry(Act.NODE_STOP, self.node)])
        await self._stores.audit.try_round()

    async def write_totals(self) -> None:
        """What was done since the last time. Raises LedgerUnavailable, and then everything is said the next time."""
        totals, minute = self._totals(), self._clock.now_ms() // 60_000
        entries = [
            self._log.entry(act, self.node, what=what, numbers=counts | {"minute": minute})
            for (act, what), counts in self._news(totals)
        ]
        partitions = 0 if self._stores.peers is None else self._stores.peers.partitions
        if partitions != self._partitions:
            entries.append(self._log.entry(Act.NODE_TAKEOVER, self.node, numbers={"partitions": partitions}))
        if entries:
            await self._write(entries)
        self._written, self._partitions = totals, partitions

    async def _write(self, entries: Sequence[bytes]) -> None:
        """Raises LedgerUnavailable, also where the ledger was lost: nothing is begun in its place."""
        ledger = self._stores.ledger
        if INSTALLATION not in await ledger.marks.all():
            raise LedgerUnavailable("this ledger was lost")
        await ledger.acts.act((), entries)

    def _news(self, totals: Totals) -> Iterator[tuple[tuple[Act, str], dict[str, int]]]:
        for name, counts in totals.items():
            before = self._written.get(name, {})
            news = {each: count - before.get(each, 0) for each, count in counts.items()}
            if any(news.values()):
                yield name, news

    def _totals(self) -> Totals:
        sealer = self._stores.sealer
        totals: Totals = {}
        for name, counts in (("opened", sealer.opened), ("refused", sealer.refused)):
            for purpose, count in _by_purpose(counts).items():
                totals.setdefault((Act.OPENINGS_MINUTE, purpose), {"opened": 0, "refused": 0})[name] = count
        totals[Act.RETENTION_RUN, ""] = msgspec.structs.asdict(self._sweeper.totals)
        return totals


def _by_purpose(counts: Mapping[tuple[Purpose, str], int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (purpose, _field), count in counts.items():
        totals[purpose.value] = totals.get(purpose.value, 0) + count
    return totals
