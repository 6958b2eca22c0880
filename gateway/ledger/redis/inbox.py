"""What nodes leave for the node that has a partition: a durable list of notes, taken away once they are dealt with.

A note may have a name, under which its answer is left for a while.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.ledger.redis.keys import Layout
from gateway.ledger.redis.server import Call, Server

AT_ONCE: Final = 256
ANSWER_MS: Final = 10_000
"""How long an answer is kept; whoever wants it looks all the time."""


class Inbox:
    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout

    async def put(self, notes: Mapping[int, Sequence[bytes]]) -> None:
        """Leave notes by partition; durable when this returns. Raises LedgerUnavailable: some may be there then."""
        calls = [Call("leave_notes", self._layout.bases[each], tuple(found)) for each, found in notes.items()]
        for answer in await self._server.calls(calls, durable=True):
            if isinstance(answer, Exception):
                raise answer

    async def read(self, partitions: Sequence[int]) -> dict[int, list[bytes]]:
        """The oldest notes of each partition that has any. Raises LedgerUnavailable."""
        found = await self._server.commands([("LRANGE", self._key(each), 0, AT_ONCE - 1) for each in partitions])
        return {partition: notes for partition, notes in zip(partitions, found, strict=True) if notes}

    async def drop(self, partition: int, token: str, count: int) -> None:
        """The oldest so many are dealt with, if the partition is still under this token. Raises LedgerUnavailable."""
        await self._server.call(Call("drop_notes", self._layout.bases[partition], (token, count)))

    async def answer(self, partition: int, name: bytes, word: bytes) -> None:
        """Tell who left the note of this name what became of it. Raises LedgerUnavailable."""
        await self._server.commands([("SET", self._answer(partition, name), word, "PX", ANSWER_MS)])

    async def answered(self, partition: int, name: bytes) -> bytes | None:
        """What became of the note of this name, once that is told. Raises LedgerUnavailable."""
        (word,) = await self._server.commands([("GET", self._answer(partition, name))])
        return None if word is None else bytes(word)

    def _answer(self, partition: int, name: bytes) -> str:
        return f"{self._layout.bases[partition]}:answer:{name.hex()}"

    def _key(self, partition: int) -> str:
        return f"{self._layout.bases[partition]}:inbox"
