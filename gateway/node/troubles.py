"""What is wrong with the ledger or the machine while a node runs: one line when it begins, one when it is over.

Trouble comes and goes by the moment: a full disk takes one small commit and refuses the next. So it is over when none
was seen for `CALM_S`, and readiness follows that. The line at its end says how long it took and how many new messages
were refused meanwhile. Times are seconds of a monotonic clock.
"""

import asyncio
import errno
import os
import resource
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger

LOOK_S: Final = 0.25
CALM_S: Final = 5.0
STALLED_S: Final = 3.0
"""How long the ledger may have one batch before new messages are refused."""
DURABILITY_S: Final = 60.0
MACHINE_S: Final = 5.0
SPARE_DESCRIPTORS: Final = 16
LONG_LOG_BYTES: Final = 256 << 20
"""Of SQLite's write-ahead log, which is 96 MiB at the most while nobody reads for long."""
KINDS: Final = ("ledger", "durability", "descriptors", "log")

Check = Callable[[], Awaitable[str | None]]
"""What is wrong with a store's durability, in fixed words; None for nothing. Raises LedgerUnavailable."""

log = logger("gateway")


class Trouble:
    """One kind of it, as its lines name it. lasts: it has begun and is not over. times: how often it began."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._began_s = 0.0
        self._seen_s = 0.0
        self._refused = 0
        self.lasts = False
        self.times = 0

    def seen(self, reason: str, now_s: float) -> None:
        """It is there now."""
        self._seen_s = now_s
        if not self.lasts:
            self.lasts, self._began_s = True, now_s
            self.times += 1
            log.error("trouble", kind=self._kind, reason=reason)

    def not_seen(self, now_s: float, refused: int = 0, calm_s: float = CALM_S) -> None:
        """refused: messages refused so far, of all times."""
        if not self.lasts:
            self._refused = refused
        elif now_s - self._seen_s >= calm_s:
            self.lasts = False
            seconds = round(self._seen_s - self._began_s, 1)
            log.warning("trouble_over", kind=self._kind, seconds=seconds, count=refused - self._refused)
            self._refused = refused


class Troubles:
    """Start `run` as a task. checks: of durability, by store; `connections` changes when one was connected to anew.

    log_bytes: how long the ledger's log is.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        checks: Mapping[str, Check],
        connections: Callable[[], int],
        log_bytes: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._checks = checks
        self._connections = connections
        self.log_bytes: Final = log_bytes
        self._connected = connections()
        self._failures = journal.failures
        self._durability_s = self._machine_s = clock.monotonic()
        self.by_kind: Final = {kind: Trouble(kind) for kind in KINDS}

    @property
    def ledger_is_well(self) -> bool:
        return self._journal.available and not self.by_kind["ledger"].lasts

    @property
    def is_durable(self) -> bool:
        """Whether what the stores acknowledge is on a disk, as far as they say."""
        return not self.by_kind["durability"].lasts

    async def run(self) -> None:
        """Look at everything in its turn, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look_at_ledger()
            now_s = self._clock.monotonic()
            if now_s - self._machine_s >= MACHINE_S:
                self._machine_s = now_s
                self.look_at_descriptors()
                self.look_at_log()
            if now_s - self._durability_s >= DURABILITY_S or self._connections() != self._connected:
                self._durability_s, self._connected = now_s, self._connections()
                await self.look_at_durability()

    def look_at_ledger(self) -> None:
        """Failed commits, and one that does not come back."""
        journal, now_s = self._journal, self._clock.monotonic()
        journal.look(STALLED_S)
        trouble = self.by_kind["ledger"]
        if journal.stalled:
            trouble.seen("a commit does not come back", now_s)
        elif journal.stuck or journal.failures != self._failures:
            trouble.seen(journal.reason, now_s)
        else:
            trouble.not_seen(now_s, journal.refused)
        self._failures = journal.failures

    def look_at_descriptors(self) -> None:
        """Of this process. Without a free one the system closes new connections, and nobody is told."""
        trouble, now_s = self.by_kind["descriptors"], self._clock.monotonic()
        if spare_descriptors() < SPARE_DESCRIPTORS:
            trouble.seen("the process has no more descriptors", now_s)
        else:
            trouble.not_seen(now_s)

    def look_at_log(self) -> None:
        """It grows on the disk for as long as somebody reads from before, and gets short when they have ended."""
        trouble, now_s = self.by_kind["log"], self._clock.monotonic()
        if self.log_bytes() > LONG_LOG_BYTES:
            trouble.seen("a process reads the ledger for too long", now_s)
        else:
            trouble.not_seen(now_s)

    async def look_at_durability(self) -> None:
        """Servers are set up anew by whoever has their password, and a failover goes to another one."""
        trouble, now_s = self.by_kind["durability"], self._clock.monotonic()
        for check in self._checks.values():
            try:
                wrong = await check()
            except LedgerUnavailable:
                return  # nothing is known; that it is away is the ledger's trouble
            if wrong is not None:
                trouble.seen(wrong, now_s)
                return
        trouble.not_seen(now_s, calm_s=0.0)


def watch_for_troubles(stores: Stores, journal: Journal, clock: Clock) -> Troubles:
    """Of a node on these stores."""
    checks: dict[str, Check] = {"keys": partial(asyncio.to_thread, stores.keystore.durability_fault)}
    ledger = stores.ledger
    if isinstance(ledger, SqliteLedger):
        return Troubles(journal, clock, checks, lambda: 0, ledger.log_bytes)
    checks["ledger"] = ledger.durability_fault
    return Troubles(journal, clock, checks, lambda: ledger.connections, lambda: 0)


def spare_descriptors() -> int:
    """How many more this process may open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        return limit - len(os.listdir("/proc/self/fd"))
    except OSError as error:
        return 0 if error.errno in (errno.EMFILE, errno.ENFILE) else limit
