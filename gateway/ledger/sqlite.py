"""The embedded ledger: one SQLite file, one node, group commit.

WAL with `synchronous=FULL`: a batch is durable when its COMMIT returns. Statements run on the event loop's thread and
only the COMMIT, which waits for the disk, runs in a thread of its own: sqlite3 gives up the GIL at every step, and a
whole batch in a thread would fight the busy loop for it at each one. Reads use a second connection, which WAL keeps
from waiting for the writer.

Other processes (the command line) may open the same file with `exclusive=False` and change accounts; the node holds a
lock file so that no second node does. `secure_delete` overwrites what is deleted.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from gateway.clock import Clock
from gateway.ledger.base import (
    Accept,
    Change,
    Count,
    Found,
    LedgerCorrupt,
    LedgerLocked,
    LedgerUnavailable,
    Page,
    StoredCustomer,
    StoredEndpoint,
    StoredKey,
    TellLater,
    Told,
    WriteOp,
    WriteResult,
)
from gateway.message import Message, MessageClass, OutboxEvent, Status
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym, Sealed

SCHEMA_VERSION: Final = 1
CACHE_KIB: Final = 16_384
CHECKPOINT_PAGES: Final = 4_000
BUSY_TRIES: Final = 200
BUSY_PAUSE_S: Final = 0.025
COMMAND_TIMEOUT_S: Final = 30.0

_HERE: Final = Path(__file__).parent
_STATUSES: Final = tuple(Status)
_STATUS_CODE: Final = {status: code for code, status in enumerate(_STATUSES)}
_CLASSES: Final = tuple(MessageClass)
_CLASS_CODE: Final = {each: code for code, each in enumerate(_CLASSES)}
"""Stored as the place in the enumeration: new members are only ever added at its end."""


def _load_statements() -> dict[str, str]:
    found: dict[str, str] = {}
    for block in (_HERE / "statements.sql").read_text(encoding="utf-8").split("-- name: ")[1:]:
        name, _, text = block.partition("\n")
        found[name.strip()] = text.strip()
    return found


SQL: Final = _load_statements()


class SqliteLedger:
    """The contract of `gateway.ledger.base` on one file.

    exclusive: take the node's lock (LedgerLocked if another node has it). synchronous: "full" or "normal".
    """

    def __init__(self, path: Path, clock: Clock, *, exclusive: bool = True, synchronous: str = "full") -> None:
        self._path = path
        self._clock = clock
        self._exclusive = exclusive
        self._synchronous = synchronous
        self._lock: IO[bytes] | None = None
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._next_seq = 0
        self._purged_ms = 0

    # ------------------------------------------------------------------------------------------------ open and close

    async def open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._exclusive:
            self._take_lock()
        try:
            with _translated():
                self._writer = self._connect()
                self._migrate(self._writer)
                self._reader = self._connect()
        except BaseException:
            await self.close()
            raise
        self._next_seq = self._clock.now_ms() << 20

    async def close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None
        self._committer.shutdown(wait=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        lock = open(f"{self._path}.lock", "ab")  # noqa: SIM115  held as long as the ledger is open
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise LedgerLocked("another node has this ledger open; one node per ledger file") from None
        self._lock = lock

    def _connect(self) -> sqlite3.Connection:
        old_mask = os.umask(0o077)
        try:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=0
            )
        finally:
            os.umask(old_mask)
        busy_ms = 0 if self._exclusive else round(COMMAND_TIMEOUT_S * 1000)
        for pragma in (
            f"busy_timeout = {max(busy_ms, 5_000)}",
            "journal_mode = WAL",
            f"synchronous = {self._synchronous}",
            "secure_delete = ON",
            "temp_store = MEMORY",
            f"cache_size = -{CACHE_KIB}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            f"busy_timeout = {busy_ms}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {round(COMMAND_TIMEOUT_S * 1000)}")
        with _transaction(connection):
            exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
            if exists is None:
                for statement in _ddl():
                    connection.execute(statement)
                connection.execute(SQL["set_schema_version"], (SCHEMA_VERSION,))
                connection.execute(SQL["bump_accounts"])
            row = connection.execute(SQL["schema_version"]).fetchone()
        if row is None or row[0] != SCHEMA_VERSION:
            raise LedgerCorrupt("the ledger was written by another version of the gateway")
        connection.execute(f"PRAGMA busy_timeout = {0 if self._exclusive else round(COMMAND_TIMEOUT_S * 1000)}")

    @property
    def _write(self) -> sqlite3.Connection:
        if self._writer is None:
            raise LedgerUnavailable("the ledger is not open")
        return self._writer

    @property
    def _read(self) -> sqlite3.Connection:
        if self._reader is None:
            raise LedgerUnavailable("the ledger is not open")
        return self._reader

    # --------------------------------------------------------------------------------------------------------- writing

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        connection = self._write
        with _translated():
            await self._begin(connection)
            try:
                results = self._write_all(connection, batch)
                await asyncio.get_running_loop().run_in_executor(self._committer, connection.commit)
            except BaseException:
                connection.rollback()
                raise
        return results

    async def _begin(self, connection: sqlite3.Connection) -> None:
        """Take the write lock; a command on the same file may hold it for a moment."""
        for _ in range(BUSY_TRIES):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _BUSY:
                    raise
                await asyncio.sleep(BUSY_PAUSE_S)
            else:
                return
        raise LedgerUnavailable("another process holds the ledger's write lock")

    def _write_all(self, connection: sqlite3.Connection, batch: Sequence[WriteOp]) -> list[WriteResult]:
        results: list[WriteResult] = []
        fresh: list[tuple[Any, ...]] = []
        execute = connection.execute
        for op in batch:
            if isinstance(op, Accept):
                results.append(self._accept(execute, op, fresh))
            elif isinstance(op, Change):
                results.append(self._change(execute, op))
            else:
                self._write_other(execute, op)
                results.append(True)
        if fresh:
            connection.executemany(SQL["insert_message"], fresh)
        return results

    def _accept(self, execute: Any, op: Accept, fresh: list[tuple[Any, ...]]) -> bytes:
        message = op.message
        if op.idempotency is not None:
            now_ms = self._clock.now_ms()
            row = execute(SQL["find_idempotency"], (message.customer, op.idempotency, now_ms)).fetchone()
            if row is not None:
                return bytes(row[0])
            self._purge_idempotency(execute, now_ms)
            execute(SQL["insert_idempotency"], (message.customer, op.idempotency, message.id, op.idempotency_until_ms))
        fresh.append(_row(message))
        return message.id

    def _purge_idempotency(self, execute: Any, now_ms: int) -> None:
        """A little at a time, at most once a second."""
        if now_ms - self._purged_ms >= 1_000:
            self._purged_ms = now_ms
            execute(SQL["purge_idempotency"], (now_ms,))

    def _change(self, execute: Any, op: Change) -> bool:
        message = op.message
        statement = "change_and_drop" if op.drop_content else "change_message"
        if op.only_waiting:
            statement = "change_if_waiting"
        applied: bool = execute(SQL[statement], _changed(message)).rowcount == 1
        for link in op.links:
            execute(SQL["insert_link"], (link.operator, link.operator_message_id, message.id, link.segment))
        if not applied:
            return False
        if op.only_waiting and op.drop_content:
            execute(SQL["drop_content"], (message.id,))
        if op.event is not None:
            self._insert_event(execute, op.event)
        return True

    def _insert_event(self, execute: Any, event: OutboxEvent) -> None:
        self._next_seq += 1
        execute(
            SQL["insert_event"],
            (
                self._next_seq,
                event.customer,
                event.message,
                _STATUS_CODE[event.status],
                event.at_ms,
                event.next_ms,
                event.attempts,
            ),
        )

    @staticmethod
    def _write_other(execute: Any, op: Told | TellLater | Count) -> None:
        match op:
            case Told(seq):
                execute(SQL["delete_event"], (seq,))
            case TellLater(seq, next_ms, attempts):
                execute(SQL["delay_event"], (next_ms, attempts, seq))
            case Count(name, bucket, amount):
                execute(SQL["add_count"], (name, bucket, amount))

    # --------------------------------------------------------------------------------------------------------- reading

    async def find(self, customer: int, message: bytes) -> Message | None:
        found = self._messages("WHERE id = ? AND customer = ?", (message, customer))
        return found[0] if found else None

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        return [self._find(identifier) for identifier in messages]

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        where, values = ["customer = ?"], [customer]  # type: list[str], list[Any]
        if status is not None:
            where.append("status = ?")
            values.append(_STATUS_CODE[status])
        if since_ms is not None:
            where.append("id >= ?")
            values.append(since_ms.to_bytes(6, "big"))
        if cursor is not None:
            where.append("id < ?")
            values.append(cursor)
        clause = f"WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
        found = self._messages(clause, (*values, limit + 1))
        page = tuple(found[:limit])
        return Page(page, page[-1].id if len(found) > limit else None)

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        found: list[Message] = []
        for subject in subjects:
            clause = "WHERE customer = ? AND subject = ? LIMIT ?"
            found += self._messages(clause, (customer, subject, limit - len(found)))
        return found

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        with _translated():
            chosen: list[bytes] = []
            cursor = self._read.execute(SQL["due_ids"], (operator, now_ms))
            for (identifier,) in cursor:
                if identifier not in exclude:
                    chosen.append(identifier)
                    if len(chosen) >= limit:
                        break
            cursor.close()
        return [message for message in map(self._find, chosen) if message is not None]

    async def next_due_ms(self, operator: str) -> int | None:
        found: int | None = self._one("next_due", (operator,))
        return found

    async def lanes(self) -> Sequence[str]:
        return [name for (name,) in self._all("lanes")]

    async def backlog(self, operator: str) -> int:
        return self._one("backlog", (operator,)) or 0

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        return [self._correlate(operator, candidates) for operator, candidates in receipts]

    def _correlate(self, operator: str, candidates: Iterable[str]) -> Found | None:
        for candidate in candidates:
            for identifier, segment in self._all("correlate", (operator, candidate)):
                message = self._find(identifier)
                if message is not None:
                    return Found(message, segment)
        return None

    async def outbox_due(self, now_ms: int, limit: int, exclude: Container[int]) -> Sequence[OutboxEvent]:
        found: list[OutboxEvent] = []
        with _translated():
            cursor = self._read.execute(SQL["due_events"], (now_ms,))
            for row in cursor:
                if row[0] not in exclude:
                    found.append(_event(row))
                    if len(found) >= limit:
                        break
            cursor.close()
        found.sort(key=lambda event: event.seq)
        return found

    async def outbox_size(self) -> int:
        return self._one("outbox_size") or 0

    async def count(self, name: str, bucket: int) -> int:
        return self._one("count", (name, bucket)) or 0

    async def counts(self, bucket: int) -> dict[str, int]:
        return dict(self._all("counts", (bucket,)))

    # -------------------------------------------------------------------------------------------------------- accounts

    async def accounts_version(self) -> int:
        return self._one("accounts_version") or 0

    async def customers(self) -> Sequence[StoredCustomer]:
        return [
            StoredCustomer(
                id=number, public_id=public, account=Sealed(account), settings=settings, created_ms=at, disabled_ms=off
            )
            for number, public, account, settings, at, off in self._all("customers")
        ]

    async def keys(self) -> Sequence[StoredKey]:
        return [
            StoredKey(
                id=row[0],
                customer=row[1],
                prefix=row[2],
                digest=row[3],
                scopes=tuple(row[4].split()),
                settings=row[5],
                created_ms=row[6],
                expires_ms=row[7],
                revoked_ms=row[8],
            )
            for row in self._all("keys")
        ]

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return [
            StoredEndpoint(
                customer=row[0],
                url=Sealed(row[1]),
                secret=Sealed(row[2]),
                settings=row[3],
                state=row[4],
                failing_since_ms=row[5],
                disabled_ms=row[6],
            )
            for row in self._all("endpoints")
        ]

    async def save_customer(self, customer: StoredCustomer) -> int:
        return await self._save(
            "save_customer",
            (
                customer.id or None,
                customer.public_id,
                customer.account,
                customer.settings,
                customer.created_ms,
                customer.disabled_ms,
            ),
        )

    async def save_key(self, key: StoredKey) -> int:
        return await self._save(
            "save_key",
            (
                key.id or None,
                key.customer,
                key.prefix,
                key.digest,
                " ".join(key.scopes),
                key.settings,
                key.created_ms,
                key.expires_ms,
                key.revoked_ms,
            ),
        )

    async def save_endpoint(self, endpoint: StoredEndpoint) -> None:
        await self._save(
            "save_endpoint",
            (
                endpoint.customer,
                endpoint.url,
                endpoint.secret,
                endpoint.settings,
                endpoint.state,
                endpoint.failing_since_ms,
                endpoint.disabled_ms,
            ),
        )

    async def delete_endpoint(self, customer: int) -> None:
        await self._save("delete_endpoint", (customer,))

    async def stored_fields(self) -> Sequence[str]:
        with _translated():
            tables = [name for (name,) in self._read.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [
                f"{table}.{column[1]}"
                for table in tables
                if not table.startswith("sqlite_")
                for column in self._read.execute(f"PRAGMA table_info({table})")
            ]

    async def _save(self, statement: str, values: tuple[Any, ...]) -> int:
        """One account write in a transaction of its own, on a connection of its own: the writer's may be mid-batch."""
        with _translated():
            connection = self._connect()
            try:
                await self._begin(connection)
                with _rolling_back(connection):
                    cursor = connection.execute(SQL[statement], values)
                    connection.execute(SQL["bump_accounts"])
                    connection.execute("COMMIT")
                return values[0] or cursor.lastrowid or 0
            finally:
                connection.close()

    # -------------------------------------------------------------------------------------------------------- internal

    def _find(self, identifier: bytes) -> Message | None:
        found = self._messages("WHERE id = ?", (identifier,))
        return found[0] if found else None

    def _messages(self, clause: str, values: tuple[Any, ...]) -> list[Message]:
        with _translated():
            return [_message(row) for row in self._read.execute(f"{SQL['select_message']} {clause}", values)]

    def _all(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with _translated():
            return self._read.execute(SQL[statement], values).fetchall()

    def _one(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        rows = self._all(statement, values)
        return rows[0][0] if rows else None


_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_BUSY_SNAPSHOT})


