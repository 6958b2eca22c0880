"""The steps of docs/restore.md and docs/upgrade.md, taken on an installation."""

import asyncio
import configparser
import contextlib
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.redis_address import parse_address
from gateway.keystore.high_water import HighWater
from gateway.keystore.installation import open_together
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock, SystemClock
from tests.acceptance.test_mistakes import ADD, Mistaken
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey, running

AT_ONCE = ("--repl-diskless-sync-delay", "0")
ROOT = Path(__file__).resolve().parents[2]


def steps(page: str, heading: str) -> Sequence[str]:
    """The lines that the page tells to run under this heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    (block,) = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    return [line.strip() for line in block.splitlines()]


class Site(Mistaken):
    """An installation in a folder."""

    def take(self, step: str) -> "subprocess.CompletedProcess[str]":
        """One step, as somebody types it in the folder."""
        python = shlex.quote(sys.executable)
        return subprocess.run(
            ["/bin/sh", "-c", re.sub(r"^connect-gateway", f"{python} -m gateway", step)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "CONNECT_GATEWAY_CONFIG": str(self.settings)},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    async def runs_for(self, *seconds: int, server: Valkey | None = None) -> None:
        """As the marks of a node tell it. server: with the ledger, where it is not a file."""
        keystore = Keystore(self.folder / "keys" / "keys.db", FileRootSlot(self.folder / "apart" / "root.key"), CLOCK)
        ledger: Ledger = SqliteLedger(self.folder / "data" / "ledger.db", CLOCK)
        if server is not None:
            access = Access(address=parse_address(server.url), timeout_s=LIMIT_S)
            ledger = RedisLedger(access, CLOCK, role=Role.ALONE)
        await open_together(keystore, ledger, may_begin=False, random=CLOCK.random)
        for each in seconds:
            await HighWater(keystore, ledger.marks, ManualClock(CLOCK.now_ms() + each * 1000)).write()
        keystore.close()
        await ledger.close()


CLOCK = SystemClock()


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    """With a copy of both stores, after which it ran for an hour and got another customer."""
    site = Site(tmp_path)
    assert site.run(*ADD).returncode == 0
    await site.runs_for(0)
    for folder in ("backup", "snapshot"):
        (tmp_path / folder).mkdir()
    for step in steps("upgrade.md", "One node, ledger in a file"):
        done = site.take(step)
        assert done.returncode == 0, done.stderr
    assert site.run(*ADD).returncode == 0
    await site.runs_for(3_600)
    return site


@pytest.mark.case("faults-2")
@pytest.mark.case("faults-17")
async def test_a_ledger_is_put_back_by_the_steps_of_the_page(site: Site) -> None:
    lines = steps("restore.md", "A ledger in a file")
    for step in lines:
        if "accept-restore" in step:
            for verb in (("serve",), ADD, ("customer", "list")):
                assert site.says(*verb).endswith("[ledger_older]")
            assert site.says("keys", "accept-restore").endswith("[ledger_older]")
        done = site.take(step)
        if step.endswith(" check"):  # it names nothing that hinders the settings
            assert "[ledger_older]" not in done.stdout
            continue
        assert done.returncode == 0, (step, done.stderr)
    assert done.stdout.count("cus_") == 1
    assert site.says("ledger", "accept-restore").endswith("[not_older]")


@pytest.mark.case("faults-2")
@pytest.mark.case("faults-17")
async def test_keys_are_put_back_by_the_steps_of_the_page(site: Site) -> None:
    for step in steps("restore.md", "Keys in a file"):
        if "accept-restore" in step:
            assert site.says("serve").endswith("[keys_older]")
            assert site.says("ledger", "accept-restore").endswith("[keys_older]")
        done = site.take(step)
        assert done.returncode == 0, (step, done.stderr)
    assert site.run("customer", "list").returncode == 0


@pytest.mark.case("faults-17")
async def test_a_version_before_says_that_the_file_is_a_newer_ones(site: Site) -> None:
    with sqlite3.connect(site.folder / "data" / "ledger.db") as file:
        file.execute("UPDATE meta SET value = 1000 WHERE key = 'schema_version'")
        before = list(file.iterdump())
    assert site.says("customer", "list").endswith("[ledger_corrupt]")
    with sqlite3.connect(site.folder / "data" / "ledger.db") as file:
        assert list(file.iterdump()) == before


@pytest.mark.case("faults-17")
async def test_a_copy_is_whole_beside_a_writer_and_never_lies_beside_ledger_or_keys(site: Site) -> None:
    for place in ("data/copy.db", "keys/copy.db", "apart/copy.db"):
        assert site.says("ledger", "backup", str(site.folder / place)).endswith("[same_place]")
    ledger = SqliteLedger(site.folder / "data" / "ledger.db", CLOCK)
    await ledger.open(create=False)
    for number in range(3):
        await ledger.marks.set({"copied": number})
        copy = site.folder / "backup" / "again.db"
        assert site.run("ledger", "backup", str(copy)).returncode == 0
        assert {each.name for each in copy.parent.iterdir()} == {"ledger.db", "again.db"}
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert file.execute("SELECT value FROM meta WHERE key = 'copied'").fetchone() == (number,)
    await ledger.close()
    shutil.rmtree(site.folder / "data")
    assert site.says("ledger", "backup", str(copy)).endswith("[nothing_there]")
    assert copy.exists()


@pytest.mark.case("faults-17")
def test_the_unit_gives_the_gateway_the_time_that_it_takes_to_end() -> None:
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "config" / "connect-gateway.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("connect-gateway serve")
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > 30
    assert service["Restart"] == "on-failure"


async def caught_up(server: Valkey, replica: Valkey) -> None:
    """The replica has all that the server has."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            has, wanted = replica.ask("INFO", "replication"), server.ask("INFO", "replication")
            is_linked = has["role"] == "slave" and has["master_link_status"] == "up"
            if is_linked and has["slave_repl_offset"] >= wanted["master_repl_offset"]:
                return
            await asyncio.sleep(0.02)  # servers set no event


@pytest.mark.case("faults-17")
async def test_a_promoted_replica_carries_on_by_the_steps_of_the_page(tmp_path: Path) -> None:
    promote, accept, look = steps("restore.md", "Redis")
    words = promote.partition(" -h REPLICA ")[2].split()
    folders = [tmp_path / name for name in ("first", "second", "behind")]
    with contextlib.ExitStack() as servers:
        first, second, behind = [servers.enter_context(running(each, *PERSISTENT, *AT_ONCE)) for each in folders]
        for replica in (second, behind):
            replica.ask("REPLICAOF", "127.0.0.1", first.port)
        site = Site(tmp_path)
        site.on_redis(first.url)
        assert site.run(*ADD).returncode == 0
        await site.runs_for(0, server=first)
        await caught_up(first, second)
        await caught_up(first, behind)
        behind.ask(*words)
        assert site.run(*ADD).returncode == 0
        await site.runs_for(3_600, server=first)
        await caught_up(first, second)
        first.kill()
        second.ask(*words)
        site.on_redis(second.url)
        assert site.says(*accept.split()[1:]).endswith("[not_older]"), "nothing is lost"
        assert site.run(*look.split()[1:]).stdout.count("cus_") == 2
        site.on_redis(behind.url)
        assert site.says("serve").endswith("[ledger_older]")
        assert site.run(*accept.split()[1:]).returncode == 0
        assert site.run(*look.split()[1:]).stdout.count("cus_") == 1
