"""Killed at any write of a destruction: what should live lives, what should be dead is dead, and the rest goes on.

A process erases one person, and then sweeps when a period has expired: two rolls of the root, emptied rows, a
checkpoint. It is killed for real at its first write, at its second, and so on, until it comes to its end. After each
death the copies from before are attacked with what the death left, and once more when the node was started again.
"""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import redis

import gateway
from config.settings import SweeperSettings
from gateway.keystore.file import KeyFile
from gateway.keystore.keyring import Keyring
from gateway.keystore.recovery import recover
from gateway.keystore.root_slot import FileRootSlot
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.retention.integrity import Integrity
from gateway.retention.sweeper import Sweeper
from redaction.retention import DEFAULT_RULES
from tests.bounds import LIMIT_S
from tests.faults.destruction_victim import LATER_S, Clock, keys_of
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
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


@dataclass(frozen=True, slots=True)
class Scene:
    """A ledger, a root, and a key store in a file or on a server."""

    place: Path
    url: str

    @property
    def prefix(self) -> str:
        return self.place.name

    def copied(self, name: str) -> "Scene":
        copy = Scene(shutil.copytree(self.place, self.place.parent / name), self.url)
        if self.url:
            with redis.Redis.from_url(self.url) as client:
                for each in client.scan_iter(match=f"{{{self.prefix}}}:keystore:s*"):  # state and segments
                    client.copy(each, each.decode().replace(f"{{{self.prefix}}}", f"{{{name}}}"))
        return copy

    def on_the_server(self, url: str) -> "Scene":
        """The same, its key store moved to the server."""
        with contextlib.closing(KeyFile(self.place / "keys.db")) as file:
            file.open()
            stored, ids = file.read(), file.segment_ids()
            segments = dict(zip(ids, file.read_segments(ids), strict=True))
        assert stored is not None
        (self.place / "keys.db").unlink()
        with redis.Redis.from_url(url) as client:
            client.hset(self._state(self.prefix), mapping={"blob": stored[0], "version": 1})
            for each, octets in segments.items():
                client.set(f"{{{self.prefix}}}:keystore:segment:{each.hex()}", cast("bytes", octets))
        return Scene(self.place, url)

    def keystore_file(self) -> Path:
        """The key store as a file, to attack it with."""
        path = self.place / ("taken.db" if self.url else "keys.db")
        if self.url:
            path.unlink(missing_ok=True)
            with redis.Redis.from_url(self.url) as client, contextlib.closing(KeyFile(path)) as file:
                blob = cast("bytes", client.hget(self._state(self.prefix), "blob"))
                names = list(client.scan_iter(match=f"{{{self.prefix}}}:keystore:segment:*"))
                file.open()
                with file.alone():
                    segments = [(bytes.fromhex(each.decode()[-32:]), cast("bytes", client.get(each))) for each in names]
                    file.write(blob, 1, segments)
        return path

    @staticmethod
    def _state(prefix: str) -> str:
        return f"{{{prefix}}}:keystore:state"


async def die(scene: Scene, writes: int) -> tuple[int, str]:
    """Exit code, and how many writes there were if it came to its end."""
    words = (str(scene.place), scene.url, scene.prefix, str(writes))
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.destruction_victim", *words),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        said, _ = await victim.communicate()
    assert victim.returncode is not None
    return victim.returncode, said.decode()


def attack(before: Scene, now: Scene) -> frozenset[bytes]:
    """What opens of the copies from before, with everything that is there now."""
    roots = FileRootSlot(now.place / "root.key").read()
    return recover([before.place / "ledger.db"], [before.keystore_file(), now.keystore_file()], roots).opened


async def start_again(scene: Scene, *, later: bool) -> set[bytes]:
    """A node starts and does what is due. Ids of the messages that it still knows, content or not."""
    clock = Clock()
    if later:
        clock.advance(LATER_S)
    store = keys_of(scene.place, scene.url, scene.prefix, clock)
    store.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    ledger = SqliteLedger(scene.place / "ledger.db", clock)
    await ledger.open()
    if later:
        integrity = Integrity(keyring.tags, ledger.retention)
        await Sweeper(
            retention=ledger.retention,
            keyring=keyring,
            clock=clock,
            settings=SweeperSettings(),
            integrity=integrity,
            schedule_s=0,
        ).sweep()
        due = await ledger.retention.overdue(clock.now_ms())
        assert not any(each.content or each.records for each in due)
    page = await ledger.messages.list_messages(1, status=None, since_ms=None, cursor=None, limit=100)
    await ledger.close()
    store.close()
    return {each.id for each in page.messages}


@pytest.fixture(params=["file", "redis"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "file":
        yield ""
        return
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.policy("P-23")
async def test_killed_at_any_write_of_a_destruction(tmp_path: Path, url: str) -> None:
    before = Scene(tmp_path / "before", "")
    sent = await prepare(before.place)
    if url:
        before = before.on_the_server(url)
    assert attack(before, before) == sent.everything
    await die(before.copied("first"), 0)  # a server knows the scripts from now on
    code, said = await die(before.copied("whole"), 0)
    assert code == 0
    writes = int(said.splitlines()[-1])
    assert writes > 40

    gate = asyncio.Semaphore(os.cpu_count() or 1)
    told = await asyncio.gather(*(killed_at(before, sent, each, gate) for each in range(1, writes + 1)))

    assert told == sorted(told, reverse=True), "once a thing is dead, no later death brings it back"
    assert set(told) == {len(each) for each in sent.stages()}


async def killed_at(before: Scene, sent: Sent, write: int, gate: asyncio.Semaphore) -> int:
    """How many messages of the copies still open right after this death."""
    async with gate:
        scene = before.copied(f"at-{write}")
        assert (await die(scene, write))[0] == KILLED
        left = attack(before, scene)
        assert left in sent.stages(), f"at write {write} something is lost, or half destroyed"
        assert await start_again(scene, later=False) == sent.everything
        settled = attack(before, scene)
        assert settled in sent.stages()
        assert settled <= left
        assert len(FileRootSlot(scene.place / "root.key").read()) == 1
        assert await start_again(scene, later=True) == sent.everything
        kept = {sent.erased_lasting} if settled == sent.everything else set()
        assert attack(before, scene) == {sent.lasting, *kept}
        shutil.rmtree(scene.place)
    return len(left)
