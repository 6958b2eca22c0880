"""Killed at any write while the layout of a key store is raised: no key is lost, and copies from before die with it."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

import gateway
from gateway.keystore.root_slot import FileRootSlot, KeystoreLost
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock
from redaction.customer_keys import LAYOUT
from tests.bounds import LIMIT_S
from tests.faults.destruction_victim import Clock, keys_of
from tests.integration.key_places import PERSISTENT
from tests.integration.keystores.__main__ import answers
from tests.integration.valkey_server import valkey

ROOT = Path(gateway.__file__).parent.parent
STORED = ROOT / "tests" / "integration" / "keystores"
ANSWERS = msgspec.json.decode((STORED / "layout_1.json").read_bytes())
KILLED = -9


@pytest.fixture(params=["file", "redis"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "file":
        yield ""
        return
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


def left_by_the_version_before(place: Path, url: str) -> None:
    place.mkdir()
    FileRootSlot(place / "root.key").write((bytes.fromhex((STORED / "layout_1.root").read_text(encoding="ascii")),))
    shutil.copy(STORED / "layout_1.db", place / "copy.db")
    if not url:
        shutil.copy(STORED / "layout_1.db", place / "keys.db")
        return
    with contextlib.closing(sqlite3.connect(STORED / "layout_1.db")) as file, redis.Redis.from_url(url) as client:
        blob, version = file.execute("SELECT blob, version FROM keystore").fetchone()
        client.hset(f"{{{place.name}}}:keystore:state", mapping={"blob": blob, "version": version})


async def die(place: Path, url: str, writes: int) -> tuple[int, str]:
    """Exit code, and how many writes there were if it came to its end."""
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.raising_victim", str(place), url, place.name, str(writes)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        said, _ = await victim.communicate()
    assert victim.returncode is not None
    return victim.returncode, said.decode()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.policy("P-23")
async def test_killed_at_any_write_while_the_layout_is_raised(tmp_path: Path, url: str) -> None:
    for name in ("first", "whole"):  # a server knows the scripts from the second on
        left_by_the_version_before(tmp_path / name, url)
        code, said = await die(tmp_path / name, url, 0)
        assert code == 0
    writes = int(said)
    assert writes > 12
    gate = asyncio.Semaphore(os.cpu_count() or 1)
    await asyncio.gather(*(killed_at(tmp_path / f"at-{each}", url, each, gate) for each in range(1, writes + 1)))


async def killed_at(place: Path, url: str, write: int, gate: asyncio.Semaphore) -> None:
    async with gate:
        left_by_the_version_before(place, url)
        assert (await die(place, url, write))[0] == KILLED
        store = keys_of(place, url, place.name, Clock())
        store.open(create=False)
        assert store.state.layout == LAYOUT
        assert answers(store.state) == ANSWERS
        store.close()
        slot = FileRootSlot(place / "root.key")
        assert len(slot.read()) == 1
        with pytest.raises(KeystoreLost):
            Keystore(place / "copy.db", slot, SystemClock()).open()
        shutil.rmtree(place)
