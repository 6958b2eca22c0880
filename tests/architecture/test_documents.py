"""What the documents say is what there is."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from config.loader import load
from gateway.cli import app
from gateway.errors import KINDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def commands() -> list[str]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    found = []
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found += [f"{name} {each}" for each in inner] if inner else [name]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    assert f"`connect-gateway {command}" in (DOCS / "commands.md").read_text(encoding="utf-8")


def test_no_command_is_documented_that_does_not_exist() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    named = {match.strip() for match in re.findall(r"^## `connect-gateway ([a-z ]+)", text, re.MULTILINE)}
    assert named == set(commands())


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "errors.md").read_text(encoding="utf-8")


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_settings_of_the_readme_load(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (toml,) = re.findall(r"<<'EOF'\n(.*?)EOF", text, re.DOTALL)
    tomllib.loads(toml)
    (tmp_path / "gateway.toml").write_text(toml, encoding="utf-8")
    assert load(tmp_path / "gateway.toml", {}).operators[0].name == "simulator"


def test_the_settings_of_the_compose_file_load() -> None:
    assert load(ROOT / "config" / "compose", {}).operators[0].host == "smsc"
