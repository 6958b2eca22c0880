"""What a proxy between a node and its operator knows of the messages whose outcome the node cannot know (Law 3)."""

import struct
import time
from typing import Final

from operators.smpp.framing import Framer
from tests.faults.proxy import Passage

_HEADER: Final = struct.Struct(">IIII")
_SUBMIT_SM: Final = 0x00000004
_SUBMIT_SM_RESP: Final = 0x80000004
_LIMIT_BYTES: Final = 65_536
_PATIENCE_S: Final = 1.5
"""Half of what the nodes have (`response_timeout_s`), since this process may have seen the request late."""


class Doubt:
    """Segments that reached the operator, or may have, and whose answer never came back, by connection that ended.

    late: those whose answer took so long that the node may have given it up, as happens on a busy machine.
    """

    def __init__(self) -> None:
        self.of_connections: list[int] = []
        self.late = 0

    @property
    def segments(self) -> int:
        return sum(self.of_connections) + self.late

    def watch(self) -> Passage:
        return _Watched(self)


class _Watched:
    """Answers that were held back are none: the node has ended that link by then."""

    def __init__(self, doubt: Doubt) -> None:
        self._doubt = doubt
        self._outward = Framer(_LIMIT_BYTES)
        self._homeward = Framer(_LIMIT_BYTES)
        self._open: dict[int, float] = {}

    def outward(self, data: bytes) -> None:
        self._open.update(dict.fromkeys(_numbers(self._outward, data, _SUBMIT_SM), time.monotonic()))

    def homeward(self, data: bytes, *, late: bool) -> None:
        if not late:
            began = time.monotonic() - _PATIENCE_S
            for number in _numbers(self._homeward, data, _SUBMIT_SM_RESP):
                self._doubt.late += self._open.pop(number, began) < began

    def ended(self) -> None:
        self._doubt.of_connections.append(len(self._open))


def _numbers(framer: Framer, data: bytes, command: int) -> list[int]:
    """The sequence numbers of PDUs of this kind."""
    headers = (_HEADER.unpack_from(frame) for frame in framer.feed(data))
    return [number for _, kind, _, number in headers if kind == command]
