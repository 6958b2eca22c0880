"""From a customer's complaint to the operator's reason, by the steps of docs/operating.md."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.model.catalogue import OURS, STATUSES, UNKNOWN, meaning
from tests.integration.admin_stage import running_admin
from tests.verbs import run_verb

CONFIG = """
[ledger]
path = "data/ledger.db"
[keystore]
path = "keys/keys.db"
root = { path = "root/root.key" }
[audit]
dir = "audit"
[[operators]]
name = "loop"
kind = "loopback"
[[routes]]
operators = ["loop"]
"""


def told(folder: Path, *words: str) -> Any:
    config = folder / "gateway.toml"
    config.write_text(CONFIG, "utf-8")
    done = run_verb((*words, "--json"), {**os.environ, "CONNECT_GATEWAY_CONFIG": str(config)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_three_commands_lead_from_a_reference_to_what_became_of_the_message(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        wanted = await admin.send(reference="4711")
        await admin.send(reference="47")
        (found,) = told(tmp_path, "message", "find", admin.customer, "--reference", "4711")
        assert (found["id"], found["status"]) == (wanted, "delivered")
        story = told(tmp_path, "message", "show", found["id"])
        assert [each["what"] for each in story["timeline"]] == ["accepted", "routed", "submitted", "delivered"]
        assert "canary" not in json.dumps(story)
        explained = told(tmp_path, "route", "explain", "--to", "9665", "--customer", admin.customer)
        assert explained["operators"] == ["loop"]


async def test_usage_is_shown_by_the_command_line(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send()
        rows = told(tmp_path, "usage", admin.customer)
        assert [(row["status"], row["messages"], row["cost"]) for row in rows] == [
            ("accepted", 1, None),
            ("delivered", 1, None),
        ]


@pytest.mark.parametrize("code", ["0000000B", "expired_here", "0000000b"])
def test_a_code_that_is_known_has_a_cause_and_a_cure(code: str) -> None:
    found = meaning(code)
    assert found is not UNKNOWN
    assert found.cause.endswith(".")
    assert found.cure.endswith(".")


@pytest.mark.parametrize("code", ["00000999", "1", "", "ABC", "0000000BB"])
def test_any_other_code_is_the_operators_own(code: str) -> None:
    assert meaning(code) is UNKNOWN


def test_every_error_of_ours_is_in_the_catalogue() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text("utf-8")
    _, _, table = text.partition("| error | meaning |")
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = {word.strip("` ") for row in rows for word in row.split(",")}
    assert named <= set(OURS)
    assert all(0 < status < 0x1000 for status in STATUSES)
