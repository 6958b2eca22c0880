"""`connect-gateway assess`: a leak is found, copies die with their keys, and what was seen stands in the log."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.tools import assessment
from tests.integration.admin_stage import running_admin
from tests.integration.test_account_verbs import Verbs
from tests.integration.test_subject_verbs import OTHER, PERSON, told

CANARY = "canary 0501234567"


class Site(Verbs):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.canaries = folder / "canaries.txt"
        self.canaries.write_text(CANARY + "\n", "utf-8")
        self.record = folder / "record.json"

    def assess(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and the parts by name."""
        known = ("--canaries", str(self.canaries), "--config", str(self._settings), "--json")
        with capture_logs():
            done = CliRunner().invoke(app, ["assess", str(self.record), *words, *known])
        return done.exit_code, {each["name"]: each for each in json.loads(done.stdout)["parts"]}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(assessment, "MEMORY", tmp_path / "memory")
    return Site(tmp_path)


@pytest.mark.policy("P-27")
def test_a_value_that_was_planted_in_a_log_is_found_with_file_and_offset(site: Site) -> None:
    log = site.folder / "gateway.log"
    log.write_text(f"12345 {CANARY}\n", "utf-8")
    code, parts = site.assess(str(log))
    assert (code, parts["leaks"]["is_sound"]) == (1, False)
    assert f"{log} at 6 " in parts["leaks"]["places"][0]
    assert CANARY not in site.record.read_text("utf-8")
    log.unlink()
    site.record.unlink()
    assert site.assess()[1]["leaks"]["is_sound"] is True


def test_the_record_is_in_the_audit_log_by_its_digest(site: Site) -> None:
    site.assess()
    assert not list((site.folder / "memory").iterdir())
    (entry,) = site.run("audit", "show", "--act", "assess")
    assert "unsound=" in entry["more"]  # no custodian is set
    assert site.run("audit", "checkpoint")["size"]
    (bundle,) = (site.folder / "data" / "audit").rglob("entries/000.p/*")
    assert sha256(site.record.read_bytes()).hexdigest() in bundle.read_bytes().decode("latin-1")
    assert site.says("assess", str(site.record)).endswith("[file_exists]")


@pytest.mark.policy("P-23")
async def test_copies_open_until_their_keys_are_destroyed_beside_a_running_node(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send(to=PERSON)
        await admin.send(to=OTHER)
        record = tmp_path / "record.json"
        await asyncio.to_thread(lambda: told(tmp_path, "assess", str(record), code=1))
        parts = {each["name"]: each for each in json.loads(record.read_bytes())["parts"]}
        counts = {"messages": 2, "opened": 2, "restored": 2, "after": 0}
        assert (parts["drill"]["is_sound"], parts["drill"]["counts"]) == (True, counts)
