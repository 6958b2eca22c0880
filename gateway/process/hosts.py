"""Which processes are on one machine, as those that share a ledger know it: their names begin alike.

A machine's name is random, and new whenever its processes are started together.
"""

import os
from pathlib import Path
from typing import Final

CHARACTERS: Final = 16
"""Of a machine's name, and of what a process adds to it."""


_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_number() -> int:
    """Which start of this machine it is, in 63 bits; 0 where the system does not say."""
    try:
        return int(_BOOT_ID.read_text("ascii").replace("-", "").strip(), 16) >> 65
    except (OSError, ValueError):
        return 0


def random_name() -> str:
    """Of the system, never of a clock's own source: two processes may share a test's clock."""
    return os.urandom(CHARACTERS // 2).hex()


def machine_of(node: bytes) -> bytes:
    """The machine's part of a process's name."""
    return node[:CHARACTERS]
