"""A whole copy of a ledger's file while a gateway writes it, put in the place of the one before in one step."""

import contextlib
import os
import sqlite3
from pathlib import Path

from gateway.ledger.contract import NothingThere
from gateway.ledger.sqlite.connecting import BUSY_LIMIT_S
from gateway.ledger.sqlite.errors import ledger_errors, named, unreachable


def back_up(source: Path, target: Path) -> int:
    """The octets of the copy, which is on the disk when this returns; it needs no `-wal` beside it.

    Raises NothingThere, LedgerUnavailable and LedgerCorrupt; then the copy of before stands.
    """
    if not source.exists():
        raise NothingThere(f"there is no ledger at {source}")
    fresh = target.with_name(f"{target.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        _copy(source, fresh)
        octets = fresh.stat().st_size
        _sync(fresh)
        fresh.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise unreachable(target, error) from error
    return octets


def _copy(source: Path, fresh: Path) -> None:
    """In one step, so that what is written meanwhile does not make it begin again."""
    with named(source), ledger_errors():
        reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_LIMIT_S)
        with contextlib.closing(reading), contextlib.closing(sqlite3.connect(fresh)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
