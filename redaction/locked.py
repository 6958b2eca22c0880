"""Keys at rest in memory: in pages of their own, which are not swapped, not dumped, and wiped when a key goes.

Python's own octets can be copied and moved at will. Here each key has one place, outside Python's heap; whoever
computes with it gets a copy, which is overwritten when it is freed (`gateway.process.overwriting`). Where the system
locks less than is needed (RLIMIT_MEMLOCK) the rest is kept in pages that may be swapped, and `is_locked` says so.
"""

import ctypes
import mmap
from typing import Final

KEY_BYTES: Final = 32
POOL_BYTES: Final = 16_384
LOCKED_BYTES: Final = 8 << 20
"""At the most, of a process."""

_pages: Final = ctypes.CDLL(None, use_errno=True)


class _Counts:
    locked = 0
    refused = 0


def is_locked() -> bool:
    """Whether every page of keys so far is kept from being swapped."""
    return not _Counts.refused


def region(size: int) -> mmap.mmap:
    """Zeros, in pages that are locked if they may be."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_DONTDUMP"):
        memory.madvise(mmap.MADV_DONTDUMP)
    anchor = ctypes.c_char.from_buffer(memory)
    address = ctypes.c_void_p(ctypes.addressof(anchor))
    del anchor  # or the memory could not be let go of
    if _Counts.locked + size <= LOCKED_BYTES and _pages.mlock(address, ctypes.c_size_t(size)) == 0:
        _Counts.locked += size
    else:
        _Counts.refused += 1
    return memory


class LockedKey:
    """One key of 32 octets. It is wiped when nothing refers to this object any more."""

    __slots__ = ("_at", "_memory")

    def __init__(self, value: bytes) -> None:
        if len(value) != KEY_BYTES:
            raise ValueError("a key has 32 octets")
        if not _free:
            memory = region(POOL_BYTES)
            _free.extend((memory, at) for at in range(0, POOL_BYTES, KEY_BYTES))
        self._memory, self._at = _free.pop()
        self._memory[self._at : self._at + KEY_BYTES] = value

    @property
    def value(self) -> bytes:
        """A copy."""
        return self._memory[self._at : self._at + KEY_BYTES]

    def __del__(self) -> None:
        if hasattr(self, "_at"):
            self._memory[self._at : self._at + KEY_BYTES] = NOTHING
            _free.append((self._memory, self._at))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockedKey) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "LockedKey(•••)"


_free: Final[list[tuple[mmap.mmap, int]]] = []
NOTHING: Final = bytes(KEY_BYTES)


def let_go(memory: mmap.mmap) -> None:
    """Its pages, and what is locked of them, go back to the system, which gives them to nobody unwiped."""
    if _Counts.locked >= len(memory):
        _Counts.locked -= len(memory)
    memory.close()
