"""Concatenated messages on their way in: parts gathered until they are whole or out of time (S-49).

Every part is kept by the host as it comes, and here until the host has kept the last; what was finished is remembered
for a while, so that a part which comes once more is known for what it is.
"""

import enum
from collections.abc import Hashable
from itertools import takewhile
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

FINISHED_S: Final = 600.0
FINISHED_LIMIT: Final = 5_000
"""Finished messages that are remembered, and how long. A short reference comes again, but with another text."""


class Held(enum.Enum):
    """Why a part brings nothing new."""

    REPEATED = "repeated"  # it was kept before
    REFUSED = "refused"  # no room: ask the peer to send it again later


class Place(msgspec.Struct, frozen=True):
    """Where a part belongs. number: of the gathering, never used again."""

    key: Hashable
    reference: int
    total: int
    sequence: int
    number: int


class Gathered(msgspec.Struct, Generic[T], frozen=True):
    """What is there of a message: its parts in their order, and the numbers `missing` (from 1).

    place: of the part that came, for `keep` or `withdraw`; None for a message of its own.
    """

    number: int
    parts: tuple[T, ...]
    missing: tuple[int, ...] = ()
    place: Place | None = None


class _Gathering(msgspec.Struct, Generic[T]):
    number: int
    until: float
    parts: dict[int, T]
    digests: dict[int, bytes]
    kept: set[int]


_Name = tuple[Hashable, int, int]


class Reassembly(Generic[T]):
    """Parts in any order. At most `limit` parts wait, each message for `wait_s` seconds from its first part.

    A part is whatever the caller wants back, such as the PDU with its octets; nothing here looks inside.
    """

    def __init__(self, *, wait_s: float, limit: int) -> None:
        self._wait_s = wait_s
        self._limit = limit
        self._held = 0
        self._number = 0
        self._messages: dict[_Name, _Gathering[T]] = {}
        self._cut_short: list[Gathered[T]] = []
        self._finished: dict[_Name, tuple[float, dict[int, bytes]]] = {}

    def __len__(self) -> int:
        """How many parts wait."""
        return self._held

    def add(
        self, key: Hashable, reference: int, total: int, sequence: int, part: T, digest: bytes, now: float
    ) -> Gathered[T] | Held:
        """What is there with this part, until it is kept.

        `key` names the two ends, as a pseudonym; `sequence` runs from 1 to `total`; `digest` is that of what the part
        says. A part whose numbers make no sense is a message of its own. Another text under the same numbers begins
        another message.
        """
        if not 1 <= sequence <= total or total == 1:
            return Gathered(0, (part,))
        name = (key, reference, total)
        if self._was_finished(name, sequence, digest, now):
            return Held.REPEATED
        message = self._messages.get(name)
        if message is not None and message.digests.get(sequence, digest) != digest:
            self._cut_short.append(self._end(name, message, now))
            message = None
        if message is not None and sequence in message.kept:
            return Held.REPEATED
        if message is None:
            if self._held >= self._limit:
                return Held.REFUSED
            self._number += 1
            message = self._messages[name] = _Gathering(self._number, now + self._wait_s, {}, {}, set())
        is_new = sequence not in message.parts
        if is_new and self._held >= self._limit and len(message.parts) + 1 < total:
            return Held.REFUSED
        self._held += is_new
        message.parts[sequence], message.digests[sequence] = part, digest
        return _gathered(message, total, Place(key, reference, total, sequence, message.number))

    def keep(self, place: Place, now: float) -> None:
        """The host has this part for good; with the last of them the message is finished."""
        name, message = self._at(place)
        if message is None:
            return
        message.kept.add(place.sequence)
        if len(message.kept) == place.total:
            self._end(name, message, now)

    def withdraw(self, place: Place) -> None:
        """The host has not kept this part: it has to come again."""
        name, message = self._at(place)
        if message is None or place.sequence in message.kept or place.sequence not in message.parts:
            return
        del message.parts[place.sequence], message.digests[place.sequence]
        self._held -= 1
        if not message.parts:
            del self._messages[name]

    def expire(self, now: float) -> list[Gathered[T]]:
        """Messages whose time is over, taken out."""
        over, self._cut_short = self._cut_short, []
        late = list(takewhile(lambda entry: entry[1].until <= now, self._messages.items()))  # oldest first
        over += [self._end(name, message, now) for name, message in late]
        while self._finished:  # oldest first
            name, (until, _) = next(iter(self._finished.items()))
            if until > now and len(self._finished) <= FINISHED_LIMIT:
                break
            del self._finished[name]
        return over

    def _at(self, place: Place) -> tuple[_Name, _Gathering[T] | None]:
        name = (place.key, place.reference, place.total)
        message = self._messages.get(name)
        return name, message if message is not None and message.number == place.number else None

    def _was_finished(self, name: _Name, sequence: int, digest: bytes, now: float) -> bool:
        until, digests = self._finished.get(name, (0.0, {}))
        return now < until and name not in self._messages and digests.get(sequence) == digest

    def _end(self, name: _Name, message: _Gathering[T], now: float) -> Gathered[T]:
        del self._messages[name]
        self._held -= len(message.parts)
        self._finished.pop(name, None)
        self._finished[name] = (now + FINISHED_S, message.digests)
        return _gathered(message, name[2], None)


def _gathered(message: _Gathering[T], total: int, place: Place | None) -> Gathered[T]:
    came = tuple(message.parts[n] for n in sorted(message.parts))
    missing = tuple(n for n in range(1, total + 1) if n not in message.parts)
    return Gathered(message.number, came, missing, place)
