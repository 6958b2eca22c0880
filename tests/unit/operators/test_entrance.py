"""The way in, over real sockets: seats before handshakes, proxies, and what is no proxy's header."""

import asyncio
import ipaddress
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from operators.entrance import Entrance, Place
from operators.proxy_header import LONGEST, SIGNATURE, ProxyHeaderWrong, rest_octets, source
from operators.seats import Seat, Seats
from tests.bounds import LIMIT_S
from tests.contract.links import until
from tests.interop.certificates import make_certificates

HELLO = b"hello\n"


class Echo(asyncio.Protocol):
    """Says its peer's address, then what it hears."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.seat.guest = self
        transport.write(f"{self.seat.address}\n".encode())

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.seat.free()

    def is_idle(self) -> bool:
        return False

    def leave(self) -> None:
        self.transport.abort()


@asynccontextmanager
async def entered(seats: Seats, **place: Any) -> AsyncIterator[Entrance]:
    entrance = Entrance(Place(host="127.0.0.1", port=0, **place), seats, Echo)
    await entrance.start()
    yield entrance
    entrance.stop()


def header(address: str = "198.51.100.7", *, command: int = 0x21, more: bytes = b"") -> bytes:
    """The PROXY protocol's, version 2, from this address to one of ours."""
    parsed = ipaddress.ip_address(address)
    rest = (
        parsed.packed + parsed.packed[:-1] + b"\x01" + (40_000).to_bytes(2, "big") + (2_775).to_bytes(2, "big") + more
    )
    return SIGNATURE + bytes((command, 0x11 if parsed.version == 4 else 0x21)) + len(rest).to_bytes(2, "big") + rest


async def lines(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    async with asyncio.timeout(LIMIT_S):
        return [await reader.readline() for _ in range(count)]


async def test_a_connection_is_seated_by_its_address_and_frees_its_seat() -> None:
    async with entered(Seats(10)) as entrance:
        reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
        writer.write(HELLO)
        assert await lines(reader, 2) == [b"127.0.0.1\n", HELLO]
        assert entrance.seats.holds("127.0.0.1") == 1
        writer.close()
        await until(lambda: not entrance.seats.taken)


@pytest.mark.case("security-11")
async def test_handshakes_that_are_held_open_count_and_go_first(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.server, made.server_key)
    async with entered(Seats(10), tls=tls) as entrance:
        held = [await asyncio.open_connection("127.0.0.1", entrance.port) for _ in range(30)]
        await until(lambda: entrance.seats.displaced >= 25)
        assert entrance.seats.taken == 5
        trusting = ssl.create_default_context(cafile=made.ca)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", entrance.port, ssl=trusting, server_hostname="localhost"
        )
        writer.write(HELLO)
        assert await lines(reader, 2) == [b"127.0.0.1\n", HELLO]
        for _, each in [*held, (reader, writer)]:
            each.close()


@pytest.mark.case("security-11")
async def test_a_flood_of_handshakes_leaves_another_address_its_turn(tmp_path: Path) -> None:
    """Counted, not timed: of those that all wait before it, few begin."""
    made = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.server, made.server_key)
    trusting = ssl.create_default_context(cafile=made.ca)
    async with entered(Seats(1_000, 500), tls=tls) as entrance:
        silent = [await asyncio.open_connection("127.0.0.1", entrance.port) for _ in range(50)]
        for _, each in silent[:10]:
            each.write(bytes(100))  # no handshake, so it is over
        await until(lambda: entrance.seats.taken == 40)
        assert entrance.handshakes.begun == 0

        async def shake() -> None:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", entrance.port, ssl=trusting, server_hostname="localhost"
            )
            writer.transport.abort()

        flood = [asyncio.create_task(shake()) for _ in range(60)]
        await until(lambda: len(entrance.handshakes) > 0)
        before = entrance.handshakes.begun
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", entrance.port, ssl=trusting, server_hostname="localhost", local_addr=("127.0.0.2", 0)
        )
        assert await lines(reader, 1) == [b"127.0.0.2\n"]
        assert entrance.handshakes.begun > before
        await asyncio.gather(*flood)
        assert entrance.handshakes.begun == 61
        for _, each in [*silent, (reader, writer)]:
            each.close()


@pytest.mark.case("security-14")
@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::7"])
@pytest.mark.parametrize("more", [b"", b"\x04\x00\x03abc"], ids=["plain", "with a TLV"])
async def test_whoever_comes_through_a_proxy_is_known_by_his_own_address(address: str, more: bytes) -> None:
    async with entered(Seats(10, 1), proxies=("127.0.0.0/8",)) as entrance:
        reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
        octets = header(address, more=more) + HELLO
        for octet in octets[:20]:
            writer.write(bytes((octet,)))
            await writer.drain()
        writer.write(octets[20:])
        assert await lines(reader, 2) == [f"{address}\n".encode(), HELLO]
        assert (entrance.seats.holds(address), entrance.seats.holds("127.0.0.1")) == (1, 0)
        writer.close()


@pytest.mark.case("security-14")
async def test_a_proxy_may_speak_for_itself() -> None:
    async with entered(Seats(10), proxies=("127.0.0.0/8",)) as entrance:
        reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
        writer.write(SIGNATURE + b"\x20\x00\x00\x00" + HELLO)
        assert await lines(reader, 2) == [b"127.0.0.1\n", HELLO]
        writer.close()


@pytest.mark.case("security-14")
@pytest.mark.parametrize(
    "octets",
    [
        HELLO * 10,
        b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 2775\r\n",
        SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
    ids=["no header", "version 1", "version 3", "too short", "a Unix socket", "too long"],
)
async def test_a_trusted_proxy_that_sends_no_header_of_its_is_cut_off(octets: bytes) -> None:
    async with entered(Seats(10), proxies=("127.0.0.0/8",)) as entrance:
        reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
        writer.write(octets)
        async with asyncio.timeout(LIMIT_S):
            assert await _rest(reader) == b""
        await until(lambda: not entrance.seats.taken)
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


@pytest.mark.case("security-14")
async def test_the_header_of_whoever_is_no_proxy_is_what_he_says_and_no_header() -> None:
    async with entered(Seats(10), proxies=("10.0.0.0/8",)) as entrance:
        reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
        writer.write(header())
        async with asyncio.timeout(LIMIT_S):
            assert await reader.readline() == b"127.0.0.1\n"
            assert await reader.readexactly(len(header())) == header()
        writer.close()


def test_any_head_is_read_or_refused() -> None:
    for at in range(16):
        for octet in (0, 1, 0x20, 0x21, 0xFF):
            bent = bytearray(header())
            bent[at] = octet
            try:
                assert rest_octets(bytes(bent[:16])) <= LONGEST
                source(bytes(bent[:16]), bytes(bent[16:]))
            except ProxyHeaderWrong:
                pass


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """Those that are open stay."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.case("faults-10")
async def test_without_a_descriptor_left_accepting_rests_and_goes_on() -> None:
    told: list[bool] = []
    entrance = Entrance(Place(host="127.0.0.1", port=0), Seats(100), Echo, short=told.append)
    await entrance.start()
    clients = [socket.socket() for _ in range(4)]
    with no_more_descriptors():
        for each in clients:
            each.setblocking(False)
            await asyncio.get_running_loop().sock_connect(each, ("127.0.0.1", entrance.port))
        await until(lambda: bool(told))
    for each in clients:
        async with asyncio.timeout(LIMIT_S):
            assert await asyncio.get_running_loop().sock_recv(each, 100) == b"127.0.0.1\n"
        each.close()
    assert told == [True, False]
    entrance.stop()
