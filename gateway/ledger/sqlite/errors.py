"""SQLite's errors as the contract's."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.ledger.contract import LedgerCorrupt, LedgerUnavailable
from gateway.process.system_errors import reading_fault

_DAMAGED: Final = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})


@contextlib.contextmanager
def ledger_errors() -> Iterator[None]:
    """SQLite's errors as the contract's. What is neither the disk nor the file is our own mistake and passes."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(error.sqlite_errorname) from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise LedgerCorrupt(error.sqlite_errorname) from error
        raise


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Names the file that does not open."""
    try:
        yield
    except (LedgerUnavailable, LedgerCorrupt) as error:
        fault = reading_fault(path) if isinstance(error, LedgerCorrupt) else None
        if fault is not None:
            raise unreachable(path, fault) from error
        kind = "not a ledger, or damaged: " if error.args[0] in _DAMAGED else ""
        raise type(error)(f"{path}: {kind}{error}") from error


def unreachable(path: Path, error: OSError) -> LedgerUnavailable:
    """The directory or the file cannot be made or opened."""
    return LedgerUnavailable(f"{path}: {error.strerror or type(error).__name__}")
