"""Killed at any write of a destruction: what should live lives, what should be dead is dead, and the rest goes on.

A process erases one person, and then sweeps when a period has expired: two rolls of the root, emptied rows, a
checkpoint. It is killed for real at its first write, at its second, and so on, until it comes to its end. After each
death the copies from before are attacked with what the death left, and once more when the node was started again.
"""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import gateway
from config.settings import SweeperSettings
from gateway.keyring import Keyring
from gateway.ledger.keystore import FileRootSlot, Keystore
from gateway.ledger.sqlite import SqliteLedger
from gateway.recovery import recover
from gateway.sweeper import Sweeper
from redaction.retention import DEFAULT_RULES
from tests.faults.destruction_victim import LATER_S, Clock
from tests.unit.gateway.road import running_road

ROOT = Path(gateway.__file__).parent.parent
FILES = ("ledger.db", "ledger.db-wal", "keys.db", "root.key")
ERASED, NEIGHBOUR = "+966500000001", "+966500000002"
KILLED = -9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Ids: of the erased person's and of the neighbour's messages, those that expire and those that do not yet."""

    erased_expiring: bytes
    erased_lasting: bytes
    expiring: bytes
    lasting: bytes

    @property
    def everything(self) -> frozenset[bytes]:
        return frozenset({self.erased_expiring, self.erased_lasting, self.expiring, self.lasting})

    def stages(self) -> tuple[frozenset[bytes], ...]:
        """What opens before, after the erasure, and after the sweep."""
        return self.everything, frozenset({self.expiring, self.lasting}), frozenset({self.lasting})


async def prepare(place: Path) -> Sent:
    place.mkdir()
    async with running_road(place, down=["loop"]) as road:
        return Sent(
            erased_expiring=await road.send(to=ERASED, message_class="transactional"),
            erased_lasting=await road.send(to=ERASED, message_class="promotional"),
            expiring=await road.send(to=NEIGHBOUR, message_class="transactional"),
            lasting=await road.send(to=NEIGHBOUR, message_class="promotional"),
        )


async def die(place: Path, writes: int) -> tuple[int, str]:
    """Exit code, and how many writes there were if it came to its end."""
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.destruction_victim", str(place), str(writes)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        said, _ = await victim.communicate()
    assert victim.returncode is not None
    return victim.returncode, said.decode()


def attack(before: Path, now: Path) -> frozenset[bytes]:
    """What opens of the copies from before, with everything that is there now."""
    roots = FileRootSlot(now / "root.key").read()
    return recover([before / "ledger.db"], [before / "keys.db", now / "keys.db"], roots).opened


async def start_again(place: Path, *, later: bool) -> set[bytes]:
    """A node starts and does what is due. Ids of the messages that it still knows, content or not."""
    clock = Clock()
    if later:
        clock.advance(LATER_S)
    store = Keystore(place / "keys.db", FileRootSlot(place / "root.key"), clock)
    store.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    if later:
        await Sweeper(ledger=ledger, keyring=keyring, clock=clock, settings=SweeperSettings()).sweep()
        due = await ledger.retention_due(clock.now_ms())
        assert not any(each.content or each.records for each in due)
    page = await ledger.list_messages(1, status=None, since_ms=None, cursor=None, limit=100)
    await ledger.close()
    store.close()
    return {each.id for each in page.messages}


@pytest.mark.slow
@pytest.mark.policy("P-23")
async def test_killed_at_any_write_of_a_destruction(tmp_path: Path) -> None:
    before = tmp_path / "before"
    sent = await prepare(before)
    assert attack(before, before) == sent.everything
    code, said = await die(shutil.copytree(before, tmp_path / "whole"), 0)
    assert code == 0
    writes = int(said.splitlines()[-1])
    assert writes > 40

    gate = asyncio.Semaphore(os.cpu_count() or 1)
    told = await asyncio.gather(*(killed_at(tmp_path, before, sent, each, gate) for each in range(1, writes + 1)))

    assert told == sorted(told, reverse=True), "once a thing is dead, no later death brings it back"
    assert set(told) == {len(each) for each in sent.stages()}


async def killed_at(tmp_path: Path, before: Path, sent: Sent, write: int, gate: asyncio.Semaphore) -> int:
    """How many messages of the copies still open right after this death."""
    place = tmp_path / f"at-{write}"
    async with gate:
        shutil.copytree(before, place)
        assert (await die(place, write))[0] == KILLED
        left = attack(before, place)
        assert left in sent.stages(), f"at write {write} something is lost, or half destroyed"
        assert await start_again(place, later=False) == sent.everything
        settled = attack(before, place)
        assert settled in sent.stages()
        assert settled <= left
        assert len(FileRootSlot(place / "root.key").read()) == 1
        assert await start_again(place, later=True) == sent.everything
        kept = {sent.erased_lasting} if settled == sent.everything else set()
        assert attack(before, place) == {sent.lasting, *kept}
        shutil.rmtree(place)
    return len(left)
