"""A customer's messages, newest first, over all partitions.

Each partition says where its newest messages of the customer are, as marks: times with a counter, without the id. The
newest marks of all partitions are followed, so a page reads little more than it shows. A mark may lead to nothing, as
its message was forgotten or has another status; then older ones are followed, up to a bound.

A server that has every partition usually makes a page in one call. The merge here is for clusters, for lists by status,
and for pages that the first marks do not fill.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from struct import pack, unpack
from typing import Final

from gateway.ledger.codes import STATUS_CODE
from gateway.ledger.contract import Page
from gateway.ledger.redis.layout import first_id, position_of
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.model.message import Status

LOOKS_AT: Final = 2_048
"""Marks that one page follows, at most; such a page may be short and still have a cursor."""
SPREAD: Final = 4.0
"""Standard deviations above the even share of a page that a partition is asked for at first: hardly any has more, and
asking again costs more than all of these. Then `STEP` times as many, and so on.
"""
STEP: Final = 5
AHEAD_MS: Final = 86_400_000
"""No node's clock is further ahead."""
PICKED_AT_ONCE: Final = 256
_EVERYWHERE: Final = 2**53 - 1
_NOTHING_LEFT: Final = -1
_MARK: Final = 1024
_MARK_SIZE: Final = 4


class Lister:
    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._unpack = member.records.message_from
        self._layout = member.layout

    async def page(
        self, customer: int, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int, now_ms: int
    ) -> Page:
        """See `gateway.ledger.roles.Messages.list_messages`."""
        since = b"" if since_ms is None else since_ms.to_bytes(6, "big")
        upto = position_of((now_ms + AHEAD_MS).to_bytes(6, "big") + bytes(10))
        if cursor is not None:
            upto = min(upto, position_of(cursor[:16].ljust(16, b"\0")))
        lowest = 0 if since_ms is None else position_of(since.ljust(16, b"\0"))
        asked = (str(customer), str(-1 if status is None else STATUS_CODE[status]), str(now_ms))
        count = limit + 1 if status is None else PICKED_AT_ONCE
        found = _Found(since, cursor)
        if self._server.keeps_order and status is None:
            reached = await self._at_once(found, asked, (upto, lowest, count))
            if reached == _NOTHING_LEFT or len(found.records) > limit:
                return self._page(found.records, limit, None if reached == _NOTHING_LEFT else reached)
            upto = min(upto, reached - 1)
        merge = _Merge(self._layout.partitions, upto, lowest)
        while len(found.records) <= limit and merge.taken < LOOKS_AT:
            places = await self._next_marks(merge, customer, count)
            if not places:
                return self._page(found.records, limit, None)
            for rows in await self._pick(asked, places):
                found.take(rows)
        return self._page(found.records, limit, merge.reached)

    async def _at_once(self, found: "_Found", asked: tuple[str, str, str], of: tuple[int, int, int]) -> int:
        """Take the newest messages with one call, of one server that has all partitions. of: upto, since, and how many
        marks. The position from which on everything was taken: `_NOTHING_LEFT` where that is all, `_EVERYWHERE` where
        partitions must be asked again before anything is known.
        """
        words: tuple[str | int, ...] = (*asked, *of, first_marks(of[-1], self._layout.partitions), *self._layout.bases)
        (answer,) = await self._server.read([Call("page", self._layout.shared, words)])
        if not answer:
            return _EVERYWHERE
        found.take(answer[1:])
        return int(answer[0])

    async def _next_marks(self, merge: "_Merge", customer: int, count: int) -> dict[int, bytes]:
        """The next so many marks, by partition."""
        wanted = first_marks(count, self._layout.partitions)
        while True:
            bar = merge.bar(count)
            unclear = merge.unclear(bar)
            if not unclear:
                return merge.take(bar)
            calls = [
                Call("marks", self._layout.bases[each], (customer, merge.upto[each], merge.since, wanted))
                for each in unclear
            ]
            for partition, (more, *rows) in zip(unclear, await self._server.read(calls), strict=True):
                merge.add(partition, _marks(rows), has_more=bool(more))
            wanted = min(count, wanted * STEP)

    async def _pick(self, asked: tuple[str, str, str], places: dict[int, bytes]) -> list[list[bytes]]:
        """Ids and records at these places, of each partition in turn."""
        return await self._server.read(
            [Call("pick", self._layout.bases[each], (*asked, marks)) for each, marks in places.items()]
        )

    def _page(self, found: dict[bytes, bytes], limit: int, reached: int | None) -> Page:
        """The newest of what was found. reached: everything at or after this mark is there; None: everything."""
        ids = sorted(found, reverse=True)
        cursor = None if reached is None else first_id(reached)
        if len(ids) > limit:
            cursor = ids[limit - 1]
        return Page(tuple(self._unpack(each, found[each]) for each in ids[:limit]), cursor)


