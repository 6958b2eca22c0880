"""`tests/cases.toml` and the marks of the tests say the same."""

import ast
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

TESTS: Final = Path(__file__).resolve().parents[1]
CASES: Final = tomllib.loads((TESTS / "cases.toml").read_text(encoding="utf-8"))
SEVERITIES: Final = {"critical", "high", "med-high", "med", "low", "docs", "missing"}


class Mark(NamedTuple):
    """One `pytest.mark.case(case, waits=waits)`."""

    case: str
    waits: str | None
    place: str


def marks_in(text: str, place: str) -> list[Mark]:
    found: list[Mark] = []
    if "mark.case" not in text:
        return found  # nearly always, and reading one takes long
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.case":
            waits = next((ast.literal_eval(each.value) for each in call.keywords if each.arg == "waits"), None)
            found.append(Mark(ast.literal_eval(call.args[0]), waits, place))
    return found


@cache
def marks() -> list[Mark]:
    """Of all tests; when a test asks, and not in every process that collects tests."""
    return [
        mark
        for path in sorted(TESTS.rglob("*.py"))
        for mark in marks_in(path.read_text(encoding="utf-8"), str(path.relative_to(TESTS)))
    ]


def test_every_mark_names_a_case() -> None:
    assert [mark for mark in marks() if mark.case not in CASES] == []


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_its_test_or_is_said_to_be_open(case: str) -> None:
    entry = CASES[case]
    assert entry["severity"] in SEVERITIES
    assert bool([mark for mark in marks() if mark.case == case]) is not entry.get("open", False)


def test_what_waits_is_marked_so_in_both_places() -> None:
    marked = defaultdict(set)
    for mark in marks():
        if mark.waits is not None:
            marked[mark.case].add(mark.waits)
    assert marked == {case: {entry["waits"]} for case, entry in CASES.items() if "waits" in entry}


def test_marks_are_found() -> None:
    text = '@pytest.mark.case("a-1")\n@pytest.mark.case("b-2", waits="rights")\ndef test_one() -> None: ...\n'
    assert marks_in(text, "x") == [Mark("a-1", None, "x"), Mark("b-2", "rights", "x")]
