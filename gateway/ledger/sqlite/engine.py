"""The embedded engine: one SQLite file, one node, group commits that are on disk when `apply` returns.

WAL with `synchronous=FULL`: a commit is one fsync. Reads use a connection of their own, so they see what is committed,
and a read during a commit does not wait for it. `secure_delete` writes zeros over what is deleted; `checkpoint` empties
the write-ahead log after a destruction. Other processes (the command line) open the file with `exclusive=False` and may
write accounts meanwhile.

Reads run on the loop's thread and are bounded: what could look at many rows takes a limit or answers from an index.
"""

import contextlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from gateway.ledger.codes import STATUS_CODE
from gateway.ledger.contract import (
    Exported,
    Found,
    LedgerFacts,
    LedgerFormat,
    NothingThere,
    Page,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    TagDue,
    Traffic,
    WriteOp,
    WriteResult,
)
from gateway.ledger.file_lock import NodeLock
from gateway.ledger.sqlite import export as sqlite_export
from gateway.ledger.sqlite import forgetting
from gateway.ledger.sqlite.accounts import AccountBook
from gateway.ledger.sqlite.batch import Batch
from gateway.ledger.sqlite.file import (
    BUSY_LIMIT_S,
    COMMIT_ON_LOOP_S,
    SCHEMA_VERSION,
    SQL,
    SqliteFile,
    ledger_errors,
    unreachable,
)
from gateway.ledger.sqlite.large_commits import LargeCommits
from gateway.ledger.sqlite.looking import looked_at
from gateway.ledger.sqlite.rows import (
    MESSAGE_COLUMNS,
    Stored,
    Value,
    event_from,
    message_from,
)
from gateway.ledger.sqlite.writer import FileWriter, Writer
from gateway.ledger.sqlite.writer_calls import Asked
from gateway.ledger.sqlite.writer_client import ApartWriter
from gateway.ledger.sqlite.writer_moving import MovingWriter
from gateway.model.message import Message, OutboxEvent, Status
from gateway.process.clock import Clock
from redaction.sealed import Pseudonym

LIST_LOOKS_AT: Final = 2_000
"""Messages that one filtered page looks at, at most; such a page may be short and still have a cursor."""

SUBJECT_LOOKS_AT: Final = 100_000
"""Entries of the index that one statement looks at for a data subject: the write-ahead log is kept no longer."""

_AFTER_ALL_IDS: Final = b"\xff" * 17

T = TypeVar("T")


