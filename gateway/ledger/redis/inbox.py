"""What nodes leave for the node that has a partition: a durable list of notes, taken away once they are dealt with.

A note may have a name, under which its answer is left for a while. One server does each of these in one call, whichever
partitions it is about; a cluster takes a call for each.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.server import Call, Server, sound
from gateway.ledger.redis.wire import encode, octets

AT_ONCE: Final = 256
ANSWER_MS: Final = 10_000
"""How long an answer is kept; whoever wants it looks all the time."""

Linked = tuple[str, tuple[str, ...], bytes]
"""An operator, its candidates for a message's id, best first, and the note for who has the message."""
Reading = tuple[int, str, int]
"""A partition, the token under which it was read, and how many notes that were."""


class Inbox:
    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout

    @property
    def passes_on(self) -> bool:
        """Whether the server can follow a link and leave a note in one call."""
        return self._server.keeps_order

    async def pass_on(self, notes: Sequence[Linked], ours: Sequence[int]) -> bytes:
        """Leave each note where its link leads, durably, unless that is one of our partitions; where `passes_on`.

        A letter for each: 0 no link, 1 ours, 2 left. Raises LedgerUnavailable: some may be there then.
        """
        packed = [(octets(note), [self._link(operator, each) for each in ids]) for operator, ids, note in notes]
        words = (self._layout.partitions, encode(list(ours)), encode(packed))
        (letters,) = sound(await self._server.calls([Call("pass_on", self._layout.shared, words)], durable=True))
        return bytes(letters)

    def _link(self, operator: str, identifier: str) -> tuple[int, int, object]:
        slot, row, field = self._layout.link(operator, identifier)
        return slot, row, octets(field)

    async def put(self, notes: Mapping[int, Sequence[bytes]]) -> None:
        """Leave notes by partition; durable when this returns. Raises LedgerUnavailable: some may be there then."""
        calls = [Call("leave_notes", self._layout.bases[each], tuple(found)) for each, found in notes.items()]
        sound(await self._server.calls(calls, durable=True))

    async def look(self, settled: Sequence[Reading], partitions: Sequence[int]) -> dict[int, list[bytes]]:
        """Take away what is dealt with, where the partition is still under its token, and read the oldest notes of each
        partition that has any.

        Raises LedgerUnavailable: what is dealt with may be gone or not, and is read again before more is taken away.
        """
        bases = self._layout.bases
        drops = [Call("drop_notes", bases[each], (token, count)) for each, token, count in settled]
        if not self.passes_on:
            sound(await self._server.calls(drops))
            return await self._read_each(partitions)
        read = Call("read_notes", self._layout.shared, (AT_ONCE, encode(list(partitions))))
        rows = sound(await self._server.calls([*drops, read]))[-1]
        return {int(partition): list(notes) for partition, notes in rows}

    async def _read_each(self, partitions: Sequence[int]) -> dict[int, list[bytes]]:
        keys = [f"{self._layout.bases[each]}:inbox" for each in partitions]
        found = await self._server.commands([("LRANGE", key, 0, AT_ONCE - 1) for key in keys])
        return {partition: notes for partition, notes in zip(partitions, found, strict=True) if notes}

    async def answer(self, partition: int, name: bytes, word: bytes) -> None:
        """Answer the note of this name, the first time. Raises LedgerUnavailable."""
        await self._server.commands([("SET", self._answer(partition, name), word, "PX", ANSWER_MS, "NX")])

    async def answered(self, partition: int, name: bytes) -> bytes | None:
        """The answer to the note of this name, once there is one. Raises LedgerUnavailable."""
        (word,) = await self._server.commands([("GET", self._answer(partition, name))])
        return None if word is None else bytes(word)

    def _answer(self, partition: int, name: bytes) -> str:
        return f"{self._layout.bases[partition]}:answer:{name.hex()}"
