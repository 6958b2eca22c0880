"""Handshakes have turns, and begin when what they need has come."""

import asyncio
import socket
import ssl
from collections.abc import Iterator

import pytest

from operators.handshakes import Handshakes, NoHandshake, asked_for
from tests.bounds import LIMIT_S

pytestmark = pytest.mark.case("security-11")


def client_hello() -> bytes:
    said = ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), said, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return said.read()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours, and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
        ours.setblocking(False)
        with peer, ours:
            yield ours, peer


async def test_addresses_take_turns_and_one_that_went_takes_none() -> None:
    handshakes, begun = Handshakes(), list[str]()

    async def shake(address: str, name: str) -> None:
        await handshakes.turn(address)
        begun.append(name)

    flood = [asyncio.create_task(shake("loud", f"loud {number}")) for number in range(100)]
    await asyncio.sleep(0)
    quiet = [asyncio.create_task(shake("quiet", f"quiet {number}")) for number in range(3)]
    await asyncio.sleep(0)
    flood[2].cancel()
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*quiet)
    assert [each for each in begun if each.startswith("quiet")] == ["quiet 0", "quiet 1", "quiet 2"]
    assert sum(each.startswith("loud") for each in begun) <= 5
    for each in flood:
        each.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    assert "loud 2" not in begun
    async with asyncio.timeout(LIMIT_S):
        await handshakes.turn("later")
    assert len(handshakes) == 0


async def test_one_alone_begins_at_once() -> None:
    handshakes = Handshakes()
    waiting = asyncio.create_task(handshakes.turn("a"))
    await asyncio.sleep(0)
    assert (handshakes.begun, len(handshakes)) == (1, 0)
    await waiting


async def test_a_record_is_waited_for_whole_and_stays_in_the_socket(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = pair
    hello = client_hello()
    waiting = asyncio.create_task(asked_for(ours))
    for part in (hello[:1], hello[1:4], hello[4:5], hello[5:-1]):
        peer.sendall(part)
        await asyncio.sleep(0)
        assert not waiting.done()
    peer.sendall(hello[-1:])
    async with asyncio.timeout(LIMIT_S):
        await waiting
    assert ours.recv(len(hello) + 1) == hello
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x16\x03\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x17\x03\x03\x00\x10" + bytes(16),
        b"\x16\x02\x00\x00\x10" + bytes(16),
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x40\x01" + bytes(0x4001),
        b"\x16\x03\x01\x02\x00" + bytes(100),
        bytes(64),
        b"\x80\x2e\x01\x03\x01" + bytes(46),
    ],
)
async def test_what_begins_no_handshake_is_refused_before_one_is_made(
    pair: tuple[socket.socket, socket.socket], octets: bytes
) -> None:
    ours, peer = pair
    peer.sendall(octets)
    peer.shutdown(socket.SHUT_WR)
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(NoHandshake):
            await asked_for(ours)
