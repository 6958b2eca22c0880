"""What compiled modules may not say, because mypyc takes it for something else."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = (ROOT / "compiling" / "modules.txt").read_text(encoding="utf-8").split()


def tuples_of_floats(source: str) -> list[int]:
    """Lines on which a tuple that begins with a float is `Final` without a type.

    mypyc keeps it without a box, and takes its first float for a sign that it is not set.
    """
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AnnAssign)
        and ast.unparse(node.annotation) == "Final"
        and isinstance(node.value, ast.Tuple)
        and any(isinstance(each, ast.Constant) and isinstance(each.value, float) for each in node.value.elts[:1])
    ]


@pytest.mark.parametrize("path", MODULES)
def test_a_final_tuple_of_floats_says_its_type(path: str) -> None:
    assert tuples_of_floats((ROOT / path).read_text(encoding="utf-8")) == []


def test_one_that_does_not_is_found() -> None:
    assert tuples_of_floats("A: Final = (1.0, 2.0)\nB: Final[Sequence[float]] = (1.0,)\nC: Final = (1, 2)\n") == [1]
