"""Writes the stored ledger of the present schema beside this file, for the versions to come."""

import asyncio
import contextlib
import sqlite3
import tempfile
from pathlib import Path

from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.file import SCHEMA_VERSION
from gateway.process.clock import ManualClock
from tests.integration.ledgers import contents
from tests.integration.ledgers.filling import fill


async def dump(path: Path) -> str:
    """The SQL of a file that holds the contents."""
    clock = ManualClock(contents.NOW - 2)
    ledger = SqliteLedger(path, clock)
    await ledger.open()
    await fill(ledger)
    await ledger.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        return "".join(f"{line}\n" for line in database.iterdump())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sql = asyncio.run(dump(Path(folder) / "ledger.db"))
    Path(__file__).with_name(f"schema_{SCHEMA_VERSION}.sql").write_text(sql, encoding="utf-8")


if __name__ == "__main__":
    main()
