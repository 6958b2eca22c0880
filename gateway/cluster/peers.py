"""A node among others on one ledger: what it does when it gains, loses or hands over partitions, and how receipts reach
the node that has their message.

    lost        what waits in memory of those partitions is forgotten at once; the ledger has it
    handed over first nothing new, then the answers and requests under way, then what the journal still holds
    paused      nothing is sent after the leases' end, until they are renewed

A receipt for another node's message is left in the inbox of its partition, durably, before the operator is answered.
Whoever has the partition settles it, and takes it out once that is durable.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from gateway.delivery.dispatch import Dispatch
from gateway.delivery.inflight import InFlight
from gateway.delivery.neighbours import Forwarded, Place
from gateway.delivery.receipts import Outcomes
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.inbox import Reading
from gateway.model.message import WAITING, Message, Status
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.webhooks.deliverer import Deliverer
from operators.base import DeliveryReceipt, ReceiptState
from redaction.sealed import Sealed

INBOX_S: Final = 0.25
BUSY_S: Final = 0.05
"""How often the inboxes are looked at, and how often while the last look found something or took something out: one
look for what all other nodes left meanwhile.
"""
WISH_S: Final = 3.0
"""How long a wish may take to reach the node that has the message; its customer waits a little longer."""
LOOK_S: Final = 0.1
EMPTY_S: Final = 0.05
_NAME: Final = 8
"""Octets of a note's name."""
_DONE: Final = b"done"
_REFUSED: Final = b"refused"

log = logger("gateway.cluster.peers")


class _Cancel(msgspec.Struct, array_like=True, frozen=True, tag="cancel"):
    """A customer's wish that came to a node without the message; nobody waits for it after `until_ms`.

    name: under which that node looks for the answer.
    """

    customer: int
    message: bytes
    until_ms: int
    name: bytes


class _Replace(msgspec.Struct, array_like=True, frozen=True, tag="replace"):
    """A wish too, with what the node that it came to has made of the message."""

    customer: int
    message: bytes
    until_ms: int
    name: bytes
    content: bytes
    private: bytes | None
    segments: int
    encoding: str
    due_ms: int | None
    expires_ms: int
    notify: int


class _Receipt(msgspec.Struct, array_like=True, frozen=True, tag="receipt"):
    """A receipt in an inbox."""

    operator: str
    candidates: tuple[str, ...]
    state: str
    error_code: str | None
    done_at_ms: int | None


_PLACES: Final = {ord("0"): Place.NOWHERE, ord("1"): Place.HERE, ord("2"): Place.LEFT}
_decode: Final = msgspec.msgpack.Decoder(_Cancel | _Replace | _Receipt).decode


