"""Engines of the ledger that a scenario may run on: what each adds to the settings, and what processes it brings.

An engine that this build of the gateway does not know is refused before anything starts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, get_args, get_type_hints

from config.settings import LedgerSettings


class EngineMissing(Exception):
    """This build has no such engine; one line for people."""


class Engine(Protocol):
    """name: for reports. settings: TOML, valid once `start` has run. workers: processes of the gateway."""

    name: str
    settings: str
    workers: int

    def start(self, folder: Path) -> None:
        """Bring up what it needs, in the folder."""

    def stop(self) -> None:
        """End that."""

    def pids(self) -> Mapping[str, Sequence[int]]:
        """Its processes by role."""


class Sqlite:
    """The embedded engine: a file in the gateway's own folder, one process."""

    name = "sqlite"
    settings = ""
    workers = 1

    def start(self, folder: Path) -> None:
        """Nothing: the file is the gateway's."""

    def stop(self) -> None:
        """Nothing was started."""

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {}


def known() -> tuple[str, ...]:
    """The engines that the settings of this build allow."""
    return get_args(get_args(get_type_hints(LedgerSettings, include_extras=True)["engine"])[0])


def engine(name: str, workers: int = 1) -> Engine:
    """Raises EngineMissing."""
    if name not in known():
        raise EngineMissing(f"this build has no engine {name!r}; it has: {', '.join(known())}")
    if name != "sqlite":
        raise EngineMissing(f"the harness cannot start the engine {name!r} yet")
    if workers != 1:
        raise EngineMissing("a SQLite ledger has one node: --workers must be 1")
    return Sqlite()
