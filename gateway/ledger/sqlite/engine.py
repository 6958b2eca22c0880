"""The embedded engine: one SQLite file, one node, group commits that are on disk when `apply` returns.

WAL with `synchronous=FULL`: a commit is one fsync. Reads use a connection of their own, so they see what is committed,
and a read during a commit does not wait for it. `secure_delete` writes zeros over what is deleted; a checkpoint empties
the write-ahead log after a destruction. Other processes (the command line) open the file with `exclusive=False` and may
write accounts meanwhile.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.ledger.contract import LedgerFacts, NothingThere, WriteOp, WriteResult
from gateway.ledger.file_lock import NodeLock
from gateway.ledger.sqlite.accounts import AccountBook
from gateway.ledger.sqlite.acts import Acts
from gateway.ledger.sqlite.balances import Balances
from gateway.ledger.sqlite.batch import Batch
from gateway.ledger.sqlite.connecting import BUSY_LIMIT_S
from gateway.ledger.sqlite.counters import Counters
from gateway.ledger.sqlite.errors import unreachable
from gateway.ledger.sqlite.file import COMMIT_ON_LOOP_S, SqliteFile
from gateway.ledger.sqlite.large_commits import LargeCommits
from gateway.ledger.sqlite.looking import looked_at
from gateway.ledger.sqlite.messages import Messages
from gateway.ledger.sqlite.outbox import Outbox
from gateway.ledger.sqlite.permissions import Permissions
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.retention import Retention
from gateway.ledger.sqlite.usage import Usage
from gateway.ledger.sqlite.whole import Copies, Formats, Marks
from gateway.ledger.sqlite.work import Work
from gateway.ledger.sqlite.writer import FileWriter, Writer
from gateway.ledger.sqlite.writer_calls import Asked
from gateway.ledger.sqlite.writer_client import ApartWriter
from gateway.ledger.sqlite.writer_moving import MovingWriter
from gateway.process.clock import Clock


class SqliteLedger:
    """See `gateway.ledger.roles.Ledger`.

    exclusive: take the node's lock. synchronous: SQLite's setting of that name; anything below "full" can lose
    acknowledged messages when the machine loses power, and is for tests. busy_limit_s: how long a write waits for
    another process's before it raises LedgerUnavailable. commit_on_loop_s: how long a commit may take on average to be
    waited for on the event loop; 0 always takes a thread. apart: write in a process of its own, where commits never
    wait for the loop nor the loop for them. moves_at: otherwise begin on the loop, and go on in such a process once
    commits have been so large for so long.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        exclusive: bool = True,
        synchronous: str = "full",
        busy_limit_s: float = BUSY_LIMIT_S,
        commit_on_loop_s: float = COMMIT_ON_LOOP_S,
        apart: bool = False,
        moves_at: LargeCommits | None = None,
    ) -> None:
        self._clock = clock
        self.id_octets: Callable[[int], bytes] = clock.random
        self._path = path
        self._exclusive = exclusive
        self._lock = NodeLock(path)
        self._file = file = SqliteFile(
            path,
            synchronous=synchronous,
            busy_limit_s=busy_limit_s,
            commit_on_loop_s=commit_on_loop_s,
        )
        self._writer: Writer = FileWriter(file)
        if apart or moves_at is not None:
            self._writer = beside = ApartWriter(Asked(str(path), synchronous, busy_limit_s), self._lock)
            if not apart and moves_at is not None:
                self._writer = MovingWriter(file, beside, moves_at)
        self.reader = reader = Reader(file)
        self.messages = Messages(reader, clock)
        self.work = Work(reader)
        self.outbox = Outbox(reader)
        self.counters = Counters(reader)
        self.usage = Usage(reader, self._writer)
        self.balances = Balances(reader, self._writer)
        self.accounts = AccountBook(reader, self._writer)
        self.acts = Acts(reader, self._writer)
        self.permissions = Permissions(reader, self._writer)
        self.retention = Retention(file, self._writer)
        self.copies = Copies(file, self._writer, clock)
        self.formats = Formats(reader)
        self.marks = Marks(reader, self._writer)

    @property
    def works_beside(self) -> bool:
        return self._writer.works_beside

    async def look(self) -> LedgerFacts:
        return looked_at(self._path)

    async def open(self, *, create: bool = True) -> None:
        if not create and not looked_at(self._path).is_there:
            raise NothingThere(f"there is no ledger at {self._path}")
        async with contextlib.AsyncExitStack() as opening:
            opening.push_async_callback(self.close)
            if self._exclusive:
                self._take_lock()
            await self._writer.open()
            if self.works_beside:
                self._file.open_to_read()
            opening.pop_all()

    def _take_lock(self) -> None:
        try:
            self._lock.take()
        except OSError as error:
            raise unreachable(self._path, error) from error

    async def close(self) -> None:
        """What is under way ends first, and a process that writes. Again is harmless."""
        await self._writer.close()
        await self._file.close()
        self._lock.let_go()

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        work = Batch(batch, self._clock.now_ms())
        return work.settle(await self._writer.do(FileWriter.apply, work.plan))

    def log_bytes(self) -> int:
        """Of the write-ahead log, which cannot begin anew while somebody reads what it was when they began."""
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except OSError:
            return 0

    async def stored_fields(self) -> Sequence[str]:
        return [row[0] for row in self.reader.rows("stored_fields")]
