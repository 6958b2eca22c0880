"""Floods of requests whose answers nobody reads: other connections are answered meanwhile, and the process ends."""

import asyncio
import socket
import struct
from collections.abc import Iterator

import pytest

from gateway.tools.trial_site import Stage, staged
from tests.verbs import QuickStage

FLOOD_BYTES = 20_000_000
ANSWER_LIMIT_S = 20
"""For one answer beside a flood: the machine may be busy with other things, and a loop that was frozen took minutes."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset, and what was not sent is thrown away."""

EXPRESS = b"POST /v1/messages HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
OTHER = b"GET /v1/messages HTTP/1.1\r\nHost: g\r\n\r\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path_factory.mktemp("floods") / "stage")) as prepared:
        yield prepared


async def healthy(stage: Stage) -> None:
    """Asked on a connection of its own."""
    async with asyncio.timeout(ANSWER_LIMIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def push(flood: socket.socket, octets: bytes) -> int:
    """Send until all is sent or the peer takes no more; how much it was."""
    sent, view = 0, memoryview(octets)
    while sent < len(octets):
        try:
            sent += flood.send(view[sent:])
        except BlockingIOError:
            try:
                async with asyncio.timeout(0.5):
                    await _until_writable(flood)
            except TimeoutError:
                break
    return sent


async def _until_writable(flood: socket.socket) -> None:
    loop, writable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(flood, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(flood)


@pytest.mark.case("security-1")
@pytest.mark.parametrize("request_", [EXPRESS, OTHER], ids=["express lane", "aiohttp"])
async def test_a_flood_that_reads_no_answers_holds_up_nobody_and_not_the_end(stage: Stage, request_: bytes) -> None:
    floods = [socket.create_connection(("127.0.0.1", stage.port)) for _ in range(4)]
    for each in floods:
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    octets = request_ * (FLOOD_BYTES // len(request_))
    pushing = [asyncio.create_task(push(each, octets)) for each in floods]
    for _ in range(5):
        await healthy(stage)
    assert all(sent < len(octets) for sent in await asyncio.gather(*pushing))
    await healthy(stage)
    floods.pop().close()
    await healthy(stage)
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    for each in floods:
        each.close()
    await asyncio.to_thread(stage.start_gateway)
