"""What every verb of the command line shares: its options, how it answers, and how it fails."""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="CONNECT_GATEWAY_CONFIG", help="Settings: a TOML file or a directory."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


PIPE_WIDTH: Final = 10_000
"""Whoever reads a pipe wants whole lines."""


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


def show(value: Any, as_json: bool, *, title: str = "") -> None:
    """Print a mapping or a list of mappings, as JSON or for people."""
    if as_json:
        print(msgspec.json.encode(value).decode())  # noqa: T201
        return
    if not value:
        print("none")  # noqa: T201
        return
    table = _table(value, title) if isinstance(value, list) else _list(value, title)
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)


def _table(rows: list[dict[str, object]], title: str) -> Table:
    table = Table(title=title or None)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    return table


def _list(one: dict[str, object], title: str) -> Table:
    """A record with many fields is read downwards."""
    table = Table(title=title or None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in one.items():
        table.add_row(name, _cell(value))
    return table


def _cell(value: object) -> Text:
    if value is None:
        return Text()
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list | tuple):
        return Text(", ".join(map(str, value)))
    return Text(str(value))
