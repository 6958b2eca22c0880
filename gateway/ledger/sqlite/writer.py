"""What changes the SQLite file: one verb, one transaction; `VERBS` is the table of them all.

A verb is written once, as a method of `FileWriter`, which does it on a file that this process has open for writing.
`writer_client.ApartWriter` has it done by a process of its own, `writer_moving.MovingWriter` begins here and goes on
there. Values and answers are plain, of the types that a verb's signature names.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

from gateway.ledger.contract import DocumentWrite, PendingEntry, Reservation, Reserving, Traffic, Used
from gateway.ledger.permissions import PermissionWrite
from gateway.ledger.sqlite import export as sqlite_export
from gateway.ledger.sqlite import forgetting, keeping, permitting, spending
from gateway.ledger.sqlite.executing import execute
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.plan import Outcome, Plan
from gateway.ledger.sqlite.schema import SQL

T = TypeVar("T")
Values = TypeVarTuple("Values")


class Writer(Protocol):
    """Whoever does the verbs."""

    @property
    def works_beside(self) -> bool:
        """As the ledger's, from the next call on."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def do(self, verb: "Callable[[FileWriter, *Values], Awaitable[T]]", *values: *Values) -> T:
        """Do one of `VERBS`: all of it, durable when this returns, or nothing. Raises what the contract says."""


class FileWriter:
    """file: open for reading with it."""

    works_beside = False

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._leftovers = forgetting.Leftovers()

    async def open(self) -> None:
        self._file.open()

    async def close(self) -> None:
        """The file closes both ends."""

    async def do(self, verb: "Callable[[FileWriter, *Values], Awaitable[T]]", *values: *Values) -> T:
        return await verb(self, *values)

    def apply_now(self, plan: Plan) -> Outcome | None:
        """As `apply`, without a turn of the loop; None, and nothing done, when the file is not free."""
        return self._file.transact_now(partial(_execute, plan))

    # ----------------------------------------------------------------------------------------------------- verbs

    async def apply(self, plan: Plan) -> Outcome:
        outcome = self.apply_now(plan)
        return await self._file.transact(partial(_execute, plan)) if outcome is None else outcome

    async def change_accounts(self, name: str, row: tuple[Any, ...], entries: Sequence[bytes]) -> int:
        """Run the statement of that name; the id that it returns, 0 for none. row: as the statement wants it.

        entries: kept with it. A statement that saves gives no id when nothing was written; then neither are they.
        """

        def work(cursor: sqlite3.Cursor) -> int:
            rows = cursor.execute(SQL[name], row).fetchall()
            saves = cursor.description is not None
            cursor.execute(SQL["accounts_changed"])
            if rows or not saves:
                keeping.keep_entries(cursor, entries)
            return int(rows[0][0]) if rows else 0

        return await self._file.transact(work)

    async def act(self, writes: Sequence[DocumentWrite], entries: Sequence[bytes]) -> bool:
        """False, and nothing done, when another version stands than one that was read."""
        return await self._file.transact(lambda cursor: keeping.act(cursor, writes, entries))

    async def settle(self, through: int) -> None:
        await self._file.transact(lambda cursor: cursor.execute(SQL["settle_entries"], (through,)).rowcount)

    async def forget_content(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: forgetting.forget_content(cursor, now_ms, limit))

    async def forget_records(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: forgetting.forget_records(cursor, now_ms, limit))

    async def forget_these(self, messages: Sequence[bytes], counted: bool) -> int:
        return await self._file.transact(lambda cursor: forgetting.forget_these(cursor, messages, counted=counted))

    async def empty_these(self, messages: Sequence[bytes]) -> int:
        return await self._file.transact(lambda cursor: forgetting.empty_these(cursor, messages))

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: self._leftovers.forget(cursor, now_ms, limit))

    async def checkpoint(self) -> None:
        await self._file.checkpoint()

    async def reserve(self, asked: Sequence[Reserving]) -> list[int | None]:
        return await self._file.transact(lambda cursor: spending.reserve(cursor, asked))

    async def settle_reservations(self, paid: Sequence[bytes], given_back: Sequence[bytes]) -> None:
        await self._file.transact(lambda cursor: spending.settle(cursor, paid, given_back))

    async def put_spending(self, customer: int, micro: int, reserved: Sequence[Reservation]) -> None:
        await self._file.transact(lambda cursor: spending.put(cursor, customer, micro, reserved))

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        await self._file.transact(lambda cursor: sqlite_export.add_traffic(cursor, rows))

    async def add_usage(self, rows: Sequence[Used]) -> None:
        await self._file.transact(lambda cursor: sqlite_export.add_usage(cursor, rows))

    async def put_entries(self, entries: Sequence[PendingEntry], last: int) -> None:
        await self._file.transact(lambda cursor: sqlite_export.put_entries(cursor, entries, last))

    async def change_permissions(self, writes: Sequence[PermissionWrite], entries: Sequence[bytes]) -> list[bool]:
        return await self._file.transact(lambda cursor: permitting.change(cursor, writes, entries))

    async def forget_permissions(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: permitting.forget(cursor, now_ms, limit))

    async def set_marks(self, name: str, rows: Sequence[tuple[str, int]]) -> None:
        """Run the statement of that name for each."""

        def work(cursor: sqlite3.Cursor) -> None:
            cursor.executemany(SQL[name], rows)

        await self._file.transact(work)


VERBS: Final[tuple[Callable[..., Awaitable[object]], ...]] = (
    FileWriter.apply,
    FileWriter.change_accounts,
    FileWriter.act,
    FileWriter.settle,
    FileWriter.forget_content,
    FileWriter.forget_records,
    FileWriter.forget_leftovers,
    FileWriter.checkpoint,
    FileWriter.add_traffic,
    FileWriter.add_usage,
    FileWriter.forget_these,
    FileWriter.put_entries,
    FileWriter.change_permissions,
    FileWriter.forget_permissions,
    FileWriter.reserve,
    FileWriter.settle_reservations,
    FileWriter.put_spending,
    FileWriter.empty_these,
    FileWriter.set_marks,
)
"""What a writing process can be asked for: a verb's place here is its number in a frame."""


def _execute(plan: Plan, cursor: sqlite3.Cursor) -> Outcome:
    return execute(cursor, plan)
