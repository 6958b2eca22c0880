"""What a purpose is looked up by whose pepper turns: epochs at one time, and digests under them. Types alone."""

from typing import NamedTuple


class Window(NamedTuple):
    """Epochs at one time. claimed: what is new belongs to it. before: claimed as well, and first. sought: where it may
    have been claimed earlier.
    """

    claimed: int
    before: tuple[int, ...]
    sought: tuple[int, ...]


class Digests(NamedTuple):
    """What an idempotency key is found by. claimed, before, sought: as the epochs of `Window`."""

    claimed: bytes
    before: tuple[bytes, ...] = ()
    sought: tuple[bytes, ...] = ()
