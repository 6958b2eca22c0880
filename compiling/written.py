"""Writes gateway/ledger/written.py: the functions that `gateway.ledger.fields.function_of` is asked for, as source, so
that they can be compiled.

    python -m compiling.written             # --check: whether it is as it should be

Where the file does not have a function as it is asked for, that one is made when its module loads, and interpreted.
"""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from gateway.ledger.fields import ASKED
from gateway.ledger.redis.packing import Records

FILE: Final = Path(__file__).resolve().parents[1] / "gateway" / "ledger" / "written.py"
ASK: Final = ("gateway.ledger.sqlite.rows", "gateway.ledger.redis.packing", "gateway.keystore.record_tags")
"""The modules that ask for such functions when they load."""
HEAD: Final = '''"""Functions between messages and what is stored of them, written by `python -m compiling.written` of
`gateway.ledger.fields`. Not to be changed by hand.

What they take says nothing of its type: a number that goes from a message into a row need not be looked at.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, CLASSES, STATUS_CODE, STATUSES
from gateway.model.message import Message, Status

UNSET: Final = msgspec.UNSET
encode: Final = msgspec.msgpack.Encoder().encode

'''
TAIL: Final = '''
WRITTEN: Final[Mapping[str, Callable[..., Any]]] = {
%s}
"""Each by the expression that it was made of."""
'''


def text() -> str:
    """The file as the table of fields wants it, of a process in which nobody else has asked for functions."""
    for name in ASK:
        import_module(name)
    Records()
    made: list[str] = []
    entries: list[str] = []
    for number, source in enumerate(ASKED):
        name = f"made_{number}"
        made.append(_function(name, source))
        entries.append(f"    {source!r}: {name},  # noqa: E501\n")
    whole = HEAD + "\n\n".join(made) + TAIL % "".join(entries)
    words = [sys.executable, "-m", "ruff", "format", "--line-length", "120", "-"]
    done = subprocess.run(words, input=whole, capture_output=True, text=True, check=True)  # noqa: S603  our own words
    return done.stdout


def _function(name: str, source: str) -> str:
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Expr)
    expression = statement.value
    assert isinstance(expression, ast.Lambda)
    parameters = ", ".join(f"{each.arg}: Any" for each in expression.args.args)
    return f"def {name}({parameters}) -> Any:\n    return {ast.unparse(expression.body)}\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(text(), encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text():
        sys.exit("run `python -m compiling.written`")