class _Found:
    """Records by id, of those that were asked for: from `since` on, and before the cursor."""

    def __init__(self, since: bytes, cursor: bytes | None) -> None:
        self.records: dict[bytes, bytes] = {}
        self._since = since
        self._cursor = cursor

    def take(self, rows: Sequence[bytes]) -> None:
        """Ids, each before its record."""
        for identifier, record in zip(rows[::2], rows[1::2], strict=True):
            if identifier >= self._since and (self._cursor is None or identifier < self._cursor):
                self.records[identifier] = record


class _Merge:
    """The marks of all partitions, newest first. taken: how many were. reached: everything at or after this mark was.

    upto: for each partition where to ask on from. since: marks below it are of no use.
    """

    def __init__(self, partitions: int, upto: int, since: int) -> None:
        self.upto = [upto] * partitions
        self.since = since
        self.taken = 0
        self.reached = _EVERYWHERE
        self._lowest = since - since % _MARK
        self._known: list[list[int]] = [[] for _ in range(partitions)]
        self._has_more = [True] * partitions

    def bar(self, count: int) -> int:
        """No mark below this one is among the next so many."""
        known = [mark for marks in self._known for mark in marks]
        known.sort(reverse=True)
        return known[count - 1] if len(known) >= count else -1

    def unclear(self, bar: int) -> list[int]:
        """Partitions that may have more marks that are not below the bar."""
        return [
            each
            for each, known in enumerate(self._known)
            if self._has_more[each] and (not known or known[-1] > bar) and self.upto[each] >= bar
        ]

    def add(self, partition: int, marks: Sequence[int], *, has_more: bool) -> None:
        """The partition's next marks, newest first."""
        useful = [each for each in marks if each >= self._lowest]
        self._known[partition] += useful
        self._has_more[partition] = has_more and len(useful) == len(marks)
        if marks:
            self.upto[partition] = marks[-1] - 1

    def take(self, bar: int) -> dict[int, bytes]:
        """The marks of each partition that are not below the bar, packed."""
        places: dict[int, bytes] = {}
        for partition, known in enumerate(self._known):
            taken = [each for each in known if each >= bar]
            if taken:
                self._known[partition] = known[len(taken) :]
                self.taken += len(taken)
                self.reached = min(self.reached, taken[-1])
                places[partition] = pack(f">{len(taken)}Q", *taken)
        return places


def first_marks(count: int, partitions: int) -> int:
    """How many marks of each partition make it almost sure that the first so many of all are among them."""
    share = count / partitions
    return min(count, ceil(share + SPREAD * sqrt(share)) + 2)


def _marks(rows: Sequence[bytes]) -> list[int]:
    """Of rows of a position and marks that count from it: positions, newest first."""
    positions: list[int] = []
    for at in range(0, len(rows), 2):
        start, marks = int(rows[at]), rows[at + 1]
        positions += [start + mark * _MARK for mark in unpack(f">{len(marks) // _MARK_SIZE}I", marks)[::-1]]
    return positions
