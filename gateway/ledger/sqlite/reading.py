"""Reads of the ledger's file: statements by name on the connection that sees what is committed.

Reads run on the loop's thread and are bounded: what could look at many rows takes a limit or answers from an index.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from gateway.ledger.sqlite.errors import ledger_errors
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.forms import Stored, Value
from gateway.ledger.sqlite.schema import SQL


class Reader:
    """Methods raise LedgerUnavailable and LedgerCorrupt. statements: those that names stand for."""

    def __init__(self, file: SqliteFile, statements: Mapping[str, str] = SQL) -> None:
        self._file = file
        self._statements = statements

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """One read transaction for many small reads: without it each one takes and drops SQLite's shared lock."""
        reader = self._file.reader
        with ledger_errors():
            reader.execute(SQL["begin_reading"])
            try:
                yield
            finally:
                reader.execute(SQL["commit"])

    def rows(self, name: str, *values: Value) -> Sequence[Stored]:
        with ledger_errors():
            return self._file.reader.execute(self._statements[name], values).fetchall()

    def many(self, name: str, asked: Iterable[Sequence[Value]]) -> list[Sequence[Stored]]:
        """The rows of one statement for each of these values, in one read transaction."""
        execute, statement = self._file.reader.execute, self._statements[name]
        with self.snapshot():
            return [execute(statement, values).fetchall() for values in asked]

    def row(self, name: str, *values: Value) -> Stored | None:
        """The first, if there is any."""
        with ledger_errors():
            rows = self._file.reader.execute(self._statements[name], values).fetchall()
        return rows[0] if rows else None

    def number(self, name: str, *values: Value) -> int:
        """The first column of the first row, 0 without any."""
        row = self.row(name, *values)
        return 0 if row is None else int(row[0])

    def first(self, name: str, *values: Value, limit: int, wanted: Callable[[Stored], bool]) -> Sequence[Stored]:
        """The first rows that are wanted; the rest is never looked at."""
        with ledger_errors():
            cursor = self._file.reader.execute(self._statements[name], values)
            try:
                return list(islice(filter(wanted, cursor), limit))
            finally:
                cursor.close()

    def rows_of_octets(self, name: str) -> Sequence[Stored]:
        """Text as octets: SQLite raises for a whole reading otherwise, where one value is not UTF-8."""
        with ledger_errors():
            reader = self._file.reader
            reader.text_factory = bytes
            try:
                return reader.execute(self._statements[name]).fetchall()
            finally:
                reader.text_factory = str

    async def rows_apart(self, name: str, *values: int | str | bytes) -> Sequence[Stored]:
        """Of a rare read that may look at much, beside the loop and the writer."""
        return await self._file.read_apart(self._statements[name], values)
