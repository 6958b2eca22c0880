"""The statements of the ledger's file by name, and its schema: what makes each version of it out of the one before."""

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Final

from gateway.ledger.contract import LedgerCorrupt
from gateway.ledger.sqlite.forms import PARTS
from gateway.ledger.statements import named_statements, schema_steps

SQL: Final[Mapping[str, str]] = named_statements("gateway.ledger.sqlite", "statements.sql", PARTS)
MIGRATIONS: Final[Mapping[int, tuple[str, ...]]] = schema_steps("gateway.ledger.sqlite", "schema")
"""What makes version n out of version n - 1; 0 is an empty file."""
SCHEMA_VERSION: Final = max(MIGRATIONS)


def migrate(writer: sqlite3.Connection) -> None:
    """Bring a file to the present schema, all or nothing. Raises LedgerCorrupt for a newer one, and for no ledger."""
    writer.execute(SQL["begin"])
    try:
        for step in range(_version(writer) + 1, SCHEMA_VERSION + 1):
            for statement in MIGRATIONS[step]:
                writer.execute(statement)
        writer.execute(SQL["commit"])
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            writer.execute(SQL["rollback"])
        raise


def _version(writer: sqlite3.Connection) -> int:
    """0 for an empty file."""
    if not _number(writer, "has_tables"):
        return 0
    if not _number(writer, "has_meta"):
        raise LedgerCorrupt("the file is a database but not a ledger")
    version = _number(writer, "schema_version")
    if version > SCHEMA_VERSION:
        raise LedgerCorrupt(f"the ledger has version {version}, this gateway knows {SCHEMA_VERSION}")
    return version


def _number(writer: sqlite3.Connection, name: str) -> int:
    row = writer.execute(SQL[name]).fetchone()
    if row is None:
        raise LedgerCorrupt("the ledger does not say its version")
    return int(row[0])