class Sharing:
    """See `gateway.delivery.neighbours.Neighbours`. Call `join` once the road is built, and run `run`."""

    are_there = True

    def __init__(self, ledger: RedisLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._open: dict[int, int] = {}  # by partition: notes that are not settled yet
        self._failed: set[int] = set()
        self._settled: list[Reading] = []
        self.inflight: InFlight
        self.dispatch: Dispatch
        self.outcomes: Outcomes
        self.deliverer: Deliverer
        self.journal: Journal

    @property
    def partitions(self) -> int:
        """How many this node has."""
        return len(self._ledger.holding.partitions)

    @property
    def nodes(self) -> int:
        """How many are alive, this one among them."""
        return self._ledger.leases.nodes

    def works_on(self, message: bytes) -> bool:
        return self._ledger.has(message)

    def takes_on(self, message: bytes) -> bool:
        """Whether this node may begin with it: it has the partition and is not handing it over."""
        return self._ledger.takes(message)

    async def pass_on(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        inbox = self._ledger.inbox
        if not inbox.passes_on:
            return await self._pass_on_by_slot(receipts)
        notes = [(each.operator, each.candidates, _note(each)) for each in receipts]
        letters = await inbox.pass_on(notes, list(self._ledger.holding.partitions))
        return [_PLACES[letter] for letter in letters]

    async def _pass_on_by_slot(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        """As `pass_on`, on a cluster: links first, then notes."""
        messages = await self._ledger.linked([(each.operator, each.candidates) for each in receipts])
        notes: dict[int, list[bytes]] = defaultdict(list)
        for receipt, message in zip(receipts, messages, strict=True):
            if message is not None and not self.works_on(message):
                notes[self._ledger.layout.partition(message)].append(_note(receipt))
        await self._ledger.inbox.put(notes)
        return [self._place(message) for message in messages]

    def _place(self, message: bytes | None) -> Place:
        if message is None:
            return Place.NOWHERE
        return Place.HERE if self.works_on(message) else Place.LEFT

    async def cancel(self, customer: int, message: bytes) -> Message | None:
        """As `Dispatch.cancel`, by way of the node that has the message."""
        found = await self._ledger.find(customer, message)
        if found is None:
            return None
        if found.status not in WAITING:
            raise Refusal("not_cancellable")
        await self._wish(_Cancel(customer, message, self._wish_ends_ms(), self._clock.random(_NAME)))
        found = await self._ledger.find(customer, message)
        if found is not None and found.status is not Status.CANCELLED:
            raise Refusal("not_cancellable")
        return found

    async def replace(self, customer: int, message: bytes, revise: Callable[[Message], Message]) -> Message | None:
        """As `Dispatch.replace`, by way of the node that has the message. It is rewritten and sealed here."""
        found = await self._ledger.find(customer, message)
        if found is None:
            return None
        if found.status not in WAITING:
            raise Refusal("not_replaceable")
        revised = revise(found)
        if not await self._wish(_replacement(revised, self._wish_ends_ms(), self._clock.random(_NAME))):
            raise Refusal("not_replaceable")
        return revised

    def _wish_ends_ms(self) -> int:
        return self._clock.now_ms() + round(WISH_S * 1000)

    async def _wish(self, note: _Cancel | _Replace) -> bool:
        """Leave it with who has the message; whether it was done, as far as is known when nobody cares any more."""
        partition, inbox = self._ledger.layout.partition(note.message), self._ledger.inbox
        await inbox.put({partition: [msgspec.msgpack.encode(note)]})
        deadline = self._clock.monotonic() + WISH_S + 1
        while self._clock.monotonic() < deadline:
            word = await inbox.answered(partition, note.name)
            if word is not None:
                return word == _DONE
            await asyncio.sleep(LOOK_S)
        return False

    # ---------------------------------------------------------------------------------------------------- partitions

    def join(
        self, *, inflight: InFlight, dispatch: Dispatch, outcomes: Outcomes, deliverer: Deliverer, journal: Journal
    ) -> None:
        """These work on what this node has."""
        self.inflight, self.dispatch, self.outcomes = inflight, dispatch, outcomes
        self.deliverer, self.journal = deliverer, journal
        leases = self._ledger.leases
        leases.gained, leases.lost, leases.empty, leases.renewed = self._gained, self._lost, self._empty, self._renewed
        self._renewed(self._ledger.holds_until())

    def _renewed(self, until: float) -> None:
        """Nobody else has our partitions before `until`."""
        was_over = self._clock.monotonic() >= self.dispatch.active_until
        self.dispatch.active_until = self.deliverer.active_until = until
        if was_over:
            log.warning("leases_were_late")
            self.dispatch.look_everywhere()
            self.deliverer.resume()

    def _gained(self, partitions: Sequence[int]) -> None:
        log.info("partitions_gained", count=len(partitions), nodes=self._ledger.leases.nodes)
        self._renewed(self._ledger.holds_until())
        self.deliverer.distrust()
        self.dispatch.look_everywhere()

    def _lost(self, partitions: Sequence[int]) -> None:
        log.info("partitions_lost", count=len(partitions), nodes=self._ledger.leases.nodes)
        self._let_go(self._are_in(partitions))

    def _let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        self.dispatch.let_go(has_gone)
        self.deliverer.let_go(has_gone)

    def _are_in(self, partitions: Sequence[int]) -> Callable[[bytes], bool]:
        gone, place = frozenset(partitions), self._ledger.layout.partition
        return lambda message: place(message) in gone

    async def _empty(self, partitions: Sequence[int]) -> None:
        """Wait for what is under way in these partitions, after nothing new begins there."""
        has_gone = self._are_in(partitions)
        self._let_go(has_gone)
        while any(has_gone(each) for each in self.inflight.active) or self.deliverer.is_telling(has_gone):  # noqa: ASYNC110
            await asyncio.sleep(EMPTY_S)  # rare, and nobody on the hot path should have to tell
        written = asyncio.Event()
        self.journal.barrier(lambda _op, _result: written.set())
        await written.wait()

    # --------------------------------------------------------------------------------------------------------- inbox

    async def run(self) -> None:
        """Settle what other nodes leave for us, until cancelled. Raises what ended the leases: the node has to stop."""
        while True:
            failure = self._ledger.leases.failure()
            if failure is not None:
                raise failure
            is_busy = False
            with suppress(LedgerUnavailable):
                is_busy = await self._look_in()
            await asyncio.sleep(BUSY_S if is_busy or self._open else INBOX_S)

    async def _look_in(self) -> bool:
        """Take out what is settled, and begin with what lies there; whether anything does.

        What could not be taken out is read and settled once more, which has no second effect: had it been taken out
        before the answer was lost, taking out so many again would be others.
        """
        settled, self._settled = self._settled, []
        for partition, _, _ in settled:
            del self._open[partition]
        held = self._ledger.holding.partitions
        tokens = {each: lease.token for each, lease in held.items() if each not in self._open}
        found = await self._ledger.inbox.look(settled, list(tokens))
        await self._begin(found, tokens)
        return bool(found)

    async def _begin(self, readings: Mapping[int, Sequence[bytes]], tokens: Mapping[int, str]) -> None:
        for partition, notes in readings.items():
            self._open[partition] = len(notes)
            done = self._closer(partition, tokens[partition], len(notes))
            found = [_decode(note) for note in notes]
            self.outcomes.on_receipts([_receipt(each, done) for each in found if isinstance(each, _Receipt)])
            for each in found:
                if not isinstance(each, _Receipt):
                    await self._fulfil(each)
                    done(True)

    async def _fulfil(self, wish: _Cancel | _Replace) -> None:
        """Where the store is away, who asked hears nothing, and gives up in time."""
        if self._clock.now_ms() >= wish.until_ms or not self.works_on(wish.message):
            return
        with suppress(LedgerUnavailable):
            word = _DONE if await self._is_done(wish) else _REFUSED
            await self._ledger.inbox.answer(self._ledger.layout.partition(wish.message), wish.name, word)

    async def _is_done(self, wish: _Cancel | _Replace) -> bool:
        with suppress(Refusal):
            if isinstance(wish, _Cancel):
                return await self.dispatch.cancel(wish.customer, wish.message) is not None
            return await self.dispatch.replace(wish.customer, wish.message, partial(_revised, wish)) is not None
        return False

    def _closer(self, partition: int, token: str, count: int) -> Callable[[bool], None]:
        """What is called as each note of a reading is settled; the last one lets the whole reading be taken out."""

        def done(is_settled: bool) -> None:
            if not is_settled:
                self._failed.add(partition)
            self._open[partition] -= 1
            if self._open[partition]:
                return
            if partition in self._failed:  # read again
                self._failed.discard(partition)
                del self._open[partition]
            else:
                self._settled.append((partition, token, count))

        return done


def _note(receipt: DeliveryReceipt) -> bytes:
    return msgspec.msgpack.encode(
        _Receipt(receipt.operator, receipt.candidates, receipt.state.name, receipt.error_code, receipt.done_at_ms)
    )


def _replacement(revised: Message, until_ms: int, name: bytes) -> _Replace:
    assert revised.content is not None
    return _Replace(
        customer=revised.customer,
        message=revised.id,
        until_ms=until_ms,
        name=name,
        content=revised.content,
        private=revised.private,
        segments=revised.segments,
        encoding=revised.encoding,
        due_ms=revised.due_ms,
        expires_ms=revised.expires_ms,
        notify=revised.notify,
    )


def _revised(wish: _Replace, message: Message) -> Message:
    return msgspec.structs.replace(
        message,
        content=Sealed(wish.content),
        private=None if wish.private is None else Sealed(wish.private),
        segments=wish.segments,
        encoding=wish.encoding,
        parts=bytes(wish.segments),
        due_ms=wish.due_ms,
        expires_ms=wish.expires_ms,
        notify=wish.notify,
    )


def _receipt(note: _Receipt, done: Callable[[bool], None]) -> DeliveryReceipt:
    return DeliveryReceipt(
        operator=note.operator,
        candidates=note.candidates,
        state=ReceiptState[note.state],
        error_code=note.error_code,
        done_at_ms=note.done_at_ms,
        handle=Forwarded(done),
    )
