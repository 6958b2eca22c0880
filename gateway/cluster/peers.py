"""The other nodes on a shared ledger, as the road asks for them: whose a message is, and how what concerns another node
reaches it.

A receipt for another node's message is left in the inbox of its partition, durably, before the operator is answered.
`gateway.cluster.inbox` takes it out there.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.cluster.notes import DONE, Cancel, Replace, note_of, replacement
from gateway.delivery.neighbours import Place
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.roles import Messages
from gateway.model.message import WAITING, Message, Status
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from operators.base import DeliveryReceipt

WISH_S: Final = 3.0
"""How long a wish may take to reach the node that has the message; its customer waits a little longer."""
LOOK_S: Final = 0.1
_NAME: Final = 8
"""Octets of a note's name."""
_PLACES: Final = {ord("0"): Place.NOWHERE, ord("1"): Place.HERE, ord("2"): Place.LEFT}


class Peers:
    """See `gateway.delivery.neighbours.Neighbours`. messages: of that ledger."""

    are_there = True

    def __init__(self, ledger: RedisLedger, messages: Messages, clock: Clock) -> None:
        self._ledger = ledger
        self._messages = messages
        self._clock = clock

    @property
    def partitions(self) -> int:
        """How many this node has."""
        return len(self._ledger.member.holding.partitions)

    @property
    def nodes(self) -> int:
        """How many are alive, this one among them."""
        return self._ledger.leases.nodes

    def works_on(self, message: bytes) -> bool:
        return self._ledger.member.has(message)

    def takes_on(self, message: bytes) -> bool:
        """Whether this node may begin with it: it has the partition and is not handing it over."""
        return self._ledger.member.takes(message)

    async def pass_on(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        inbox = self._ledger.inbox
        if not inbox.passes_on:
            return await self._pass_on_by_slot(receipts)
        notes = [(each.operator, each.candidates, note_of(each)) for each in receipts]
        letters = await inbox.pass_on(notes, list(self._ledger.member.holding.partitions))
        return [_PLACES[letter] for letter in letters]

    async def _pass_on_by_slot(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        """As `pass_on`, on a cluster: links first, then notes."""
        messages = await self._ledger.work.linked([(each.operator, each.candidates) for each in receipts])
        notes: dict[int, list[bytes]] = defaultdict(list)
        for receipt, message in zip(receipts, messages, strict=True):
            if message is not None and not self.works_on(message):
                notes[self._ledger.member.layout.partition(message)].append(note_of(receipt))
        await self._ledger.inbox.put(notes)
        return [self._place(message) for message in messages]

    def _place(self, message: bytes | None) -> Place:
        if message is None:
            return Place.NOWHERE
        return Place.HERE if self.works_on(message) else Place.LEFT

    async def cancel(self, customer: int, message: bytes) -> Message | None:
        """As `Withdrawals.cancel`, by way of the node that has the message."""
        found = await self._messages.find(customer, message)
        if found is None:
            return None
        if found.status not in WAITING:
            raise Refusal("not_cancellable")
        await self._wish(Cancel(customer, message, self._wish_ends_ms(), self._clock.random(_NAME)))
        found = await self._messages.find(customer, message)
        if found is not None and found.status is not Status.CANCELLED:
            raise Refusal("not_cancellable")
        return found

    async def replace(self, customer: int, message: bytes, revise: Callable[[Message], Message]) -> Message | None:
        """As `Withdrawals.replace`, by way of the node that has the message. It is rewritten and sealed here."""
        found = await self._messages.find(customer, message)
        if found is None:
            return None
        if found.status not in WAITING:
            raise Refusal("not_replaceable")
        revised = revise(found)
        if not await self._wish(replacement(revised, self._wish_ends_ms(), self._clock.random(_NAME))):
            raise Refusal("not_replaceable")
        return revised

    def _wish_ends_ms(self) -> int:
        return self._clock.now_ms() + round(WISH_S * 1000)

    async def _wish(self, note: Cancel | Replace) -> bool:
        """Leave it with the message's node; whether it was done, as far as is known by its deadline."""
        partition, inbox = self._ledger.member.layout.partition(note.message), self._ledger.inbox
        await inbox.put({partition: [msgspec.msgpack.encode(note)]})
        deadline = self._clock.monotonic() + WISH_S + 1
        while self._clock.monotonic() < deadline:
            word = await inbox.answered(partition, note.name)
            if word is not None:
                return word == DONE
            await asyncio.sleep(LOOK_S)
        return False
