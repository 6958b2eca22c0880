"""Ports on loopback: finding free ones for programs that cannot take any, and waiting until somebody listens."""

import socket
import time
from typing import Final

from benchmarks.truth import Wrong

START_LIMIT_S: Final = 15.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def await_port(port: int, limit_s: float = START_LIMIT_S) -> None:
    """Until something listens there. Raises Wrong."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Wrong("something did not start; see its log")
