"""Killed at any write around acts and the audit log: each acknowledged act has one entry in the log, and no more."""

import asyncio
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

import gateway
from gateway.audit.sequencer import Sequencer
from gateway.audit.tiles import TileReader
from gateway.audit.verify import verify
from gateway.ledger.sqlite.engine import SqliteLedger
from tests.bounds import LIMIT_S
from tests.faults.audit_victim import act, writer_of
from tests.faults.destruction_victim import Clock, keys_of

ROOT = Path(gateway.__file__).parent.parent
KILLED = -9
BEFORE = 251
"""Entries that the log has before, so that a tile becomes full on the way."""


async def die(place: Path, first: int, writes: int) -> tuple[int, list[int], int]:
    """Exit code, numbers of the acts that were acknowledged, and how many writes there were if it came to its end."""
    words = (str(place), str(first), str(writes))
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.audit_victim", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(LIMIT_S):
        said, _ = await victim.communicate()
    lines = said.decode().split("\n")
    acknowledged = [int(each) for each in lines if each.isdigit()]
    (count,) = [int(each.split()[1]) for each in lines if each.startswith("writes")] or [0]
    assert victim.returncode is not None
    return victim.returncode, acknowledged, count


async def begin(place: Path) -> None:
    """A log of `BEFORE` entries."""
    place.mkdir()
    clock = Clock()
    store = keys_of(place, "", "", clock)
    store.open()
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    await ledger.acts.act((), [act(number, clock) for number in range(BEFORE)])
    await Sequencer(ledger.acts, writer_of(place, store, clock), clock).round()
    await ledger.close()
    store.close()


async def numbers_in_the_log(place: Path) -> list[int]:
    """After a start: what waited is put into the log, which is whole."""
    clock = Clock()
    store = keys_of(place, "", "", clock)
    store.open()
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    writer = writer_of(place, store, clock)
    sequencer = Sequencer(ledger.acts, writer, clock)
    note = await sequencer.round()
    assert note is not None
    assert await ledger.acts.pending(10) == []
    assert verify(place / "audit", note, writer.key) is None
    size = writer.standing().size
    entries = [msgspec.json.decode(each) for _, each in TileReader(place / "audit", size).entries()]
    await ledger.close()
    store.close()
    return [each["n"]["version"] for each in entries]


async def killed_at(before: Path, number: int, write: int, gate: asyncio.Semaphore) -> None:
    async with gate:
        place = shutil.copytree(before, before.parent / f"death-{number}")
        code, acknowledged, _ = await die(place, BEFORE, write)
        assert code == KILLED
        found = Counter(await numbers_in_the_log(place))
        assert max(found.values()) == 1, f"at write {write} an entry came twice"
        assert set(acknowledged) | set(range(BEFORE)) <= found.keys(), f"at write {write} an entry was lost"
        assert max(found) <= BEFORE + len(acknowledged)
        shutil.rmtree(place)


@pytest.mark.policy("P-26")
@pytest.mark.parametrize("deaths", [20, pytest.param(200, marks=pytest.mark.slow)])
async def test_each_acknowledged_act_has_one_entry_wherever_the_gateway_dies(tmp_path: Path, deaths: int) -> None:
    before = tmp_path / "before"
    await begin(before)
    code, _, writes = await die(shutil.copytree(before, tmp_path / "whole"), BEFORE, 0)
    assert (code, writes > 100) == (0, True)
    gate = asyncio.Semaphore(os.cpu_count() or 1)
    async with asyncio.TaskGroup() as group:
        for number in range(deaths):
            group.create_task(killed_at(before, number, 1 + number * writes // deaths, gate))
