"""What a proxy between a node and its operator knows of the messages whose outcome the node cannot know (Law 3)."""

import struct
from typing import Final

from operators.smpp.framing import Framer
from tests.faults.proxy import Passage

_HEADER: Final = struct.Struct(">IIII")
_SUBMIT_SM: Final = 0x00000004
_SUBMIT_SM_RESP: Final = 0x80000004
_LIMIT_BYTES: Final = 65_536


class Doubt:
    """Segments that reached the operator, or may have, and whose answer never came back, by connection that ended."""

    def __init__(self) -> None:
        self.of_connections: list[int] = []

    @property
    def segments(self) -> int:
        return sum(self.of_connections)

    def watch(self) -> Passage:
        return _Watched(self)


class _Watched:
    """Answers that were held back are none: the node has ended that link by then."""

    def __init__(self, doubt: Doubt) -> None:
        self._doubt = doubt
        self._outward = Framer(_LIMIT_BYTES)
        self._homeward = Framer(_LIMIT_BYTES)
        self._open: set[int] = set()

    def outward(self, data: bytes) -> None:
        self._open.update(_numbers(self._outward, data, _SUBMIT_SM))

    def homeward(self, data: bytes, *, late: bool) -> None:
        if not late:
            self._open.difference_update(_numbers(self._homeward, data, _SUBMIT_SM_RESP))

    def ended(self) -> None:
        self._doubt.of_connections.append(len(self._open))


def _numbers(framer: Framer, data: bytes, command: int) -> list[int]:
    """The sequence numbers of PDUs of this kind."""
    headers = (_HEADER.unpack_from(frame) for frame in framer.feed(data))
    return [number for _, kind, _, number in headers if kind == command]
