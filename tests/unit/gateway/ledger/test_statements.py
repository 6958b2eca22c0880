"""SQL files: every statement once, by its name."""

from pathlib import Path

import pytest

from gateway.ledger.statements import named_statements, script


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An importable package that holds the test's SQL files."""
    folder = tmp_path / "sql_for_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "good.sql").write_text(
        "-- About this file.\n-- name: one\nSELECT 1\n\n-- name: two\n-- Why.\nSELECT\n    2\n"
    )
    (folder / "twice.sql").write_text("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n")
    (folder / "schema.sql").write_text("-- First.\nCREATE TABLE a (\n    b\n);\n\n-- Next.\nCREATE INDEX c ON a (b);\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "sql_for_a_test"


def test_statements_are_found_by_name_without_their_comments(package: str) -> None:
    assert named_statements(package, "good.sql") == {"one": "SELECT 1", "two": "SELECT\n    2"}


def test_a_name_stands_for_one_statement(package: str) -> None:
    with pytest.raises(ValueError, match="one"):
        named_statements(package, "twice.sql")


def test_a_schema_is_its_statements_in_order(package: str) -> None:
    assert script(package, "schema.sql") == ("CREATE TABLE a (\n    b\n)", "CREATE INDEX c ON a (b)")
