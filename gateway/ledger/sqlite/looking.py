"""What a ledger's file says of itself to whoever has not opened it: nothing is made, migrated or locked."""

import contextlib
import sqlite3
from pathlib import Path

from gateway.ledger.contract import INSTALLATION, REACHED, LedgerCorrupt, LedgerFacts
from gateway.ledger.sqlite.connecting import BUSY_LIMIT_S
from gateway.ledger.sqlite.errors import ledger_errors, named, unreachable
from gateway.ledger.sqlite.schema import SQL


def looked_at(path: Path) -> LedgerFacts:
    """An empty file is no ledger. Raises LedgerCorrupt for what is none, and LedgerUnavailable."""
    try:
        if not path.exists() or not path.stat().st_size:
            return LedgerFacts(place=str(path), is_there=False)
    except OSError as error:
        raise unreachable(path, error) from error
    with named(path), ledger_errors():
        uri = f"{path.resolve().as_uri()}?mode=rw"  # one that only reads leaves a log behind
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_LIMIT_S)) as connection:
            return _facts(connection, str(path))


def _facts(connection: sqlite3.Connection, place: str) -> LedgerFacts:
    if not _number(connection, "has_tables"):
        return LedgerFacts(place=place, is_there=False)
    if not _number(connection, "has_meta"):
        raise LedgerCorrupt("the file is a database but not a ledger")
    marks: dict[str, int] = dict(connection.execute(SQL["marks"]).fetchall())
    return LedgerFacts(
        place=place,
        is_there=True,
        installation=marks.get(INSTALLATION),
        holds_sealed=bool(_number(connection, "holds_sealed")) or _holds_documents(connection),
        reached_ms=marks.get(REACHED),
    )


def _holds_documents(connection: sqlite3.Connection) -> bool:
    return bool(_number(connection, "has_documents")) and bool(_number(connection, "holds_documents"))


def _number(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(SQL[name]).fetchone()[0])
