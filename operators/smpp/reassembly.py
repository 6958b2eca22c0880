"""Concatenated messages on their way in: parts gathered until they are whole or out of time (S-49)."""

import enum
from collections.abc import Hashable
from itertools import takewhile
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Held(enum.Enum):
    """Why a part did not complete a message."""

    WAITING = "waiting"  # kept until the others come
    REFUSED = "refused"  # no room: ask the peer to send it again later


class Incomplete(msgspec.Struct, Generic[T], frozen=True):
    """A message whose time ran out. `parts` came, in their order; the numbers `missing` (from 1) never did."""

    key: Hashable
    parts: tuple[T, ...]
    missing: tuple[int, ...]


class _Gathering(msgspec.Struct, Generic[T]):
    until: float
    parts: dict[int, T]


class Reassembly(Generic[T]):
    """Parts in any order. At most `limit` parts wait, each message for `wait_s` seconds from its first part.

    A part is whatever the caller wants back, such as the PDU with its octets; nothing here looks inside.
    """

    def __init__(self, *, wait_s: float, limit: int) -> None:
        self._wait_s = wait_s
        self._limit = limit
        self._held = 0
        self._messages: dict[tuple[Hashable, int, int], _Gathering[T]] = {}

    def __len__(self) -> int:
        """How many parts wait."""
        return self._held

    def add(
        self, key: Hashable, reference: int, total: int, sequence: int, part: T, now: float
    ) -> tuple[T, ...] | Held:
        """All parts in order once the last is here.

        `key` names the two ends, as a pseudonym; `sequence` runs from 1 to `total`. A part that comes again replaces
        its first copy, because that is the one whose answer the peer still awaits. A part whose numbers make no sense
        is a message of its own.
        """
        if not 1 <= sequence <= total:
            return (part,)
        place = (key, reference, total)
        message = self._messages.get(place) or _Gathering(now + self._wait_s, {})
        is_new = sequence not in message.parts
        is_whole = len(message.parts) + is_new == total
        if is_new and not is_whole and self._held >= self._limit:
            return Held.REFUSED
        message.parts[sequence] = part
        self._held += is_new
        if not is_whole:
            self._messages[place] = message
            return Held.WAITING
        self._forget(place, message)
        return tuple(message.parts[n] for n in range(1, total + 1))

    def _forget(self, place: tuple[Hashable, int, int], message: _Gathering[T]) -> None:
        self._messages.pop(place, None)
        self._held -= len(message.parts)

    def expire(self, now: float) -> list[Incomplete[T]]:
        """Messages whose time is over, taken out."""
        late = list(takewhile(lambda entry: entry[1].until <= now, self._messages.items()))  # oldest first
        for place, message in late:
            self._forget(place, message)
        return [_incomplete(key, total, message.parts) for (key, _, total), message in late]


def _incomplete(key: Hashable, total: int, parts: dict[int, T]) -> Incomplete[T]:
    came = tuple(parts[n] for n in sorted(parts))
    return Incomplete(key, came, tuple(n for n in range(1, total + 1) if n not in parts))
