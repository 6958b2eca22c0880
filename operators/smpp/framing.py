"""Cuts a stream of octets into frames. TCP has no message boundaries: one byte or a hundred PDUs at a time (S-01)."""

from typing import Final

MIN_OCTETS: Final = 16


class FramingLost(Exception):
    """command_length is impossible: nothing after it can be trusted (S-03)."""


class Framer:
    """limit_bytes: the largest command_length taken; nothing larger is ever buffered."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now. Raises FramingLost after them, at the next call, if the stream is broken."""
        if self._lost:
            raise FramingLost
        buffer = self._rest + data if self._rest else data
        frames: list[bytes] = []
        at, end = 0, len(buffer)
        while end - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if not MIN_OCTETS <= length <= self._limit:
                self._lost = True
                break
            if end - at < length:
                break
            frames.append(buffer[at : at + length])
            at += length
        self._rest = b"" if self._lost else buffer[at:]
        if self._lost and not frames:
            raise FramingLost
        return frames

    @property
    def lost(self) -> bool:
        return self._lost
