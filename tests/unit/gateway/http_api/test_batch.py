"""The messages of a batch: each has a fate of its own, and the request waits for all of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.accept.request import BatchItem, MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.batch import IN_HAND, TURN, BatchSender
from gateway.http_api.decoding import decode_message
from gateway.http_api.sending import SendPath
from gateway.ledger.journal import Done, Journal
from gateway.limits.admission import Admission
from gateway.model.message import Message
from gateway.model.submission import SmppForm
from gateway.process.clock import ManualClock
from gateway.process.containment import Containment
from tests.contract.records import mask_of
from tests.unit.gateway.road import EVERY_CLASS
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.stage import SmallDoor, until

LIMIT_BYTES = 512
RAW = b'{"to":"+966500000078","from":"INTERKEY","text":"a"}'
TO_SEND = decode_message(RAW)
BAD = decode_message(RAW.replace(b"+9665", b"+1"))


class BrittleDoor(SmallDoor):
    """Breaks of numbers that end in 66."""

    def offer(
        self,
        key: ApiKey,
        request: MessageRequest,
        form: SmppForm,
        done: Done,
        *,
        idempotency: str | None = None,
        index: int = 0,
    ) -> Message:
        if request.to.endswith("66"):
            raise OverflowError
        return super().offer(key, request, form, done, idempotency=idempotency, index=index)


class Batches:
    """A sender, its journal, which commits once `run` is called, and what was stored, in order."""

    def __init__(self, queue_limit: int) -> None:
        self.stored: list[Message] = []
        self.ledger = SmallLedger()
        self.journal = Journal(self.ledger, stored=self.stored.extend, queue_limit=queue_limit, retry_s=0.001)
        clock = ManualClock()
        self.admission = Admission(self.ledger, self.journal, clock, max_inflight=10_000)
        path = SendPath(BrittleDoor(self.journal, clock), self.ledger, self.admission, clock, mask_of)
        self._sender = BatchSender(path, LIMIT_BYTES)
        self._running: list[asyncio.Future[None]] = []

    def run(self) -> None:
        self._running.append(asyncio.ensure_future(self.journal.run()))

    async def stop(self) -> None:
        for each in self._running:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each

    async def send(
        self, messages: Sequence[MessageRequest | bytes], idempotency: str | None = None
    ) -> Sequence[BatchItem]:
        return await self._sender.send(EVERY_CLASS, messages, idempotency)


@asynccontextmanager
async def batches(*, queue_limit: int = 1_000, runs: bool = True) -> AsyncIterator[Batches]:
    stage = Batches(queue_limit)
    if runs:
        stage.run()
    try:
        yield stage
    finally:
        await stage.stop()


def told(items: Sequence[BatchItem]) -> list[str]:
    """For each message the code of what is wrong with it, or "accepted"."""
    for each in items:
        assert (each.error is None) is not (each.message is None)
    return ["accepted" if each.error is None else each.error.code for each in items]


async def test_each_message_stands_or_falls_on_its_own_and_keeps_its_place() -> None:
    async with batches() as stage:
        long = RAW.replace(b'"a"', b'"%s"' % (b"x" * LIMIT_BYTES))
        items = await stage.send([TO_SEND, BAD, RAW, b"{}", long, TO_SEND])
        assert told(items) == ["accepted", "invalid_number", "accepted", "missing_field", "body_too_large", "accepted"]
        assert items[1].error is not None
        assert items[1].error.field == "messages[1].to"
        ids = [each.message.id for each in items if each.message is not None]
        assert ids == [message.id.hex() for message in stage.stored]


async def test_what_the_journal_has_no_room_for_is_refused_alone() -> None:
    async with batches(queue_limit=3, runs=False) as stage:
        asked = asyncio.ensure_future(stage.send([TO_SEND] * 5))
        await until(lambda: stage.journal.depth == 3)
        stage.run()
        assert told(await asked) == ["accepted"] * 3 + ["overloaded"] * 2
        assert len(stage.stored) == 3


async def test_a_batch_of_which_nothing_can_be_taken_is_answered() -> None:
    async with batches(queue_limit=0, runs=False) as stage:
        assert told(await stage.send([TO_SEND, BAD])) == ["overloaded", "invalid_number"]


async def test_messages_that_the_ledger_cannot_take_are_refused_and_not_stored() -> None:
    async with batches() as stage:
        stage.ledger.broken = True
        assert told(await stage.send([TO_SEND, BAD, TO_SEND])) == [
            "ledger_unavailable",
            "invalid_number",
            "ledger_unavailable",
        ]
        assert not stage.stored


async def test_a_repeated_batch_names_the_first_ids_and_stores_nothing_again() -> None:
    async with batches() as stage:
        first = await stage.send([TO_SEND, TO_SEND], "k")
        again = await stage.send([TO_SEND, TO_SEND, TO_SEND], "k")
        assert [each.message for each in again[:2]] == [each.message for each in first]
        assert again[2].message is not None
        assert again[2].message.id not in [each.message.id for each in first if each.message is not None]
        assert len(stage.stored) == 3


async def test_a_repeated_message_that_was_erased_since_looks_as_if_it_never_was() -> None:
    async with batches() as stage:
        await stage.send([TO_SEND], "k")
        stage.ledger.messages.clear()
        assert told(await stage.send([TO_SEND, TO_SEND], "k")) == ["not_found", "accepted"]


@pytest.mark.parametrize("messages", [2, 40])
async def test_a_request_that_is_cancelled_leaves_its_messages_on_their_way(messages: int) -> None:
    async with batches(runs=False) as stage:
        asked = asyncio.ensure_future(stage.send([TO_SEND] * messages))
        await until(lambda: stage.journal.depth == messages)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        stage.run()
        await stage.journal.drain()
        assert len(stage.stored) == messages


@pytest.mark.case("security-2")
async def test_what_one_message_brings_about_is_its_own_items_and_the_others_are_taken() -> None:
    contained = Containment()
    unwatch = contained.watch()
    async with batches() as stage:
        broken = decode_message(RAW.replace(b"78", b"66"))
        items = await stage.send([TO_SEND, broken, TO_SEND])
        assert [item.error and item.error.code for item in items] == [None, "internal", None]
        assert (len(stage.stored), stage.admission.inflight) == (2, 0)
    assert contained.counts["submission"] == 1
    unwatch()


@pytest.mark.case("faults-15")
@pytest.mark.parametrize("count", [1, 2, 6])
async def test_of_all_batches_of_a_customer_so_many_wait_for_the_disk_and_the_rest_behind_them(count: int) -> None:
    async with batches(queue_limit=20_000, runs=False) as stage:
        asked = [asyncio.ensure_future(stage.send([TO_SEND] * 1_000)) for _ in range(count)]
        for _ in range(100):
            await asyncio.sleep(0)
        assert min(1_000, IN_HAND // 2) <= stage.journal.depth <= IN_HAND + count * TURN
        stage.run()
        assert [told(await each) for each in asked] == [["accepted"] * 1_000] * count
        assert len(stage.stored) == count * 1_000
