"""The operator in memory, as the contract of operators asks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from operators.base import (
    Accepted,
    DeliveryReceipt,
    Down,
    MtMessage,
    OperatorEvent,
    Ready,
    ReceiptState,
    Refused,
    Submitted,
)
from operators.loopback import LoopbackOperator
from redaction.personal import MessageText, Msisdn

Reads = list[tuple[OperatorEvent, ...]]


@asynccontextmanager
async def started(**settings: Any) -> AsyncIterator[tuple[LoopbackOperator, Reads]]:
    reads: Reads = []

    def sink(events: Sequence[OperatorEvent]) -> None:
        reads.append(tuple(events))

    operator = LoopbackOperator("loop", **({"segments_of": lambda _: 1} | settings))
    await operator.start(sink)
    await asyncio.sleep(0)
    reads.clear()
    yield operator, reads
    await operator.stop(1)


def a_message(**changes: Any) -> MtMessage:
    fields: dict[str, Any] = {
        "token": "token",
        "source": "INTERKEY",
        "destination": Msisdn("966500000078", 966),
        "text": MessageText("hello"),
    }
    return MtMessage(**(fields | changes))


def kinds(reads: Reads, kind: type[Any]) -> list[Any]:
    return [event for events in reads for event in events if isinstance(event, kind)]


async def test_it_is_up_from_start_to_stop_and_says_so() -> None:
    reads: Reads = []
    operator = LoopbackOperator("loop", segments_of=lambda _: 1)
    assert (operator.is_up(), operator.room(), operator.health().state) == (False, 0, "stopped")
    await operator.start(lambda events: reads.append(tuple(events)))
    assert (operator.is_up(), operator.health().state) == (True, "up")
    await asyncio.sleep(0)
    assert kinds(reads, Ready)
    await operator.stop(1)
    assert (operator.is_up(), operator.room()) == (False, 0)
    assert reads[-1] == (Down("loop"),)


async def test_answers_never_come_during_the_call() -> None:
    async with started() as (operator, reads):
        assert operator.submit(a_message()) == 1
        assert reads == []
        await asyncio.sleep(0)
        assert kinds(reads, Submitted) == [Submitted("loop", "token", 0, Accepted("1"))]


async def test_what_one_turn_of_the_loop_submits_is_answered_in_one_read() -> None:
    async with started() as (operator, reads):
        for number in range(5):
            operator.submit(a_message(token=number))
        await asyncio.sleep(0)
        assert len(reads) == 1
        assert [answer.token for answer in kinds(reads, Submitted)] == [0, 1, 2, 3, 4]
        assert isinstance(reads[0][-1], Ready)


async def test_every_segment_is_answered_under_an_id_of_its_own() -> None:
    async with started(segments_of=lambda _: 3) as (operator, reads):
        assert operator.submit(a_message()) == 3
        await asyncio.sleep(0)
        answers = kinds(reads, Submitted)
        assert [answer.segment for answer in answers] == [0, 1, 2]
        assert len({answer.result.operator_message_id for answer in answers}) == 3


async def test_only_the_segments_that_are_named_go() -> None:
    async with started(segments_of=lambda _: 3) as (operator, reads):
        assert operator.submit(a_message(only=(0, 2))) == 2
        await asyncio.sleep(0)
        assert [answer.segment for answer in kinds(reads, Submitted)] == [0, 2]


async def test_a_receipt_comes_for_what_was_accepted_and_wanted() -> None:
    async with started() as (operator, reads):
        operator.submit(a_message())
        operator.submit(a_message(receipt=False))
        await asyncio.sleep(0)
        assert kinds(reads, DeliveryReceipt) == [
            DeliveryReceipt("loop", ("1",), ReceiptState.DELIVERED, None, None, "1")
        ]
        assert operator.health().receipts == 1


@pytest.mark.parametrize("settings", [{"answer": lambda *_: Refused(0x0B)}, {"receipt": lambda _: None}])
async def test_there_is_no_receipt_for_a_refusal_or_where_none_is_sent(settings: dict[str, Any]) -> None:
    async with started(**settings) as (operator, reads):
        operator.submit(a_message())
        await asyncio.sleep(0)
        assert kinds(reads, Submitted)
        assert not kinds(reads, DeliveryReceipt)


async def test_room_shrinks_with_what_is_unanswered_and_comes_back() -> None:
    async with started(room=2, receipt=lambda _: None) as (operator, _):
        operator.submit(a_message())
        assert operator.room() == 1
        operator.submit(a_message())
        assert operator.room() == 0
        await asyncio.sleep(0)
        assert operator.room() == 2


async def test_acknowledgements_are_kept_with_their_verdict() -> None:
    async with started() as (operator, _):
        operator.acknowledge(("a", "b"), True)
        operator.acknowledge(("c",), False)
        assert operator.acknowledged == [("a", True), ("b", True), ("c", False)]
