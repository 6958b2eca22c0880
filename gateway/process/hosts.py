"""Which processes are on one machine, as those that share a ledger tell it: their names begin alike.

A machine's name is random, and new whenever its processes are started together.
"""

import os
from typing import Final

CHARACTERS: Final = 16
"""Of a machine's name, and of what a process adds to it."""


def random_name() -> str:
    """Of the system, never of a clock's own source: two processes may share a test's clock."""
    return os.urandom(CHARACTERS // 2).hex()


def machine_of(node: bytes) -> bytes:
    """The machine's part of a process's name."""
    return node[:CHARACTERS]
