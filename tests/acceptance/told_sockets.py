"""The command line, as `python -m gateway`, in a process that tells of its TCP connections when it is asked.

It answers each line on standard input by a line of JSON.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path

from gateway.cli.main import main

Told = tuple[int, int, bool]
"""Local port, the other end's port, and whether TCP_NODELAY is set."""


def connections() -> list[Told]:
    return [told for entry in Path("/proc/self/fd").iterdir() if (told := _told(int(entry.name))) is not None]


def _told(descriptor: int) -> Told | None:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as each:
            if each.family not in (socket.AF_INET, socket.AF_INET6) or each.type != socket.SOCK_STREAM:
                return None
            undelayed = bool(each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            return each.getsockname()[1], each.getpeername()[1], undelayed
    except OSError:  # no socket, or one that listens
        return None


def tell() -> None:
    for _ in sys.stdin:
        print(json.dumps(connections()), flush=True)


if __name__ == "__main__":
    threading.Thread(target=tell, daemon=True).start()
    main()
