"""Receipts of an operator over HTTP, from its callback to the record: words that end nothing, and early ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.operators import RestCallback, RestOperatorSettings, RestSettings
from config.secret import SecretRef
from gateway.model.message import Status
from operators.rest.client import RestOperator
from tests.contract.rest_peer import CALLBACK_SECRET, post_receipt
from tests.integration.smpp_stage import Front, Peer, running_front, submit
from tests.integration.test_flawed_answers import reached

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id":"r-1"}'


class Slow:
    """Answers a request when it is let; what was asked is not looked at."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        self.asked.set()
        await self.may_answer.wait()
        writer.write(ANSWER)
        await writer.drain()


@asynccontextmanager
async def running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Front, Slow, Peer, int]]:
    """The last is where receipts are posted."""
    monkeypatch.setenv("CALLBACK_SECRET", CALLBACK_SECRET)
    slow = Slow()
    server = await asyncio.start_server(slow.converse, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/messages"
    callback = RestCallback(port=0, password=SecretRef(env="CALLBACK_SECRET"))
    settings = RestOperatorSettings(name="north", rest=RestSettings(url=url, connections=1, callback=callback))
    async with server, running_front(folder, settings) as front:
        operator = front.node.road.operators["north"]
        assert isinstance(operator, RestOperator)
        yield front, slow, await front.peer(await front.account()), operator.callback_port


@pytest.mark.case("nodes-7")
@pytest.mark.smpp("S-46")
@pytest.mark.parametrize("word", ["pending", "SENT", "moon", "DISPATCHED"])
async def test_a_word_in_no_list_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    async with running(tmp_path, monkeypatch) as (front, slow, peer, port):
        slow.may_answer.set()
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert await post_receipt(port, {"id": "r-1", "status": word}) == 204
        assert (await front.record(told)).status is Status.SUBMITTED
        assert await post_receipt(port, {"id": "r-1", "status": "delivered"}) == 204
        assert (await front.record(told)).status is Status.DELIVERED


@pytest.mark.case("nodes-7")
async def test_what_is_learned_later_replaces_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch) as (front, slow, peer, port):
        slow.may_answer.set()
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        for word, status in (("unknown", Status.UNKNOWN), ("failed", Status.UNDELIVERED)):
            assert await post_receipt(port, {"id": "r-1", "status": word}) == 204
            assert (await front.record(told)).status is status


@pytest.mark.case("nodes-7")
async def test_a_receipt_before_the_answer_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch) as (front, slow, peer, port):
        told = (await peer.ask(submit())).message_id
        await slow.asked.wait()
        assert await post_receipt(port, {"id": "r-1", "status": "delivered"}) == 503
        slow.may_answer.set()
        await reached(front, told, Status.DELIVERED)
        assert await post_receipt(port, {"id": "r-1", "status": "delivered"}) == 204
