"""Applies batches: links, then digests, then each partition under its lease, then counters.

A call that got no answer is made again with the same number, which the server recognises, until `patience_s` is over;
then the batch is unavailable, and whatever of it was done by then stands: the next batch finds it so. A batch is atomic
per partition.

A partition that another node has by now refuses changes: their result is ELSEWHERE. New messages are stored there all
the same, since no other node knows of them, and so are events that are about none and what became of notifications:
the node that has an account's binds delivers them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.ledger.contract import LedgerUnavailable, WriteOp, WriteResult, Written
from gateway.ledger.redis.batch import ACCEPT, NOTIFY, TELL_LATER, TOLD, Batch, Claim, Packed, Place
from gateway.ledger.redis.layout import Numbers
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call, Fenced
from gateway.ledger.redis.wire import encode, octets

RETRY_S: Final = 0.2
CLAIM_ROUNDS: Final = 8
LOOKS: Final = 5
LOOK_S: Final = 0.02

_DONE: Final = ord("1")
_LETTERS: Final = {ord("0"): Written.NOT_DONE, _DONE: Written.DONE, ord("r"): Written.DONE}
_VOID: Final = ord("v")
_FOR_ANYBODY: Final = frozenset({TOLD, TELL_LATER, NOTIFY})
"""Operations that are done whoever has the partition, as new messages are."""

Asked = tuple[Claim, Place]


class Writer:
    """lost: called with partitions that turned out to be another node's."""

    def __init__(self, member: Member, lost: Callable[[Sequence[int]], None]) -> None:
        self._server = member.server
        self._layout = member.layout
        self._holding = member.holding
        self._node = member.node
        self._records = member.records
        self._patience_s = member.patience_s
        self._lost = lost
        self._numbers = Numbers()
        self._counted = 0

    async def apply(self, operations: Sequence[WriteOp], now_ms: int) -> list[WriteResult]:
        batch = Batch(operations, self._layout, self._records, self._numbers, now_ms)
        if batch.claims:
            await self._claim(batch)
        links = self._link_calls(batch)
        if links and not self._server.keeps_order:
            _raise_any(await self._insist(links))
            links = []
        await self._write_partitions(batch, links)
        usage = batch.usage()
        if batch.counts or usage:
            await self._count(batch, usage)
        return batch.outcome()

    async def _insist(self, calls: Sequence[Call]) -> list[Any]:
        """Every call until it has an answer, or time is up. Raises LedgerUnavailable; other errors are results."""
        results: list[Any] = [None] * len(calls)
        open_ = list(range(len(calls)))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        while True:
            answers = await self._server.calls([calls[at] for at in open_], durable=True)
            for at, answer in zip(open_, answers, strict=True):
                results[at] = answer
            open_ = [at for at in open_ if isinstance(results[at], LedgerUnavailable)]
            if not open_:
                return results
            if loop.time() >= deadline:
                raise results[open_[0]]
            await asyncio.sleep(RETRY_S)

    def _link_calls(self, batch: Batch) -> list[Call]:
        bases = self._layout.bases
        return [Call("table_put", bases[slot], ("k", encode(rows))) for slot, rows in batch.links.items()]

    # ------------------------------------------------------------------------------------------------- partitions

    async def _write_partitions(self, batch: Batch, links: list[Call]) -> None:
        """links: written in the same round trip, before."""
        work = list(batch.partitions.items())
        calls = links + [self._call(partition, ops, batch.now_ms) for partition, ops in work]
        fenced: list[int] = []
        answers = await self._insist(calls) if calls else []
        _raise_any(answers[: len(links)])
        answers = answers[len(links) :]
        for (partition, ops), answer in zip(work, answers, strict=True):
            if isinstance(answer, Fenced):
                fenced.append(partition)
            elif isinstance(answer, Exception):
                raise answer
            else:
                self._note(batch, ops, answer, foreign=partition not in self._holding.partitions)
        if fenced:
            self._lost(fenced)
            await self._write_elsewhere(batch, fenced)
        await self._claim_again(batch)

    def _call(self, partition: int, ops: Sequence[tuple[int, Packed]], now_ms: int) -> Call:
        held = self._holding.partitions.get(partition)
        packed = encode([op for _, op in ops])
        base = self._layout.bases[partition]
        if held is None:
            return Call("insert", base, (now_ms, packed))
        return Call("apply", base, (held.token, held.next(), now_ms, packed))

    async def _write_elsewhere(self, batch: Batch, fenced: Sequence[int]) -> None:
        bases = self._layout.bases
        calls = [
            Call("insert", bases[each], (batch.now_ms, encode([op for _, op in batch.partitions[each]])))
            for each in fenced
        ]
        for partition, answer in zip(fenced, await self._insist(calls), strict=True):
            if isinstance(answer, Exception):
                raise answer
            self._note(batch, batch.partitions[partition], answer, foreign=True)

    def _note(self, batch: Batch, ops: Sequence[tuple[int, Packed]], answer: bytes, *, foreign: bool) -> None:
        for (index, op), letter in zip(ops, answer, strict=True):
            if letter == _DONE and not foreign:
                batch.number(index)
            if op[0] == ACCEPT:
                if letter == _VOID:
                    batch.void.add(index)  # another message stands for it
            elif foreign and op[0] not in _FOR_ANYBODY:
                batch.results[index] = Written.ELSEWHERE
            else:
                batch.results[index] = _LETTERS[letter]

    # ---------------------------------------------------------------------------------------------------- digests

    async def _claim(self, batch: Batch) -> None:
        """Find who stands for each digest, and leave out the messages for which an earlier one does.

        One after the other: whoever has claimed one digest must not wait for others on account of an earlier one, or
        two nodes would wait for each other.
        """
        sought = [(claim, place) for claim in batch.claims for place in claim.sought]
        if sought:
            await self._yield_to(batch, sought, await self._sought(sought, batch.now_ms))
        for turn in range(max(len(claim.places) for claim in batch.claims)):
            asked = [
                (claim, claim.places[turn])
                for claim in batch.claims
                if turn < len(claim.places) and batch.results[claim.index] == claim.message
            ]
            await self._yield_to(batch, asked, await self._standing(asked, batch.now_ms))

    async def _yield_to(self, batch: Batch, asked: Sequence[Asked], standing: Sequence[bytes]) -> None:
        """Withdraw the messages for which another one stands. standing: whom each place leads to."""
        ours = {claim.message for claim in batch.claims}
        for (claim, place), first in zip(asked, standing, strict=True):
            if batch.results[claim.index] != claim.message:
                continue
            message = first
            if message != claim.message and message not in ours:
                message = await self._settle_claim(claim, place, first, batch.now_ms)
            if message != claim.message:
                batch.results[claim.index] = message
                batch.withdraw(claim.index, self._layout.partition(claim.message))

    async def _sought(self, asked: Sequence[Asked], now_ms: int) -> list[bytes]:
        """Who stands for each digest whose time is not over; the asking message where nobody does."""
        rows = [(row, octets(field)) for _, (_, row, field) in asked]
        values = await self._spread("table_get", ("i",), asked, rows)
        return [
            value[:16] if value and int.from_bytes(value[16:22], "big") > now_ms else claim.message
            for (claim, _), value in zip(asked, values, strict=True)
        ]

    async def _standing(self, asked: Sequence[Asked], now_ms: int) -> list[bytes]:
        """Who stands for each digest by now; a digest that was free is taken."""
        rows = [(row, octets(field), octets(claim.message), claim.until_ms) for claim, (_, row, field) in asked]
        return await self._spread("claim", (now_ms,), asked, rows)

    async def _spread(
        self, function: str, words: tuple[str | int, ...], asked: Sequence[Asked], rows: Sequence[tuple[object, ...]]
    ) -> list[Any]:
        """What a function of the tables says of each row, with one call for each slot."""
        slots: dict[int, list[int]] = defaultdict(list)
        for at, (_, place) in enumerate(asked):
            slots[place[0]].append(at)
        calls = [
            Call(function, self._layout.bases[slot], (*words, encode([rows[at] for at in places])))
            for slot, places in slots.items()
        ]
        found: list[Any] = [None] * len(asked)
        answers = _raise_any(await self._insist(calls)) if calls else ()
        for places, answer in zip(slots.values(), answers, strict=True):
            for at, each in zip(places, answer, strict=True):
                found[at] = each
        return found

    async def _settle_claim(self, claim: Claim, place: Place, message: bytes, now_ms: int) -> bytes:
        """Another message stands for the digest. If it is not stored, and now never will be, ours takes its place."""
        slot, row, field = place
        for _ in range(CLAIM_ROUNDS):
            if await self._appears(message, LOOKS):
                return message
            (is_stored,) = _raise_any(await self._insist([Call("void", self._base(message), (message,))]))
            if is_stored:
                return message
            words = (row, field, message, claim.message, claim.until_ms)
            (standing,) = _raise_any(await self._insist([Call("reclaim", self._layout.bases[slot], words)]))
            message = bytes(standing)
            if message == claim.message:
                return message
        raise LedgerUnavailable("a digest changes hands all the time")

    async def _claim_again(self, batch: Batch) -> None:
        """Messages whose id was taken before they were stored: which message stands for them in the end?"""
        for claim in batch.claims:
            if claim.index in batch.void:
                batch.results[claim.index] = await self._successor(claim, batch.now_ms)

    async def _successor(self, claim: Claim, now_ms: int) -> bytes:
        """The stored message that has taken our place; ours can never be stored any more. Raises LedgerUnavailable."""
        asked = [(claim, place) for place in claim.places]
        for _ in range(CLAIM_ROUNDS * 2 * LOOKS):
            for message in await self._standing(asked, now_ms):
                if message != claim.message and await self._appears(message, 1):
                    return message
            await asyncio.sleep(LOOK_S)
        raise LedgerUnavailable("who took a digest does not store its message")

    async def _appears(self, message: bytes, looks: int) -> bool:
        """Whether a message is stored, or is within a moment: another node may be about to."""
        for look in range(looks):
            if look:
                await asyncio.sleep(LOOK_S)
            (letter,) = _raise_any(await self._insist([Call("are_there", self._base(message), (message,))]))
            if letter == b"1":
                return True
        return False

    def _base(self, message: bytes) -> str:
        return self._layout.bases[self._layout.partition(message)]

    # --------------------------------------------------------------------------------------------------- counters

    async def _count(self, batch: Batch, usage: Sequence[object]) -> None:
        self._counted += 1
        rows = [(bucket, name, amount) for (name, bucket), amount in batch.counts.items()]
        call = Call("count", self._layout.shared, (self._node, self._counted, encode(rows), encode(usage)))
        _raise_any(await self._insist([call]))


def _raise_any(answers: Sequence[Any]) -> Sequence[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
