"""What every verb of the command line shares: its options, how it answers, and how it fails."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Table

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="CONNECT_GATEWAY_CONFIG", help="Settings: a TOML file or a directory."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Failed(Exception):
    """One line for the user; exit code 1."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one verb's work to its end."""
    return uvloop.run(work)


def show(value: Any, as_json: bool, *, title: str = "") -> None:
    """Print a mapping or a list of mappings, as JSON or for people."""
    if as_json:
        print(msgspec.json.encode(value).decode())  # noqa: T201
        return
    rows: list[dict[str, object]] = value if isinstance(value, list) else [value]
    if not rows:
        print("none")  # noqa: T201
        return
    table = Table(*rows[0], title=title or None)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row.values()))
    Console().print(table)
