"""Moves entries that wait in the ledger into the log, at an even pace, on whichever node has the folder.

A round takes what waits, oldest first, has it written and signed, and then settles it in the ledger. Where several
processes have the folder one of them does a round; the others find nothing to do. What fails is tried again in the
next one. A log that does not continue what was signed is left alone, with an alarm, until it does again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.audit.tiles import CHECKPOINT
from gateway.audit.writing import ForkFound, LogWriter, LostRace, TreeBusy
from gateway.ledger.contract import LedgerUnavailable, PendingEntry
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.process.system_errors import system_text
from redaction.errors import SealError
from redaction.notes import Note

BATCH: Final = 2_000
"""Entries of one step of a round."""

log = logger("gateway.audit")


class Sequencer:
    """writer: None on a node that leaves the log to others. Start `run` as a task.

    pending: entries that waited when it last looked, counted up to `BATCH`. forked: the log was left alone.
    """

    def __init__(self, acts: Acts, writer: LogWriter | None, clock: Clock, interval_s: float = 10.0) -> None:
        self._acts = acts
        self.writer: Final = writer
        self._clock = clock
        self._interval_s = interval_s
        self._asked = asyncio.Event()
        self._whole_s = clock.monotonic()
        self._trouble = ""
        self._oldest = 0
        self.pending = 0
        self.forked = False

    def hurry(self) -> None:
        """Do a round now."""
        self._asked.set()

    def age_s(self) -> float:
        """How long the entry that waits longest has waited for the log, as far as this process has seen; otherwise how
        long ago it looked.
        """
        return self._clock.monotonic() - self._whole_s

    def checkpoint(self) -> bytes | None:
        """The newest signed note; None where there is none here."""
        if self.writer is None:
            return None
        try:
            return (self.writer.folder / CHECKPOINT).read_bytes()
        except OSError:
            return None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.try_round()
            self._asked.clear()
            try:
                async with asyncio.timeout(self._interval_s):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def try_round(self) -> Note | None:
        """A round, whose failure is logged once and tried again with the next one."""
        try:
            note = await self.round()
        except TreeBusy:
            return None
        except (LedgerUnavailable, LostRace, OSError, SealError) as error:
            self._say("audit_not_written", system_text(error) if isinstance(error, OSError) else str(error))
            return None
        except ForkFound as fork:
            self.forked = True
            self._say("audit_fork", str(fork))
            return None
        self._trouble, self.forked = "", False
        return note

    async def round(self) -> Note | None:
        """Put everything that waits into the log; the checkpoint, if there is one here.

        Raises as `LogWriter.append`, and TreeBusy.
        """
        note: Note | None = None
        while True:
            entries = await self._acts.pending(BATCH)
            self.pending = len(entries)
            self._look_at(entries)
            if self.writer is None:
                break
            note = await asyncio.shield(asyncio.to_thread(_write, self.writer, entries))
            if entries:
                await self._acts.settle(entries[-1].number)
                self.pending = 0
            if len(entries) < BATCH:
                break
        if not self.pending:
            self._whole_s = self._clock.monotonic()
        return note

    def _look_at(self, entries: Sequence[PendingEntry]) -> None:
        """Another node may take what waits while more comes: then another entry waits longest."""
        oldest = entries[0].number if entries else 0
        if not oldest or self._oldest not in (0, oldest):
            self._whole_s = self._clock.monotonic()
        self._oldest = oldest

    def _say(self, event: str, reason: str) -> None:
        if reason != self._trouble:
            self._trouble = reason
            log.error(event, reason=reason)


def _write(writer: LogWriter, entries: Sequence[PendingEntry]) -> Note | None:
    with writer.alone():
        return writer.append(entries) if entries else writer.checkpoint()
