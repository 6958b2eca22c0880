"""What is stored of messages: by id, by customer and by data subject. See `gateway.ledger.roles.Messages`."""

from collections.abc import Sequence
from typing import Final

from gateway.ledger.contract import Page
from gateway.ledger.redis.layout import position_of
from gateway.ledger.redis.listing import Lister
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.reading import Reader
from gateway.ledger.redis.server import Call
from gateway.model.message import Message, Status
from gateway.process.clock import Clock
from redaction.sealed import Pseudonym

SUBJECT_LOOKS_AT: Final = 1_024

_EVERYWHERE: Final = 2**53 - 1


class Messages:
    def __init__(self, member: Member, clock: Clock) -> None:
        self._server = member.server
        self._layout = member.layout
        self._unpack = member.records.message_from
        self._clock = clock
        self._reader = Reader(member)
        self._lister = Lister(member)

    async def find(self, customer: int, message: bytes) -> Message | None:
        (found,) = await self._reader.find_many([message])
        is_theirs = found is not None and found.customer == customer and found.record_until_ms > self._clock.now_ms()
        return found if is_theirs else None

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        return await self._reader.find_many(messages)

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        return await self._lister.page(customer, status, since_ms, cursor, limit, self._clock.now_ms())

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        if not subjects:
            return []
        now_ms = self._clock.now_ms()
        found: list[Message] = []
        people = b"".join(subjects)
        left = dict.fromkeys(self._layout.bases, str(_EVERYWHERE).encode())
        while left:
            words = [(customer, now_ms, start, limit, SUBJECT_LOOKS_AT, people) for start in left.values()]
            answers = await self._server.read_gently([Call("subject", *each) for each in zip(left, words, strict=True)])
            left = {base: stopped for base, (_, stopped) in zip(left, answers, strict=True) if stopped is not None}
            for rows, _ in answers:
                found += [self._unpack(rows[at], rows[at + 1]) for at in range(0, len(rows), 2)]
            found = sorted(found, key=lambda message: message.id, reverse=True)[:limit]
            if len(found) == limit:  # older ones cannot push these out
                oldest = position_of(found[-1].id)
                left = {base: start for base, start in left.items() if int(start) >= oldest}
        return found