class SqliteLedger:
    """See `gateway.ledger.contract.Ledger`.

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
        self._file = SqliteFile(
            path,
            synchronous=synchronous,
            busy_limit_s=busy_limit_s,
            commit_on_loop_s=commit_on_loop_s,
        )
        self._writer: Writer = FileWriter(self._file)
        if apart or moves_at is not None:
            self._writer = beside = ApartWriter(Asked(str(path), synchronous, busy_limit_s), self._lock)
            if not apart and moves_at is not None:
                self._writer = MovingWriter(self._file, beside, moves_at)
        self._accounts = AccountBook(self._file, self._writer)

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

    async def marks(self) -> Mapping[str, int]:
        return {str(row[0]): int(row[1]) for row in self._rows("marks")}

    async def set_marks(self, marks: Mapping[str, int]) -> None:
        await self._writer.do(FileWriter.set_marks, "set_mark", tuple(marks.items()))

    async def claim_mark(self, name: str, value: int) -> int:
        await self._writer.do(FileWriter.set_marks, "claim_mark", ((name, value),))
        return (await self.marks())[name]

    # ------------------------------------------------------------------------------------------------- messages

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        work = Batch(batch, self._clock.now_ms())
        return work.settle(await self._writer.do(FileWriter.apply, work.plan))

    async def find(self, customer: int, message: bytes) -> Message | None:
        row = self._row("find", message, customer, self._clock.now_ms())
        return None if row is None else message_from(row)

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        with self._snapshot():
            rows = [self._row("find_any", message) for message in messages]
        return [None if row is None else message_from(row) for row in rows]

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        before = _AFTER_ALL_IDS if cursor is None else cursor
        since = b"" if since_ms is None else max(0, since_ms).to_bytes(6, "big")
        if status is not None:
            return self._list_status(customer, STATUS_CODE[status], before, since, limit)
        return _page(self._rows("list", customer, before, since, self._clock.now_ms(), limit + 1), limit, None)

    def _list_status(self, customer: int, status: int, before: bytes, since: bytes, limit: int) -> Page:
        bound = self._row("list_bound", customer, before, since, LIST_LOOKS_AT - 1)
        last: bytes | None = None if bound is None else bound[0]
        now_ms = self._clock.now_ms()
        rows = self._rows("list_status", customer, before, since if last is None else last, status, now_ms, limit + 1)
        return _page(rows, limit, last)

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        """Rare. Walks through all entries of the customer, a stretch at a time, beside the loop and the writer."""
        found: list[Message] = []
        before: bytes | None = _AFTER_ALL_IDS if subjects else None
        while before is not None and len(found) < limit:
            bound = await self._file.read_apart(SQL["list_bound"], (customer, before, b"", SUBJECT_LOOKS_AT - 1))
            last: bytes | None = bound[0][0] if bound else None
            found += await self._look_for(customer, subjects, before, last or b"", limit)
            before = last
        return found[:limit]

    async def _look_for(
        self, customer: int, subjects: Sequence[Pseudonym], before: bytes, last: bytes, limit: int
    ) -> list[Message]:
        """Newest first, of the stretch of ids from `last` to `before`."""
        now_ms = self._clock.now_ms()
        rows: list[Stored] = []
        for subject in subjects:
            rows += await self._file.read_apart(SQL["list_subject"], (customer, before, last, subject, now_ms, limit))
        rows.sort(key=lambda row: bytes(row[0]), reverse=True)
        return [message_from(row) for row in rows]

    # ------------------------------------------------------------------------------------------------- dispatch

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        with self._snapshot():
            due = self._first("due", (operator, now_ms), limit, lambda row: row[0] not in exclude)
            rows = [self._row("find_any", identifier) for (identifier,) in due]
        return [message_from(row) for row in rows if row is not None]

    async def lanes(self) -> Sequence[str]:
        return [row[0] for row in self._rows("lanes")]

    async def backlog(self, operator: str) -> int:
        return self._number("backlog", operator)

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        with self._snapshot():
            return [self._correlate(operator, candidates) for operator, candidates in receipts]

    def _correlate(self, operator: str, candidates: tuple[str, ...]) -> Found | None:
        for candidate in candidates:
            row = self._row("correlate", operator, candidate)
            if row is not None:
                return Found(message_from(row), row[MESSAGE_COLUMNS])
        return None

    # --------------------------------------------------------------------------------------------------- outbox

    async def outbox_due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        rows = self._first("outbox_due", (esme, after, now_ms), limit, lambda row: row[0] not in exclude)
        return [event_from(row) for row in rows]

    async def outbox_size(self, esme: int = 0) -> int:
        return self._number("outbox_size", esme)

    # -------------------------------------------------------------------------------------------------- counters

    async def count(self, name: str, bucket: int) -> int:
        row = self._row("counter", bucket, name)
        return 0 if row is None else int(row[0])

    async def counts(self, bucket: int) -> dict[str, int]:
        return {str(row[0]): int(row[1]) for row in self._rows("counters", bucket)}

    # -------------------------------------------------------------------------------------------------- accounts

    async def accounts_version(self) -> int:
        return self._number("accounts_version")

    async def read_accounts(self) -> StoredAccounts:
        with self._snapshot():
            return self._accounts.read()

    async def customers(self) -> Sequence[StoredCustomer]:
        return self._accounts.customers()

    async def keys(self) -> Sequence[StoredKey]:
        return self._accounts.keys()

    async def esmes(self) -> Sequence[StoredEsme]:
        return self._accounts.esmes()

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return self._accounts.endpoints()

    async def save_customer(
        self, customer: StoredCustomer, *, read: int | None = None, accounts: int | None = None
    ) -> int:
        return await self._accounts.save_customer(customer, read, accounts)

    async def save_key(self, key: StoredKey, *, read: int | None = None) -> int:
        return await self._accounts.save_key(key, read)

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None) -> int:
        return await self._accounts.save_esme(esme, read)

    async def save_endpoint(self, endpoint: StoredEndpoint, *, read: int | None = None) -> None:
        await self._accounts.save_endpoint(endpoint, read)

    async def delete_endpoint(self, customer: int) -> None:
        await self._accounts.delete_endpoint(customer)

    # ------------------------------------------------------------------------------------------------- retention

    async def forget_content(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_content, now_ms, limit)

    async def forget_records(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_records, now_ms, limit)

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_leftovers, now_ms, limit)

    async def checkpoint(self) -> None:
        await self._writer.do(FileWriter.checkpoint)

    async def retention_due(self, now_ms: int) -> Sequence[TagDue]:
        with ledger_errors():
            reader = self._file.reader
            due = reader.execute(forgetting.SQL["retention_due"], (now_ms, forgetting.LOOKS_AT)).fetchall()
            oldest = reader.execute(forgetting.SQL["oldest"], (forgetting.OLDEST_LOOKS_AT,)).fetchall()
        return forgetting.tag_due(due, oldest, now_ms)

    async def traffic(self, since_day: int, limit: int) -> Sequence[Traffic]:
        with ledger_errors():
            rows = self._file.reader.execute(forgetting.SQL["traffic"], (since_day, limit)).fetchall()
        return [forgetting.traffic_from(row) for row in rows]

    async def format(self) -> LedgerFormat:
        """The schema's: one node has the file, so opening it raises it."""
        return LedgerFormat(written=self._number("schema_version"), oldest=1, newest=SCHEMA_VERSION)

    async def raise_format(self) -> LedgerFormat:
        return await self.format()

    async def stored_fields(self) -> Sequence[str]:
        return [row[0] for row in self._rows("stored_fields")]

    # ------------------------------------------------------------------------------------------------------ copies

    async def export(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Exported], bytes | None]:
        with ledger_errors():
            return sqlite_export.messages(self._file.reader, cursor, self._clock.now_ms(), limit)

    async def export_events(self, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
        with ledger_errors():
            return sqlite_export.events(self._file.reader, cursor, limit)

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        await self._writer.do(FileWriter.add_traffic, rows)

    # --------------------------------------------------------------------------------------------------- reading

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """One read transaction for many small reads: without it each one takes and drops SQLite's shared lock."""
        reader = self._file.reader
        with ledger_errors():
            reader.execute(SQL["begin_reading"])
            try:
                yield
            finally:
                reader.execute(SQL["commit"])

    def _rows(self, name: str, *values: int | str | bytes) -> Sequence[Stored]:
        with ledger_errors():
            return self._file.reader.execute(SQL[name], values).fetchall()

    def _row(self, name: str, *values: int | str | bytes) -> Stored | None:
        with ledger_errors():
            rows = self._file.reader.execute(SQL[name], values).fetchall()
        return rows[0] if rows else None

    def _number(self, name: str, *values: int | str | bytes) -> int:
        row = self._row(name, *values)
        return 0 if row is None else int(row[0])

    def _first(
        self, name: str, values: tuple[Value, ...], limit: int, wanted: Callable[[Stored], bool]
    ) -> Sequence[Stored]:
        """The first rows that are wanted; the rest is never looked at."""
        with ledger_errors():
            cursor = self._file.reader.execute(SQL[name], values)
            try:
                return list(islice(filter(wanted, cursor), limit))
            finally:
                cursor.close()


def _page(rows: Sequence[Stored], limit: int, bound: bytes | None) -> Page:
    """Rows hold one more than `limit` if there are more. bound: where a bounded look ended, if it did."""
    messages = tuple(message_from(row) for row in rows[:limit])
    return Page(messages, messages[-1].id if len(rows) > limit and messages else bound)
