"""Copies of the two files, read as whoever found them would: without a lock, a migration or a write.

For the recovery tool and the drills; the gateway itself never reads this way.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from gateway.ledger.contract import LedgerCorrupt, LedgerUnavailable
from redaction.retention import RetentionTag
from redaction.sealed import Sealed

_ROWS: Final = "SELECT id, customer, tag, content, private FROM message ORDER BY id"
_BLOB: Final = "SELECT blob FROM keystore"
_SEGMENT: Final = "SELECT octets FROM segment WHERE id = ?"


class SealedRow(msgspec.Struct, frozen=True):
    """What a message's row says of its sealed fields."""

    id: bytes
    customer: int
    tag: RetentionTag
    content: Sealed | None
    private: Sealed | None


def sealed_rows(path: Path) -> Iterator[SealedRow]:
    """Every message of a copied ledger file (its `-wal` beside it). Raises LedgerCorrupt, LedgerUnavailable."""
    with _reading(path) as connection:
        for row in connection.execute(_ROWS):
            yield SealedRow(*row)


def key_blob(path: Path) -> bytes | None:
    """The sealed key state of a copied key store file, or its table; None if there is none. Raises as `sealed_rows`."""
    with _reading(path) as connection:
        row = connection.execute(_BLOB).fetchone()
    return None if row is None else bytes(row[0])


def key_segments(path: Path, ids: Sequence[bytes]) -> Sequence[bytes | None]:
    """Sealed parts of it, by the ids that the key state names; None for one that is not there. Raises as `key_blob`."""
    with _reading(path) as connection:
        rows = [connection.execute(_SEGMENT, (each,)).fetchone() for each in ids]
    return [None if row is None else bytes(row[0]) for row in rows]


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"{path.name}: SQLite says {error.sqlite_errorname}") from error
    except sqlite3.DatabaseError as error:
        raise LedgerCorrupt(f"{path.name} is damaged or no database") from error
