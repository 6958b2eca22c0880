"""Files of stores that are given up get another name: nothing is deleted, and nothing opens them by accident."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""SQLite finds these by the name of the database, so they are renamed together."""


def put_aside(files: Iterable[Path], stamp: str) -> Sequence[Path]:
    """Rename those that are there; their new names. stamp: a time, as part of a file's name."""
    renamed: list[Path] = []
    for file in files:
        for end in BESIDE:
            old = file.with_name(file.name + end)
            if old.exists():
                new = file.with_name(f"{file.name}.before-{stamp}{end}")
                old.rename(new)
                renamed.append(new)
    return renamed
