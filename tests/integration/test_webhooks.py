"""Webhooks from the commit of an event to the customer's server, over sockets, with servers of different temper."""

import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.model.message import Status
from tests.unit.gateway.webhooks.events import message
from tests.unit.gateway.webhooks.receiver import BUSY, Received, Receiver, Say, certificates, receiving
from tests.unit.gateway.webhooks.stage import Stage, messages, staged, until, until_all_told


def listen(stage: Stage, receiver: Receiver, customer: int = 1, scheme: str = "http") -> None:
    stage.book.urls[customer] = f"{scheme}://127.0.0.1:{receiver.port}/hook"


def ids(receiver: Receiver) -> Counter[str]:
    return Counter(each.headers["webhook-id"] for each in receiver.requests)


@pytest.mark.smpp("S-64")
@pytest.mark.parametrize("offered", [True, False])
async def test_a_burst_of_a_thousand_events_is_told_completely_and_once(tmp_path: Path, offered: bool) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=8) as stage:
        listen(stage, receiver)
        pairs = await stage.store(*messages(1000))
        if offered:
            stage.deliverer.offer(pairs)
        else:
            stage.deliverer.poke()
        await until_all_told(stage)
        assert set(ids(receiver).values()) == {1}
        assert stage.deliverer.courier.told == len(ids(receiver)) == 1000
        assert receiver.connections <= 8


@pytest.mark.policy("P-24")
async def test_events_are_told_over_tls_on_few_connections(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "127.0.0.1")
    async with receiving(server) as receiver, staged(tmp_path, tls=client, connections_per_endpoint=8) as stage:
        listen(stage, receiver, scheme="https")
        await stage.store(*messages(100))
        await until_all_told(stage)
        assert len(ids(receiver)) == 100
        assert receiver.connections <= 8


async def test_servers_that_hang_fail_or_chatter_do_not_hold_up_the_healthy_one(tmp_path: Path) -> None:
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + b"x" * 400_000
    answers = [Say(hold=True), Say(BUSY), Say(huge), Say(b"HTTP/1.1 20", close=True)]
    async with (
        receiving() as healthy,
        receiving() as hanging,
        receiving() as failing,
        receiving() as chattering,
        receiving() as closing,
        staged(tmp_path) as stage,
    ):
        unwell = (hanging, failing, chattering, closing)
        for customer, (receiver, say) in enumerate(zip(unwell, answers, strict=True), 2):
            receiver.answer = lambda _, say=say: say  # type: ignore[misc]
            listen(stage, receiver, customer)
        listen(stage, healthy)
        await stage.store(*(message(number, customer=1 + number % 5) for number in range(500)))
        await until(lambda: len(healthy.requests) == 100)
        await until(lambda: len(ids(chattering)) == 100)
        assert set(ids(healthy).values()) == {1}


async def test_every_event_of_a_server_that_fails_at_random_arrives_in_order(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        taken: list[tuple[str, str]] = []

        def moody(got: Received) -> Say:
            if len(receiver.requests) % 3 == 1:
                return Say(BUSY) if len(receiver.requests) % 2 else Say(b"", close=True)
            taken.append((got.event["data"]["id"], got.event["data"]["status"]))
            return Say()

        receiver.answer = moody
        for status in (Status.SUBMITTED, Status.DELIVERED):
            stage.deliverer.offer(await stage.store(*messages(60), status=status))
        await stage.run_out(30)
        for each in messages(60):
            assert [status for name, status in taken if name == each.id.hex()] == ["submitted", "delivered"]


async def test_killed_in_the_middle_nothing_is_lost(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda _: Say(hold=len(receiver.requests) >= 40)
        async with staged(tmp_path) as stage:
            listen(stage, receiver)
            await stage.store(*messages(100))
            await receiver.arrived(45)
        receiver.release.set()
        async with staged(tmp_path) as stage:
            listen(stage, receiver)
            await until_all_told(stage)
        assert len(ids(receiver)) == 100


@asynccontextmanager
async def aiohttp_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[dict[str, str]]]]:
    """A server that customers really use. Port, and the headers of what came."""
    seen: list[dict[str, str]] = []

    async def hook(request: web.Request) -> web.Response:
        await request.json()
        seen.append(dict(request.headers))
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1], seen
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_of_another_make_takes_our_requests(tmp_path: Path, scheme: str) -> None:
    server, client = certificates(tmp_path, "127.0.0.1")
    async with (
        aiohttp_server(server if scheme == "https" else None) as (port, seen),
        staged(tmp_path, tls=client) as stage,
    ):
        stage.book.urls[1] = f"{scheme}://127.0.0.1:{port}/hook"
        await stage.store(*messages(50))
        await until_all_told(stage)
        assert len({each["webhook-id"] for each in seen}) == 50


@pytest.mark.interpreted
@pytest.mark.policy("P-05")
async def test_no_url_secret_or_body_is_shown_by_what_is_kept_in_memory(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook?token=canary"
        await stage.store(message())
        await until_all_told(stage)
        assert [each.line for each in receiver.requests] == ["POST /hook?token=canary HTTP/1.1"]
        deliverer = stage.deliverer
        kept = (deliverer, deliverer.held, deliverer.held.order, deliverer.courier, deliverer._client)
        shown = " ".join(repr(each) for one in kept for each in vars(one).values())
        assert "canary" not in shown
