"""SQL files: every statement once, by its name."""

import sys
from pathlib import Path

import pytest

from gateway.ledger.statements import named_statements, schema_steps, script


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
    (folder / "schema_2.sql").write_text("DROP INDEX c;\n")
    (folder / "schema_4.sql").write_text("DROP TABLE a;\n")
    (folder / "parts.sql").write_text("-- name: all\nSELECT $columns FROM a\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sql_for_a_test", raising=False)  # of the test before, in a folder that is gone
    return "sql_for_a_test"


def test_statements_are_found_by_name_without_their_comments(package: str) -> None:
    assert named_statements(package, "good.sql") == {"one": "SELECT 1", "two": "SELECT\n    2"}


def test_a_name_stands_for_one_statement(package: str) -> None:
    with pytest.raises(ValueError, match="one"):
        named_statements(package, "twice.sql")


def test_a_schema_is_its_statements_in_order(package: str) -> None:
    assert script(package, "schema.sql") == ("CREATE TABLE a (\n    b\n)", "CREATE INDEX c ON a (b)")


def test_parts_stand_where_a_statement_names_them(package: str) -> None:
    assert named_statements(package, "parts.sql", {"columns": "b, c"}) == {"all": "SELECT b, c FROM a"}
    with pytest.raises(KeyError, match="columns"):
        named_statements(package, "parts.sql", {})


def test_a_schema_has_the_steps_that_there_are_files_of(package: str) -> None:
    steps = schema_steps(package, "schema")
    assert list(steps) == [1, 2]
    assert steps[2] == ("DROP INDEX c",)
