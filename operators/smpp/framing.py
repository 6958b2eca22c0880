"""Cuts a stream of octets into frames. TCP has no message boundaries: one byte or a hundred PDUs at a time (S-01)."""

from typing import Final

MIN_OCTETS: Final = 16


class FramingLost(Exception):
    """command_length is impossible: nothing after it can be trusted (S-03)."""


class Framer:
    """limit_bytes: the largest command_length taken; nothing larger is ever buffered."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 0
        self._lost = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now. Raises FramingLost after them, at the next call, if the stream is broken."""
        if self._lost:
            raise FramingLost
        if self._parts:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:  # an incomplete frame is joined once, not at every read
                return []
            data = b"".join(self._parts)
        frames = self._cut(data)
        if self._lost and not frames:
            raise FramingLost
        return frames

    def _cut(self, buffer: bytes) -> list[bytes]:
        frames: list[bytes] = []
        at, end, length = 0, len(buffer), 4
        while end - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if not MIN_OCTETS <= length <= self._limit:
                self._lost = True
                break
            if end - at < length:
                break
            frames.append(buffer[at : at + length])
            at += length
            length = 4
        rest = b"" if self._lost else buffer[at:]
        self._parts, self._have, self._need = ([rest] if rest else []), len(rest), length
        return frames

    @property
    def lost(self) -> bool:
        return self._lost
