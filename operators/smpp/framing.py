"""Cuts a stream of octets into frames. TCP has no message boundaries: one byte or a hundred PDUs at a time (S-01)."""

import struct
from typing import Final

MIN_OCTETS: Final = 16
_unpack_length: Final = struct.Struct(">I").unpack_from


class FramingLost(Exception):
    """command_length is impossible: nothing after it can be trusted (S-03)."""


class Framer:
    """limit_bytes: the largest command_length taken; nothing larger is ever buffered.

    At most one incomplete frame is kept, in one buffer, however small the pieces that it comes in.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._rest = bytearray()
        self._need = 0
        self._lost = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now. Raises FramingLost after them, at the next call, if the stream is broken."""
        if self._lost:
            raise FramingLost
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:  # an incomplete frame is joined once, not at every read
                return []
            data = bytes(self._rest)
            self._rest = bytearray()
        frames = self._cut(data)
        if self._lost and not frames:
            raise FramingLost
        return frames

    def _cut(self, buffer: bytes) -> list[bytes]:
        frames: list[bytes] = []
        at, end, limit = 0, len(buffer), self._limit
        self._need = 4
        while end - at >= 4:
            (length,) = _unpack_length(buffer, at)
            if not MIN_OCTETS <= length <= limit:
                self._lost = True
                return frames
            if end - at < length:
                self._need = length
                break
            frames.append(buffer[at : at + length])
            at += length
        if at < end:
            self._rest += buffer[at:]
        return frames

    @property
    def lost(self) -> bool:
        return self._lost

    @property
    def waiting_octets(self) -> int:
        """What is kept of a frame that is not whole yet; less than the limit and one read."""
        return len(self._rest)
