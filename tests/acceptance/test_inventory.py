"""A field that nobody declared is not stored: the process does not start on it (P-07)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.keystore.redis import STORED_FIELDS as KEY_FIELDS
from gateway.ledger.redis.fields import STORED_FIELDS as SHARED_FIELDS
from gateway.tools.trial_site import StageFailed
from redaction.inventory import INVENTORY
from tests.verbs import QuickStage

TABLES = ("SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c "
          "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'")  # fmt: skip


APART = {"mark": "keystore.marks", "segment": "keystore.segment"}
"""Tables of the key store's file, of which elsewhere each is one field."""


def columns(path: Path) -> set[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {name for (name,) in connection.execute(TABLES)}
    finally:
        connection.close()


@pytest.mark.policy("P-07")
async def test_the_gateway_does_not_start_on_a_column_that_nobody_declared(tmp_path: Path) -> None:
    stage = QuickStage(tmp_path / "stage")
    try:
        await asyncio.to_thread(stage.prepare)
        assert await asyncio.to_thread(stage.stop_gateway) == 0
        connection = sqlite3.connect(stage.ledger)
        connection.execute("ALTER TABLE message ADD COLUMN recipient_name TEXT")
        connection.close()
        with pytest.raises(StageFailed):
            await asyncio.to_thread(stage.start_gateway)
        assert stage.gateway.wait() == 1
        last = stage.log.read_text(encoding="utf-8").splitlines()[-1]
        assert "message.recipient_name" in last
        connection = sqlite3.connect(stage.ledger)
        connection.execute("ALTER TABLE message DROP COLUMN recipient_name")
        connection.close()
        await asyncio.to_thread(stage.start_gateway)
    finally:
        await asyncio.to_thread(stage.stop)


@pytest.mark.policy("P-07")
async def test_what_is_declared_is_what_the_running_gateway_stores(tmp_path: Path) -> None:
    stage = QuickStage(tmp_path / "stage")
    try:
        await asyncio.to_thread(stage.prepare)
        ledger, keys = columns(stage.ledger), columns(stage.folder / "keys" / "keys.db") - {"keystore.id"}
    finally:
        await asyncio.to_thread(stage.stop)
    keys = {APART.get(each.partition(".")[0], each) for each in keys}
    assert keys < set(KEY_FIELDS)
    assert ledger | set(KEY_FIELDS) | set(SHARED_FIELDS) == set(INVENTORY)
