"""Endpoints that ask for several events in one request, from the commit of an event to the customer's server."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from gateway.model.message import Status
from gateway.webhooks.lane import FIRST_AT_ONCE
from tests.bounds import LIMIT_S
from tests.unit.gateway.webhooks.events import message
from tests.unit.gateway.webhooks.receiver import BUSY, GONE, Received, Receiver, Say, receiving
from tests.unit.gateway.webhooks.stage import SECRET, Stage, messages, staged, until, until_all_told


def listen(stage: Stage, receiver: Receiver, batch: int = 100) -> None:
    stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
    stage.book.batch = batch


def entries(received: Received) -> list[str]:
    """The ids of the events of one request."""
    assert received.event["type"] == "batch"
    return [each["id"] for each in received.event["data"]]


def told(receiver: Receiver) -> Counter[str]:
    return Counter(name for each in receiver.requests for name in entries(each))


async def test_a_batch_is_signed_once_and_holds_its_events(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        stage.deliverer.offer(await stage.store(*messages(30)))
        await until_all_told(stage)
        (received,) = receiver.requests
        headers = received.headers
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert headers["webhook-signature"] == Webhook(SECRET).sign(
            headers["webhook-id"], sent_at, received.body.decode()
        )
        assert entries(received) == [f"{each.id.hex()}.delivered" for each in messages(30)]
        assert received.event["data"][0]["data"]["status"] == "delivered"
        assert (stage.deliverer.courier.told, stage.deliverer.held.inflight) == (30, 0)


@pytest.mark.smpp("S-64")
@pytest.mark.parametrize("offered", [True, False])
async def test_a_burst_is_told_completely_and_once_in_few_requests(tmp_path: Path, offered: bool) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        pairs = await stage.store(*messages(3000))
        if offered:
            stage.deliverer.offer(pairs)
        else:
            stage.deliverer.poke()
        await until_all_told(stage)
        assert set(told(receiver).values()) == {1}
        assert len(told(receiver)) == 3000
        assert len(receiver.requests) < 200
        assert max(len(entries(each)) for each in receiver.requests) == 100


async def test_events_of_one_message_are_never_in_two_requests_at_once(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        stage.deliverer.offer(await stage.store(*messages(10), status=Status.SUBMITTED))
        await receiver.arrived(1)
        stage.deliverer.offer(await stage.store(*messages(10), status=Status.DELIVERED))
        assert stage.deliverer.courier.requests == 1
        receiver.release.set()
        await until_all_told(stage)
        names = [name for each in receiver.requests for name in entries(each)]
        assert names == [f"{each.id.hex()}.{status}" for status in ("submitted", "delivered") for each in messages(10)]


async def test_events_of_one_message_that_wait_together_leave_together_in_order(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=1) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        stage.deliverer.offer(await stage.store(message(99)))
        await receiver.arrived(1)
        for status in (Status.SUBMITTED, Status.DELIVERED):
            stage.deliverer.offer(await stage.store(*messages(10), status=status))
        receiver.release.set()
        await until_all_told(stage)
        assert [len(entries(each)) for each in receiver.requests] == [1, 20]
        names = entries(receiver.requests[1])
        assert names == [f"{each.id.hex()}.{status}" for each in messages(10) for status in ("submitted", "delivered")]


async def test_a_batch_that_failed_comes_again_in_halves_and_nothing_is_lost(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        receiver.answer = lambda _: Say(BUSY if len(receiver.requests) < 1 else b"HTTP/1.1 204 No Content\r\n\r\n")
        stage.deliverer.offer(await stage.store(*messages(80)))
        await until(lambda: stage.deliverer.courier.failed == 80)
        await stage.run_out(30)
        assert [len(entries(each)) for each in receiver.requests] == [80, 50, 30]
        assert sorted(entries(receiver.requests[0])) == sorted(told(receiver))
        assert stage.deliverer.courier.told == 80


async def test_one_event_that_an_endpoint_cannot_take_holds_up_no_other_for_ever(tmp_path: Path) -> None:
    poison = f"{message(7).id.hex()}.delivered"
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(5,)) as stage:
        listen(stage, receiver, 8)
        receiver.answer = lambda got: Say(BUSY if poison in entries(got) else b"HTTP/1.1 204 No Content\r\n\r\n")
        stage.deliverer.offer(await stage.store(*messages(20)))
        async with asyncio.timeout(LIMIT_S):
            while await stage.ledger.outbox.size() > 1:
                if not stage.deliverer.held.inflight:
                    await stage.journal.drain()
                    stage.later(600)
                await asyncio.sleep(0.001)
        assert [each.message for each in await stage.waiting()] == [message(7).id]
        assert stage.deliverer.courier.told == 19


async def test_events_in_one_failed_batch_stay_in_order_when_a_server_fails_at_random(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=3) as stage:
        listen(stage, receiver, 8)
        taken: list[str] = []

        def moody(got: Received) -> Say:
            if len(receiver.requests) % 3 == 1:
                return Say(BUSY) if len(receiver.requests) % 2 else Say(b"", close=True)
            taken.extend(entries(got))
            return Say()

        receiver.answer = moody
        for status in (Status.SUBMITTED, Status.DELIVERED):
            stage.deliverer.offer(await stage.store(*messages(60), status=status))
        await stage.run_out(30)
        for each in messages(60):
            mine = [name.partition(".")[2] for name in taken if name.startswith(each.id.hex())]
            assert mine == ["submitted", "delivered"]


async def test_killed_in_the_middle_nothing_is_lost(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda _: Say(hold=len(receiver.requests) >= 3)
        async with staged(tmp_path) as stage:
            listen(stage, receiver, 10)
            await stage.store(*messages(100))
            await receiver.arrived(3 + FIRST_AT_ONCE - 3)
        receiver.release.set()
        async with staged(tmp_path) as stage:
            listen(stage, receiver, 10)
            await until_all_told(stage)
        assert len(told(receiver)) == 100


async def test_an_endpoint_of_batches_that_is_gone_keeps_every_event(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=1) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        await stage.save_endpoint()
        receiver.answer = lambda _: Say(GONE)
        stage.deliverer.offer(await stage.store(*messages(20)))
        await until(lambda: stage.deliverer.endpoints.disabled == 1 and not stage.deliverer.held.inflight)
        assert len(await stage.waiting()) == 20
        assert len(receiver.requests) == 1


async def test_a_message_with_its_own_callback_url_goes_alone_and_as_it_is(tmp_path: Path) -> None:
    async with receiving() as receiver, receiving() as other, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        stage.book.callbacks[message(2).id] = f"http://127.0.0.1:{other.port}/once"
        stage.deliverer.offer(await stage.store(*messages(3)))
        await until_all_told(stage)
        assert [each.event["type"] for each in other.requests] == ["message.delivered"]
        assert set(told(receiver)) == {f"{message(number).id.hex()}.delivered" for number in (1, 3)}
