"""Reads of messages by id, wherever they lie."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.model.message import Message

LOOKED_FOR_AT_ONCE: Final = 64
"""Messages in a server with millions take it some 9 µs each: nothing of them is in its caches."""


class Reader:
    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._layout = member.layout
        self._unpack = member.records.message_from

    async def are_there(self, messages: Sequence[bytes]) -> list[bool]:
        """Whether each is stored; cheaper than reading it. Some at a time, as `Server.read_gently` says."""
        letters: list[Any] = []
        for at in range(0, len(messages), LOOKED_FOR_AT_ONCE):
            letters += await self._each("are_there", messages[at : at + LOOKED_FOR_AT_ONCE])
        return [letter == ord("1") for letter in letters]

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        records: list[bytes | None] = await self._each("get", messages)
        return [
            None if record is None else self._unpack(identifier, record)
            for identifier, record in zip(messages, records, strict=True)
        ]

    async def _each(self, name: str, messages: Sequence[bytes]) -> list[Any]:
        """What a function says of each message."""
        places: dict[int, list[int]] = {}
        for at, identifier in enumerate(messages):
            places.setdefault(self._layout.partition(identifier), []).append(at)
        bases = self._layout.bases
        calls = [
            Call(name, bases[partition], (b"".join(messages[at] for at in ats),)) for partition, ats in places.items()
        ]
        said: list[Any] = [None] * len(messages)
        for ats, found in zip(places.values(), await self._server.read(calls), strict=True):
            for at, each in zip(ats, found, strict=True):
                said[at] = each
        return said
