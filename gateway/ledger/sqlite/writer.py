"""What changes the SQLite file, one call per transaction: here on a file that this process has open for writing.

`writer_client.ApartWriter` does the same with a process of its own, and `writer_moving.MovingWriter` begins here and
goes on there. What is said to a writer and what it answers are plain values.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from gateway.ledger.contract import Traffic
from gateway.ledger.sqlite import export as sqlite_export
from gateway.ledger.sqlite import forgetting
from gateway.ledger.sqlite.file import SQL, SqliteFile
from gateway.ledger.sqlite.plan import Outcome, Plan, execute
from gateway.ledger.sqlite.rows import AccountRow


class Writer(Protocol):
    """Methods raise what the ledger's contract says; each is durable when it returns."""

    @property
    def works_beside(self) -> bool:
        """As the ledger's, from the next call on."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def apply(self, plan: Plan) -> Outcome:
        """All of the plan or nothing."""

    async def change_accounts(self, name: str, row: AccountRow) -> int:
        """Run the statement of that name; the id that it returns, 0 for none."""

    async def forget_content(self, now_ms: int, limit: int) -> int: ...

    async def forget_records(self, now_ms: int, limit: int) -> int: ...

    async def forget_leftovers(self, now_ms: int, limit: int) -> int: ...

    async def checkpoint(self) -> None: ...

    async def add_traffic(self, rows: Sequence[Traffic]) -> None: ...


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

    async def apply(self, plan: Plan) -> Outcome:
        outcome = self.apply_now(plan)
        return await self._file.transact(partial(_execute, plan)) if outcome is None else outcome

    def apply_now(self, plan: Plan) -> Outcome | None:
        """As `apply`, without a turn of the loop; None, and nothing done, when the file is not free."""
        return self._file.transact_now(partial(_execute, plan))

    async def change_accounts(self, name: str, row: AccountRow) -> int:
        def work(cursor: sqlite3.Cursor) -> int:
            rows = cursor.execute(SQL[name], row).fetchall()
            cursor.execute(SQL["accounts_changed"])
            return int(rows[0][0]) if rows else 0

        return await self._file.transact(work)

    async def forget_content(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: forgetting.forget_content(cursor, now_ms, limit))

    async def forget_records(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: forgetting.forget_records(cursor, now_ms, limit))

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        return await self._file.transact_along(lambda cursor: self._leftovers.forget(cursor, now_ms, limit))

    async def checkpoint(self) -> None:
        await self._file.checkpoint()

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        await self._file.transact(lambda cursor: sqlite_export.add_traffic(cursor, rows))


def _execute(plan: Plan, cursor: sqlite3.Cursor) -> Outcome:
    return execute(cursor, plan)
