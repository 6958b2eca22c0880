"""What is done for the audit log once an hour, by a node that has its folder: what is too old is pruned, and reasons
along with it, keys whose overlap is over are destroyed, and customers are sent what was signed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import BadEntry
from gateway.audit.log import AuditLog
from gateway.audit.pruning import prune_before
from gateway.audit.tiles import TilesDamaged
from gateway.audit.writing import TreeBusy
from gateway.control.reasons import forget_reasons
from gateway.ledger.contract import LedgerUnavailable
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.process.system_errors import system_text
from gateway.webhooks.checkpoints import Checkpoints
from redaction.errors import SealError
from redaction.notes import BadNote, read_note

FIRST_S: Final = 60.0
"""After the start: a node that is started anew each hour keeps up, too."""
LOOK_S: Final = 3_600.0
DAY_MS: Final = 86_400_000

log = logger("gateway.audit")


class AuditUpkeep:
    """actor: of this node. keep_days: entries that are older go. Start `run` as a task."""

    def __init__(self, stores: Stores, checkpoints: Checkpoints, clock: Clock, actor: Actor, keep_days: int) -> None:
        self._acts = stores.ledger.acts
        self._audit = stores.audit
        self._writer = stores.audit.writer
        self._checkpoints = checkpoints
        self._clock = clock
        self._log = AuditLog(stores.ledger.acts, clock, actor)
        self._keep_days = keep_days

    async def run(self) -> None:
        """Until cancelled. What fails is tried again the next time."""
        wait_s = FIRST_S
        while self._writer is not None:
            await asyncio.sleep(wait_s)
            await self.look()
            wait_s = LOOK_S

    async def look(self) -> None:
        """One after the other; one that fails keeps nothing else from being done."""
        for each in (self.prune, self.forget_reasons, self.drop_former_keys, self.send_checkpoint):
            await self._try(each)

    async def prune(self) -> None:
        if self._writer is not None:
            await prune_before(self._writer, self._log, self._clock.now_ms(), self._keep_days)

    async def forget_reasons(self) -> None:
        """To which entries commit that are too old, whether they are pruned by now or not."""
        await forget_reasons(self._acts, self._clock.now_ms() - self._keep_days * DAY_MS)

    async def drop_former_keys(self) -> None:
        if self._writer is None:
            return
        dropped = await self._writer.signer.drop_former()
        if dropped:
            await self._log.write(Act.KEYS_DESTROY, what="pepper", numbers={"keys": dropped})

    async def send_checkpoint(self) -> None:
        note = await asyncio.to_thread(self._audit.checkpoint)
        if note is not None:
            await self._checkpoints.send(read_note(note))

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (TreeBusy, FileNotFoundError):
            return  # somebody else is at it, or there is no log yet
        except (LedgerUnavailable, OSError, TilesDamaged, BadEntry, SealError, BadNote) as error:
            log.warning("audit_not_kept_up", reason=system_text(error) if isinstance(error, OSError) else str(error))
