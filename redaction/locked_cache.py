"""Keys that were derived, at hand for a while in pages of their own (`redaction.locked`)."""

import mmap
from typing import Generic, TypeVar

from redaction.locked import KEY_BYTES, NOTHING, let_go, region

N = TypeVar("N")


class LockedCache(Generic[N]):
    """Keys of 32 octets that are derived again when they are missed. limit: when so many are there, all of them go."""

    __slots__ = ("_limit", "_memory", "_next", "_places")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places: dict[N, int] = {}
        self._next = 0
        self._memory: mmap.mmap | None = None

    def __len__(self) -> int:
        return len(self._places)

    def get(self, name: N) -> bytes | None:
        at = self._places.get(name)
        return None if at is None or self._memory is None else self._memory[at : at + KEY_BYTES]

    def put(self, name: N, key: bytes) -> None:
        if self._next >= self._limit * KEY_BYTES:
            self.clear()
        if self._memory is None:
            self._memory = region(self._limit * KEY_BYTES)
        at = self._next
        self._memory[at : at + KEY_BYTES] = key
        self._places[name] = at
        self._next = at + KEY_BYTES

    def pop(self, name: N) -> None:
        at = self._places.pop(name, None)
        if at is not None and self._memory is not None:
            self._memory[at : at + KEY_BYTES] = NOTHING

    def clear(self) -> None:
        self._places.clear()
        if self._memory is not None and self._next:
            self._memory[: self._next] = bytes(self._next)
        self._next = 0

    def __del__(self) -> None:
        memory = getattr(self, "_memory", None)
        if memory is not None:
            let_go(memory)
