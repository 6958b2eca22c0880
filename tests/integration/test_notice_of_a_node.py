"""A node tells people what its settings say, in versions, and does not start with a purpose that nobody was told of."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from config.loader import load
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.main import app
from gateway.ledger.contract import DocumentWrite
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.node.node import Node
from gateway.node.stores import StartRefused
from gateway.process.clock import SystemClock
from gateway.transparency.versions import KIND, Versions
from tests.bounds import LIMIT_S
from tests.integration.file_places import FILES
from tests.integration.page_stage import served

TOLD = """
[privacy]
controller = "Sender LLC, Riyadh"
contact = "privacy@sender.sa"
stores.country = "SA"
[pages]
enabled = true
[http]
port = 0
[metrics]
enabled = false
"""
OTP = '[[retention]]\ntag = "otp"\nrecord_s = 172800\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(FILES.format(tmp_path) + TOLD, "utf-8")
    return path


def say(settings: Path, *words: str) -> Any:
    with capture_logs():
        done = CliRunner().invoke(app, [*words, "--config", str(settings), "--json"])
    assert done.exception is None, done.output
    return json.loads(done.stdout)


async def run_once(settings: Path) -> int:
    """A node from its start to its end; the number of the version that it told people."""
    node = Node(load(settings, {}))
    try:
        await node.start()
        assert node.notices is not None
        return node.notices.version.number
    finally:
        await node.close()


@pytest.mark.policy("P-39")
async def test_another_period_in_the_settings_is_another_version(settings: Path) -> None:
    assert await run_once(settings) == 1
    assert await run_once(settings) == 1
    settings.write_text(settings.read_text("utf-8") + OTP, "utf-8")
    assert await run_once(settings) == 2


@pytest.mark.policy("P-13")
async def test_a_purpose_that_the_last_notice_lacks_does_not_start_until_somebody_tells_it(settings: Path) -> None:
    assert await run_once(settings) == 1
    ledger = SqliteLedger(settings.parent / "data" / "ledger.db", SystemClock())
    await ledger.open(create=False)
    versions = Versions(ledger.acts, SystemClock(), COMMAND_LINE)
    newest = await versions.newest()
    assert newest is not None
    *rest, gone = newest.notice.purposes
    await versions.keep(msgspec.structs.replace(newest.notice, purposes=tuple(rest)))
    await ledger.close()
    with pytest.raises(StartRefused, match=gone.key):
        await run_once(settings)


@pytest.mark.policy("P-13")
async def test_a_notice_of_an_older_build_ends_no_node_that_serves(tmp_path: Path) -> None:
    async with served(tmp_path) as site:
        duty, file = site.node.notices, tmp_path / "gateway.toml"
        assert duty is not None
        versions = Versions(site.node.stores.ledger.acts, SystemClock(), COMMAND_LINE)
        fewer = msgspec.structs.replace(duty.version.notice, purposes=duty.version.notice.purposes[1:])
        assert (await versions.keep(fewer)).number == 2
        file.write_text(file.read_text("utf-8").replace("privacy@sender.sa", "dpo@sender.sa"), "utf-8")
        with capture_logs() as lines:
            site.node.road.standing.settings = load(file, {})  # as a reload does
            async with asyncio.timeout(LIMIT_S):
                while "notice_behind" not in {each["event"] for each in lines}:
                    await asyncio.sleep(0.01)
        assert (await site.get("/privacy"))[0] == 200
        assert (duty.version.number, site.node.tasks.failed.done()) == (1, False)
        await asyncio.to_thread(say, file, "notice", "publish")
        async with asyncio.timeout(LIMIT_S):
            while duty.version.number != 3:
                await asyncio.sleep(0.01)


def test_verbs_say_what_people_are_told(settings: Path) -> None:
    with capture_logs():
        CliRunner().invoke(app, ["customer", "add", "--name", "Bank", "--sender", "BANK", "--config", str(settings)])
    assert say(settings, "notice", "list") == []
    assert say(settings, "notice", "publish")["version"] == 1
    settings.write_text(settings.read_text("utf-8") + OTP, "utf-8")
    (change,) = say(settings, "notice", "diff")
    assert (change["name"], change["before"], change["after"]) == ("otp", [7_776_000], [172_800])
    assert say(settings, "notice", "publish")["purposes"] == []
    assert [each["changes"] for each in say(settings, "notice", "list")] == [0, 1]
    assert say(settings, "notice", "given") == []


@pytest.mark.parametrize("octets", [b"", b"\xc1", msgspec.msgpack.encode({"since_ms": 1 << 60, "notice": b"{}"})])
async def test_a_newest_version_that_cannot_be_read_is_named_and_told_anew(settings: Path, octets: bytes) -> None:
    assert await run_once(settings) == 1
    ledger = SqliteLedger(settings.parent / "data" / "ledger.db", SystemClock())
    await ledger.open(create=False)
    await ledger.acts.act([DocumentWrite(KIND, "00000002", octets), DocumentWrite(KIND, "no number", octets)])
    await ledger.close()
    with pytest.raises(StartRefused, match="version 2 of the privacy notice cannot be read"):
        await run_once(settings)
    with capture_logs():
        words = ["notice", "diff", "--config", str(settings), "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert "version 2 of the privacy notice cannot be read" in f"{done.output}{done.exception}"
    assert (await asyncio.to_thread(say, settings, "notice", "publish"))["version"] == 3
    assert await run_once(settings) == 3
    listed = await asyncio.to_thread(say, settings, "notice", "list")
    assert [each["version"] for each in listed] == [1, 3]


async def test_a_version_of_a_build_that_says_less_is_read(settings: Path) -> None:
    assert await run_once(settings) == 1
    ledger = SqliteLedger(settings.parent / "data" / "ledger.db", SystemClock())
    await ledger.open(create=False)
    (document,) = await ledger.acts.of_kind(KIND)
    stored = msgspec.msgpack.decode(document.octets)
    fewer = json.loads(stored["notice"])
    for name in ("cookies", "complain_s", "consent_for"):
        del fewer[name]
    octets = msgspec.msgpack.encode({"since_ms": stored["since_ms"], "notice": json.dumps(fewer).encode()})
    await ledger.acts.act([DocumentWrite(KIND, document.key, octets)])
    await ledger.close()
    assert await run_once(settings) == 2
