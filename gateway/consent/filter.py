"""A filter of the tokens that stand in the way: it says at once of nearly everybody that nothing does.

A Bloom filter: who was added is always found, who was not is found once in some four hundred times, and is then looked
up exactly. It holds bits of keyed tokens and no token, in the memory of the process alone.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final

BITS_A_TOKEN: Final = 16
HASHES: Final = 4
LEAST_BITS: Final = 1 << 16
_READ: Final = Struct("<II").unpack_from


class TokenFilter:
    """room: tokens that it is made for; more of them make it say "perhaps" more often. Tokens are keyed digests of 8
    octets or more, so their octets serve as hashes.
    """

    __slots__ = ("_bits", "_mask", "count", "room")

    def __init__(self, room: int) -> None:
        bits = LEAST_BITS
        while bits < room * BITS_A_TOKEN:
            bits *= 2
        self._mask = bits - 1
        self._bits = bytearray(bits // 8)
        self.room: Final = bits // BITS_A_TOKEN
        self.count = 0

    def add(self, tokens: Iterable[bytes]) -> None:
        bits, mask = self._bits, self._mask
        for token in tokens:
            first, step = _READ(token)
            self.count += 1
            for _ in range(HASHES):
                at = first & mask
                bits[at >> 3] |= 1 << (at & 7)
                first += step | 1

    def may_have(self, token: bytes) -> bool:
        """False: it was never added."""
        bits, mask = self._bits, self._mask
        first, step = _READ(token)
        step |= 1
        for _ in range(HASHES):
            at = first & mask
            if not bits[at >> 3] >> (at & 7) & 1:
                return False
            first += step
        return True
