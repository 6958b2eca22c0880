"""More than one process on a ledger, and one that is killed."""

import asyncio
import sys
from pathlib import Path

import pytest

import gateway
from gateway.ledger.contract import LedgerLocked
from gateway.model.message import Status
from tests.contract.conftest import Engine
from tests.contract.records import NOW, a_message, accepts
from tests.contract.writer import CUSTOMERS

ROOT = Path(gateway.__file__).parent.parent


async def _start(engine: Engine, deed: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.contract.writer",
        engine.name,
        str(engine.place),
        deed,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def test_accounts_are_written_by_another_process_while_the_node_applies_batches(engine: Engine) -> None:
    ledger = await engine.open()
    before = await ledger.accounts.version()
    process = await _start(engine, "accounts")
    ended = asyncio.ensure_future(process.communicate())
    stored = []
    while not ended.done():
        batch = accepts(*(a_message() for _ in range(20)))
        assert await ledger.apply(batch) == [op.message.id for op in batch]
        stored += [op.message.id for op in batch]
    printed, _ = await ended
    assert process.returncode == 0
    assert [int(line) for line in printed.split()] == [each.id for each in await ledger.accounts.customers()]
    assert await ledger.accounts.version() == before + CUSTOMERS
    assert None not in await ledger.messages.find_many(stored)


async def test_a_killed_writer_leaves_every_acknowledged_batch_and_an_open_door(engine: Engine) -> None:
    process = await _start(engine, "batches")
    assert process.stdout is not None
    acknowledged = [await process.stdout.readline() for _ in range(50)]
    with pytest.raises(LedgerLocked):
        await engine.open()
    process.kill()
    acknowledged += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()

    ledger = await engine.open()
    ids = [bytes.fromhex(line.decode()) for line in acknowledged if line.endswith(b"\n")]
    assert len(ids) >= 50
    found = await ledger.messages.find_many(ids)
    assert all(each is not None and each.status is Status.DELIVERED for each in found)
    assert None not in await ledger.work.correlate([("stc", (each.hex(),)) for each in ids])
    told = {event.message for event in await ledger.outbox.due(NOW, 100_000, ())}
    assert told >= set(ids)
    assert len(await ledger.apply(accepts(a_message()))) == 1
