"""`keys copy` never fills a store in the place of its source, or under the root without which the source is dead."""

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.cli.output import Failed

pytestmark = pytest.mark.case("interfaces-18")

STORE = "[keystore]\npath = '{}'\n[keystore.root]\npath = '{}'\n"


def settings(folder: Path, store: object = "keys/keys.db", root: object = "root/root.key") -> str:
    folder.mkdir(exist_ok=True)
    (folder / "gateway.toml").write_text(STORE.format(store, root), encoding="utf-8")
    return str(folder / "gateway.toml")


def run(*words: str) -> Any:
    with capture_logs():  # standard output is for what was asked
        done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A store with a customer's keys."""
    place = settings(tmp_path / "old")
    run("customer", "add", "--name", "Trial", "--sender", "SHOP", "--config", place)
    return place


def test_two_settings_in_two_folders_have_two_roots(tmp_path: Path, source: str) -> None:
    target = settings(tmp_path / "new")
    assert run("keys", "copy", "--from", source, "--to", target)["same"]
    roots = [(tmp_path / name / "root/root.key").read_bytes() for name in ("old", "new")]
    assert roots[0] != roots[1]
    assert run("customer", "list", "--config", source)  # its keys still open


@pytest.mark.parametrize("meets", ["both", "root", "root by another way", "store"])
def test_source_and_target_that_meet_are_refused_and_the_source_lives(tmp_path: Path, source: str, meets: str) -> None:
    old = tmp_path / "old"
    (tmp_path / "link").symlink_to(old)
    store = old / "keys/keys.db" if meets in ("both", "store") else "keys/keys.db"
    root = {"store": "root/root.key", "root by another way": tmp_path / "link/root/root.key"}.get(
        meets, old / "root/root.key"
    )
    target = settings(tmp_path / "new", store, root)
    with pytest.raises(Failed) as refused:
        run("keys", "copy", "--from", source, "--to", target)
    assert refused.value.code == "same_place"
    assert run("customer", "list", "--config", source)
