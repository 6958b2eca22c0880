"""A callback URL that fails holds up nothing but itself."""

import os
from pathlib import Path

import pytest

from gateway.webhooks.callbacks import Callbacks
from gateway.webhooks.lane import REST_AFTER
from redaction.sealed import Sealed
from tests.unit.gateway.webhooks.events import message
from tests.unit.gateway.webhooks.receiver import BUSY, GONE, Received, Receiver, Say, receiving
from tests.unit.gateway.webhooks.stage import Stage, messages, staged, until

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
REDIRECT = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
CUT = b"HTTP/1."
NOT_HTTP = b"220 mail.example ESMTP\r\n"


def target_of(received: Received) -> str:
    return received.line.split()[1]


def failing_under(receiver: Receiver, path: str, data: bytes) -> None:
    """Requests whose target begins so fail."""
    receiver.answer = lambda received: Say(data, close=True) if target_of(received).startswith(path) else Say(OK)


def told(receiver: Receiver, path: str) -> set[str]:
    return {each.event["data"]["id"] for each in receiver.requests if target_of(each).startswith(path)}


async def dead_callbacks(stage: Stage, receiver: Receiver, count: int, first: int = 1_000, path: str = "/dead") -> None:
    """So many messages whose own URL fails."""
    doomed = messages(count + first, private=Sealed(b"sealed"))[first:]
    for number, each in enumerate(doomed):
        stage.book.callbacks[each.id] = f"http://127.0.0.1:{receiver.port}{path}?message={number}"
    stage.deliverer.offer(await stage.store(*doomed))


@pytest.mark.case("privacy-7")
@pytest.mark.parametrize("data", [BUSY, REDIRECT, CUT, NOT_HTTP], ids=["busy", "redirect", "cut", "not http"])
async def test_a_dead_callback_silences_nobody_else(tmp_path: Path, data: bytes) -> None:
    """What the endpoint is told comes at once, whatever a URL of a message does, time and again."""
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        failing_under(receiver, "/dead", data)
        for number in range(3):
            await dead_callbacks(stage, receiver, REST_AFTER + 4, first=1_000 * (1 + number))
            await until(lambda: len(told(receiver, "/dead")) >= REST_AFTER)
            fine = messages(20 * (1 + number))[20 * number :]
            stage.deliverer.offer(await stage.store(*fine))
            await until(lambda fine=fine: {each.id.hex() for each in fine} <= told(receiver, "/hook"))  # type: ignore[misc]
            stage.later(60)
        assert stage.deliverer.endpoints.failing == 0


@pytest.mark.case("privacy-7")
async def test_a_dead_callback_silences_no_other_callback_of_its_host(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        failing_under(receiver, "/dead", BUSY)
        await dead_callbacks(stage, receiver, REST_AFTER + 4)
        await until(lambda: len(told(receiver, "/dead")) >= REST_AFTER)
        await dead_callbacks(stage, receiver, 10, first=5_000, path="/alive")
        await until(lambda: len(told(receiver, "/alive")) == 10)


@pytest.mark.case("privacy-7")
async def test_a_dead_endpoint_silences_no_callback(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        failing_under(receiver, "/hook", BUSY)
        stage.deliverer.offer(await stage.store(*messages(REST_AFTER + 4)))
        await until(lambda: len(told(receiver, "/hook")) >= REST_AFTER)
        await dead_callbacks(stage, receiver, 3, first=2_000, path="/alive")
        await until(lambda: len(told(receiver, "/alive")) == 3)


async def test_a_dead_callback_is_left_alone_and_tried_again(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        failing_under(receiver, "/dead", BUSY)
        await dead_callbacks(stage, receiver, 40)
        await until(lambda: not stage.deliverer.held.inflight)
        assert len(receiver.requests) < 40
        receiver.answer = lambda _: Say(OK)
        await stage.run_out(60)
        assert len(told(receiver, "/dead")) == 40
        lane = stage.deliverer.held.lane(1)
        assert (lane.size, lane.apart, stage.deliverer.held.inflight) == (0, 0, 0)


async def test_a_callback_that_is_gone_drops_its_events(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        failing_under(receiver, "/dead", GONE)
        await dead_callbacks(stage, receiver, 5)
        await until(lambda: stage.deliverer.courier.dropped == 5)
        lane = stage.deliverer.held.lane(1)
        assert (lane.size, lane.apart, stage.deliverer.held.inflight) == (0, 0, 0)


async def test_callbacks_have_a_part_of_the_memory(tmp_path: Path) -> None:
    """What goes to the endpoint finds room while callbacks hang."""
    async with receiving() as receiver, staged(tmp_path, max_inflight=40) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        receiver.answer = lambda received: Say(hold=target_of(received).startswith("/dead"))
        await dead_callbacks(stage, receiver, 60)
        await until(lambda: len(receiver.requests) >= 8)
        assert stage.deliverer.held.lane(1).apart <= 11
        stage.deliverer.offer(await stage.store(message(1)))
        await until(lambda: bool(told(receiver, "/hook")))


def test_a_lane_is_known_by_customer_and_url_without_its_query() -> None:
    lanes = Callbacks(4, (1,), os.urandom)
    first = lanes.lane(1, "https://a.example/x?message=1")
    assert lanes.lane(1, "https://a.example/x?message=2#there") is first
    for other in (lanes.lane(2, "https://a.example/x"), lanes.lane(1, "https://a.example/y")):
        assert other is not first


def test_idle_lanes_are_forgotten() -> None:
    lanes = Callbacks(4, (1,), os.urandom, limit=10)
    busy = lanes.lane(1, "https://a.example/busy")
    busy.active = 1
    for number in range(50):
        lanes.lane(1, f"https://a.example/{number}")
    assert len(lanes.lanes()) == 10
    assert lanes.lane(1, "https://a.example/busy") is busy
