"""How far a run is: on a terminal two bars that are fed from what the SMSC says of itself, elsewhere a line for each
stretch of it.
"""

from types import TracebackType

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Bars:
    """Use as a context manager; `watch` is what a bench calls."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            refresh_per_second=2,
            transient=True,
            disable=not console.is_terminal,
        )
        self._named = ""
        self._is_terminal = console.is_terminal
        self._submitted = self._progress.add_task("", total=None)
        self._recorded = self._progress.add_task("", total=None)

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def watch(self, name: str, messages: int, submitted: int, recorded: int) -> None:
        """See `bench.Watch`. Long messages are several submit_sm, so bars may pass their end."""
        if not self._is_terminal and name != self._named:
            typer.echo(f"{name}: {messages} messages", err=True)
        self._named = name
        for task, words, count in ((self._submitted, "submitted", submitted), (self._recorded, "recorded", recorded)):
            self._progress.update(task, description=f"{name}: {words}", total=messages, completed=count)
