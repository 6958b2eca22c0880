"""What an act does inside a transaction: documents, and audit entries, which changes of accounts keep as well."""

import sqlite3
from collections.abc import Sequence

from gateway.ledger.contract import DocumentWrite
from gateway.ledger.sqlite.schema import SQL


def act(cursor: sqlite3.Cursor, writes: Sequence[DocumentWrite], entries: Sequence[bytes]) -> bool:
    """False, and nothing done, when another version stands than one that was read."""
    for each in writes:
        standing = cursor.execute(SQL["document_version"], (each.kind, each.key)).fetchone()[0]
        if each.read not in (None, standing):
            return False
    if writes:
        cursor.execute(SQL["documents_changed"])
    for each in writes:
        if each.octets is None:
            cursor.execute(SQL["delete_document"], (each.kind, each.key))
        else:
            cursor.execute(SQL["save_document"], (each.kind, each.key, each.octets))
    keep_entries(cursor, entries)
    return True


def keep_entries(cursor: sqlite3.Cursor, entries: Sequence[bytes]) -> None:
    for octets in entries:
        cursor.execute(SQL["number_entry"])
        cursor.execute(SQL["keep_entry"], (octets,))
