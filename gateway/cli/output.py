"""What every verb of the command line shares: its options, how it answers, and how it fails."""

import re
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer
import uvloop
from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="CONNECT_GATEWAY_CONFIG", help="Settings: a TOML file or a directory."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", re.ASCII)
_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{8,32}", re.ASCII)
PIPE_WIDTH: Final = 10_000
"""Whoever reads a pipe wants whole lines."""
NARROWEST: Final = 8
"""Characters of a column, to which its words are broken where there is no room."""
FRAME: Final = 7
"""Characters around the two columns of a record."""


class Failed(Exception):
    """One line for the user, with a stable code; exit code 1."""

    def __init__(self, line: str, code: str) -> None:
        super().__init__(line)
        self.code = code


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one verb's work to its end."""
    return uvloop.run(work)


def note(line: str) -> None:
    """Say something beside what was asked for: on standard error."""
    print(f"connect-gateway: {line}", file=sys.stderr)  # noqa: T201


def show(value: Any, as_json: bool, *, title: str = "", spare: Sequence[str] = ()) -> None:
    """Print a mapping or a list of mappings, as JSON or for people.

    spare: columns that people can do without, in the order in which they are left out where a terminal is too narrow.
    """
    if as_json:
        print(msgspec.json.encode(value).decode())  # noqa: T201
        return
    if not value:
        print("none")  # noqa: T201
        return
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    if isinstance(value, list):
        console.print(_fitting(value, title, spare, console))
    else:
        _print_one(value, title, console)


def _fitting(rows: list[dict[str, object]], title: str, spare: Sequence[str], console: Console) -> Table:
    """Without what is empty in every row, and what there is no room for."""
    names = [name for name in rows[0] if any(row[name] not in (None, "", [], ()) for row in rows)]
    table = _table(rows, names, title)
    for name in spare:
        if console.measure(table, options=console.options.update(max_width=PIPE_WIDTH)).maximum <= console.width:
            break
        names = [each for each in names if each != name]
        table = _table(rows, names, title)
    _narrow(table, console)
    return table


def _table(rows: list[dict[str, object]], names: Sequence[str], title: str) -> Table:
    table = Table(title=title or None, box=SIMPLE, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*[_cell(_day(row[name])) for name in names])
    return table


def _narrow(table: Table, console: Console) -> None:
    """Where a table is too wide: ids stay whole, so that they can be copied, and words as far as there is room."""
    columns = [[str(each.header), *map(str, each.cells)] for each in table.columns]
    widest = [max(map(cell_len, column)) for column in columns]
    whole = console.measure(table, options=console.options.update(max_width=PIPE_WIDTH)).maximum
    left = console.width - (whole - sum(widest))
    if whole <= console.width:
        return
    widths = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    gives = [at for at, column in enumerate(columns) if not any(map(_ID.fullmatch, column))]
    while sum(widths) > left:
        at = max(gives, key=lambda each: widths[each], default=None)
        if at is None or widths[at] <= NARROWEST:
            return
        widths[at] -= 1
    for _ in range(left - sum(widths)):
        at = max(range(len(widths)), key=lambda each: widest[each] - widths[each])
        widths[at] += widths[at] < widest[at]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width


def _day(value: object) -> object:
    """Of a time the day: in a table there is no room for more."""
    return value[:10] if isinstance(value, str) and _TIME.fullmatch(value) else value


def _print_one(one: dict[str, object], title: str, console: Console) -> None:
    """A record with many fields is read downwards. A word that is longer than a line, such as a key, stands below the
    table by itself: a frame around its parts would be copied with them.
    """
    cells = {name: _cell(value) for name, value in one.items()}
    room = console.width - max(map(cell_len, cells)) - FRAME
    below = {name: cell for name, cell in cells.items() if any(cell_len(word) > room for word in cell.plain.split())}
    table = Table(title=title or None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, cell in cells.items():
        if name not in below:
            table.add_row(name, cell)
    if table.row_count:
        console.print(table)
    for name, cell in below.items():
        console.print(Text(f"{name}:", style="bold"))
        console.print(cell, soft_wrap=True)


def _cell(value: object) -> Text:
    if value is None:
        return Text()
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list | tuple):
        words = list(map(str, value))
        return Text(("\n" if any(" " in word for word in words) else ", ").join(words))
    return Text(str(value))


def personal(word: str | None, *, asks_for: str) -> str:
    """A personal value that should not stand on a command line, where others on the machine see it.

    word: the value; "-" for the next line of standard input, "@FILE" for a file's text, None to be asked where there is
    a terminal. Raises Failed.
    """
    if word is None:
        if not sys.stdin.isatty():
            raise Failed(f"the {asks_for} is missing: give it, or - to read a line, or @FILE", "invalid_value")
        return str(typer.prompt(asks_for))
    if word == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if word.startswith("@"):
        return Path(word[1:]).read_text(encoding="utf-8").strip()
    return word


def secret(word: str | None, *, asks_for: str) -> str:
    """A secret that must not stand on a command line: "-" for the next line of standard input, "@FILE" for a file's
    text, None to be asked twice, unseen, where there is a terminal. Raises Failed.
    """
    if word is None and sys.stdin.isatty():
        return str(typer.prompt(asks_for, hide_input=True, confirmation_prompt=True))
    if word is None or (word != "-" and not word.startswith("@")):
        raise Failed(f"a {asks_for} does not stand on a command line: - reads a line, @FILE a file", "invalid_value")
    return personal(word, asks_for=asks_for)
