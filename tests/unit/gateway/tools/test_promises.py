"""Every promise has its row, and the tests that the rows name are there and say that they show it."""

import ast
from pathlib import Path

import pytest

from gateway.tools.evidence import CHECKS
from gateway.tools.promises import PROMISES, Promise

ROOT = Path(__file__).resolve().parents[4]
IDS = tuple(f"P-{number:02}" for number in range(1, 42))


def marks(test: str) -> set[str]:
    """Promises that a test carries, given as `file::name`."""
    file, _, name = test.partition("::")
    for each in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name:
            return {said for call in each.decorator_list for said in policy(call)}
    raise AssertionError(f"no test {test}")


def policy(mark: ast.AST) -> list[str]:
    """The promise that a mark names."""
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.policy":
        return [ast.literal_eval(mark.args[0])]
    return []


def test_every_promise_has_a_row_and_none_is_invented() -> None:
    assert tuple(each.id for each in PROMISES) == IDS
    assert set(CHECKS) <= set(IDS)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.id)
def test_every_promise_is_looked_at_or_shown_or_said_to_be_open(promise: Promise) -> None:
    assert promise.promise
    assert promise.id in CHECKS or promise.shown_by or promise.lacks
    for test in promise.shown_by:
        assert promise.id in marks(test), test


def test_every_mark_is_of_a_promise() -> None:
    found = set[str]()
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "mark.policy" in text:
            found.update(said for each in ast.walk(ast.parse(text)) for said in policy(each))
    assert found <= set(IDS)
