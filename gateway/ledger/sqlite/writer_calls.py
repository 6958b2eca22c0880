"""What a gateway and its writing process say to each other over their socket, in frames.

A frame: 4 octets of length, 4 of the call's number, 1 that names the call or says how it ended, and a body in
MessagePack. Answers come in any order. Frame 0 says whether the file is open. What is said is what the file holds:
sealed fields, pseudonyms, states and times.
"""

import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final, get_type_hints

import msgspec

from gateway.ledger.contract import LedgerCorrupt, LedgerError, LedgerLocked, LedgerUnavailable
from gateway.ledger.sqlite.writer import VERBS

HEAD: Final = struct.Struct(">IIB")
HELLO: Final = 0


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """The file that a writing process is to open, and how."""

    path: str
    synchronous: str
    busy_limit_s: float


class Call(msgspec.Struct, frozen=True):
    """A verb between processes. code: its number. asks, answers: the types of what is said."""

    code: int
    verb: Callable[..., Awaitable[object]]
    asks: Any
    answers: Any


def _call(code: int, verb: Callable[..., Awaitable[object]]) -> Call:
    """The types are those of the verb's signature."""
    hints = get_type_hints(verb)
    answers = hints.pop("return")
    return Call(code, verb, tuple[tuple(hints.values())], answers)  # type: ignore[misc]  # known when this runs


CALLS: Final = tuple(_call(code, verb) for code, verb in enumerate(VERBS))

DONE: Final = 0
_ERRORS: Final[tuple[type[LedgerError], ...]] = (LedgerUnavailable, LedgerCorrupt, LedgerLocked, LedgerError)
"""By their number in a frame less one; the last stands for whatever should not happen."""

encode: Final[Callable[[object], bytes]] = msgspec.msgpack.Encoder().encode


def frame(number: int, code: int, body: bytes) -> bytes:
    return HEAD.pack(len(body), number, code) + body


def error_frame(number: int, error: Exception) -> bytes:
    """An error of the contract says what it says; of any other only the kind is given."""
    for code, kind in enumerate(_ERRORS, 1):
        if isinstance(error, kind):
            return frame(number, code, encode(str(error)))
    return frame(number, len(_ERRORS), encode(type(error).__name__))


def error_from(code: int, body: bytes) -> LedgerError:
    """The error of a frame whose code is not DONE."""
    return _ERRORS[code - 1](msgspec.msgpack.decode(body, type=str))


class Frames:
    """Octets in, whole frames out: number, code and body."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        rest, at = self._rest, 0
        rest += data
        found: list[tuple[int, int, bytes]] = []
        while len(rest) - at >= HEAD.size:
            length, number, code = HEAD.unpack_from(rest, at)
            end = at + HEAD.size + length
            if len(rest) < end:
                break
            found.append((number, code, bytes(rest[at + HEAD.size : end])))
            at = end
        if at:
            del rest[:at]
        return found
