"""A SQLite ledger whose file is written by a process of its own: what the contract's suite cannot see from outside."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from gateway.ledger.contract import LedgerCorrupt, LedgerLocked, LedgerUnavailable
from gateway.ledger.file_lock import own
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.writer_calls import DONE, Asked, Frames, error_frame, error_from, frame
from gateway.ledger.sqlite.writer_client import spawn
from gateway.process.clock import ManualClock
from tests.contract.records import NOW, a_message, accepts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(path, ManualClock(), apart=True)
    await ledger.open()
    yield ledger
    await ledger.close()


def writing_process() -> psutil.Process:
    alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    (found,) = (each for each in alive if "gateway.ledger.sqlite.writer_process" in each.cmdline())
    return found


async def test_a_killed_process_is_started_again_and_nothing_acknowledged_is_lost(ledger: SqliteLedger) -> None:
    before, after = a_message(), a_message()
    await ledger.apply(accepts(before))
    process = writing_process()
    applying = asyncio.gather(ledger.apply(accepts(*(a_message() for _ in range(5_000)))), return_exceptions=True)
    await asyncio.sleep(0)
    process.kill()
    (failed,) = await applying
    assert isinstance(failed, LedgerUnavailable)
    assert await ledger.apply(accepts(after)) == [after.id]
    assert writing_process() != process
    assert None not in await ledger.messages.find_many([before.id, after.id])


async def test_while_its_process_is_dead_nobody_else_has_the_file(ledger: SqliteLedger, path: Path) -> None:
    process = writing_process()
    process.kill()
    await asyncio.to_thread(process.wait, 5)
    for apart in (False, True):
        with pytest.raises(LedgerLocked):
            await SqliteLedger(path, ManualClock(), apart=apart).open()
    message = a_message()
    with contextlib.suppress(LedgerUnavailable):  # it may not be known yet
        await ledger.apply(accepts(a_message()))
    assert await ledger.apply(accepts(message)) == [message.id]


async def test_a_process_that_outlives_its_gateway_keeps_the_file(path: Path) -> None:
    lock = own(path)
    ours, theirs = socket.socketpair()
    wait = spawn(Asked(str(path), "full", 1.0), theirs, (lock,))
    assert await asyncio.to_thread(ours.recv, 1)  # it has the file open
    os.close(lock)
    with pytest.raises(LedgerLocked):
        own(path)
    ours.close()
    await asyncio.to_thread(wait)
    os.close(own(path))


async def test_a_closed_ledger_leaves_no_process_and_no_lock(path: Path) -> None:
    ledger = SqliteLedger(path, ManualClock(), apart=True)
    await ledger.open()
    process = writing_process()
    await ledger.close()
    assert not process.is_running()
    with pytest.raises(LedgerUnavailable):
        await ledger.apply(accepts(a_message()))
    inside = SqliteLedger(path, ManualClock())
    await inside.open()
    await inside.close()


async def test_a_file_that_another_node_has_is_refused_and_so_is_junk(ledger: SqliteLedger, path: Path) -> None:
    with pytest.raises(LedgerLocked):
        await SqliteLedger(path, ManualClock(), apart=True).open()
    junk = path.with_name("junk.db")
    junk.write_bytes(b"no database at all, " * 100)
    with pytest.raises(LedgerCorrupt):
        await SqliteLedger(junk, ManualClock(), apart=True).open()
    assert writing_process().is_running()


async def test_it_dies_with_its_gateway(path: Path) -> None:
    program = """
import asyncio, pathlib, sys, psutil
from gateway.process.clock import ManualClock
from gateway.ledger.sqlite.engine import SqliteLedger

async def main():
    await SqliteLedger(pathlib.Path(sys.argv[1]), ManualClock(), apart=True).open()
    print(psutil.Process().children()[0].pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert gateway.stdout is not None
    writing = psutil.Process(int(await gateway.stdout.readline()))
    gateway.kill()
    await gateway.wait()
    await asyncio.to_thread(writing.wait, 5)
    after = SqliteLedger(path, ManualClock())
    await after.open()
    await after.close()


async def test_a_cancelled_batch_is_over_when_its_caller_goes_on(ledger: SqliteLedger) -> None:
    messages = [a_message() for _ in range(200)]
    applying = asyncio.ensure_future(ledger.apply(accepts(*messages)))
    await asyncio.sleep(0)
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert None not in await ledger.messages.find_many([each.id for each in messages])


async def test_a_sweep_and_batches_share_the_process(ledger: SqliteLedger) -> None:
    old = [a_message(content_until_ms=NOW, record_until_ms=NOW) for _ in range(500)]
    await ledger.apply(accepts(*old))
    sweeping = asyncio.ensure_future(ledger.retention.forget_records(NOW, 500))
    fresh = [a_message() for _ in range(20)]
    for each in fresh:
        assert await ledger.apply(accepts(each)) == [each.id]
    assert await sweeping == 500
    assert await ledger.messages.find_many([each.id for each in old]) == [None] * 500
    assert None not in await ledger.messages.find_many([each.id for each in fresh])


@pytest.mark.parametrize("step", [1, 2, 8, 9, 10, 64])
def test_frames_come_out_whole_however_the_octets_come_in(step: int) -> None:
    said = [(1, DONE, b""), (2, 3, b"x" * 20), (2**32 - 1, 255, b"y")]
    octets = b"".join(frame(*each) for each in said)
    frames = Frames()
    assert [each for at in range(0, len(octets), step) for each in frames.feed(octets[at : at + step])] == said


@pytest.mark.parametrize("error", [LedgerUnavailable("SQLITE_FULL"), LedgerCorrupt("old"), LedgerLocked("there")])
def test_an_error_of_the_contract_is_the_same_on_the_other_side(error: Exception) -> None:
    ((number, code, body),) = Frames().feed(error_frame(7, error))
    heard = error_from(code, body)
    assert (number, type(heard), str(heard)) == (7, type(error), str(error))


def test_of_any_other_error_only_the_kind_is_told() -> None:
    ((_, code, body),) = Frames().feed(error_frame(7, ValueError("+966501234567")))
    assert str(error_from(code, body)) == "ValueError"