@contextmanager
def _translated():  # type: ignore[no-untyped-def]
    """sqlite3's errors as the contract's; the text names the kind only."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"SQLite says {error.sqlite_errorname}") from None
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise LedgerCorrupt(f"SQLite says {name}") from None


@contextmanager
def _transaction(connection: sqlite3.Connection):  # type: ignore[no-untyped-def]
    connection.execute("BEGIN IMMEDIATE")
    with _rolling_back(connection):
        yield
        connection.execute("COMMIT")


@contextmanager
def _rolling_back(connection: sqlite3.Connection):  # type: ignore[no-untyped-def]
    try:
        yield
    except BaseException:
        connection.rollback()
        raise


def _ddl() -> list[str]:
    text = (_HERE / "schema.sql").read_text(encoding="utf-8")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [statement for statement in bare.split(";") if statement.strip()]


def _row(message: Message) -> tuple[Any, ...]:
    return (
        message.id,
        message.customer,
        message.key_id,
        message.subject,
        message.country,
        message.last_two,
        _CLASS_CODE[message.message_class],
        message.tag,
        _STATUS_CODE[message.status],
        message.segments,
        message.encoding,
        message.operator,
        message.accepted_ms,
        message.due_ms,
        message.expires_ms,
        message.content_until_ms,
        message.record_until_ms,
        message.content,
        message.private,
        message.retry_unknown,
        message.attempts,
        message.submitted_ms,
        message.final_ms,
        message.error,
        "\n".join(message.operator_ids),
        message.parts,
        message.disclosure,
    )


def _changed(message: Message) -> tuple[Any, ...]:
    return (
        _STATUS_CODE[message.status],
        message.operator,
        message.due_ms,
        message.content_until_ms,
        message.attempts,
        message.submitted_ms,
        message.final_ms,
        message.error,
        "\n".join(message.operator_ids),
        message.parts,
        message.disclosure,
        message.segments,
        message.id,
    )


def _message(row: tuple[Any, ...]) -> Message:
    ids = row[24]
    return Message(
        id=row[0],
        customer=row[1],
        key_id=row[2],
        subject=Pseudonym(row[3]),
        country=row[4],
        last_two=row[5],
        message_class=_CLASSES[row[6]],
        tag=RetentionTag(row[7]),
        status=_STATUSES[row[8]],
        segments=row[9],
        encoding=row[10],
        operator=row[11],
        accepted_ms=row[12],
        due_ms=row[13],
        expires_ms=row[14],
        content_until_ms=row[15],
        record_until_ms=row[16],
        content=row[17],
        private=row[18],
        retry_unknown=bool(row[19]),
        attempts=row[20],
        submitted_ms=row[21],
        final_ms=row[22],
        error=row[23],
        operator_ids=tuple(ids.split("\n")) if ids else (),
        parts=row[25],
        disclosure=row[26],
    )


def _event(row: tuple[Any, ...]) -> OutboxEvent:
    return OutboxEvent(
        seq=row[0],
        customer=row[1],
        message=row[2],
        status=_STATUSES[row[3]],
        at_ms=row[4],
        next_ms=row[5],
        attempts=row[6],
    )
