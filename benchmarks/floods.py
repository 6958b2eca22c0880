"""The attacks of `benchmarks.fairness`, in a process of their own: each goes on until the run is over.

What a peer without manners does, over the sockets that are open to it: it pours without reading, guesses, holds
connections open, sends batches that are wrong or too many, and names hosts that nobody resolves.
"""

import asyncio
import contextlib
import itertools
import json
import os
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

from benchmarks import child
from operators.smpp import pdu as p

ELSEWHERE: Final = "127.0.0.9"
"""Where attackers come from; each connection of `by_many` from an address of its own beside it."""
NICE: Final = 5
"""An attacker has a machine of its own; here it must not take the gateway's, nor the quiet customer's."""
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset, and what was not sent is thrown away."""
POURED_BYTES: Final = 20_000_000
BATCH_BYTES: Final = 4_000_000
MESSAGES: Final = 1_000
HANGING: Final = ".hanging.example"
BINDS: Final = 4


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """key: of the loud customer, limited_key: another of its keys, with a throughput of 1 message/s. accounts:
    system_ids and passwords.
    """

    attack: str
    port: int
    smpp_port: int
    callback_port: int
    key: str
    limited_key: str
    accounts: list[tuple[str, str]]

    def post(self, path: str, body: bytes, key: str = "") -> bytes:
        bearer = f"Authorization: Bearer {key}\r\n" if key else ""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n{bearer}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


Attack = Callable[[Target], Coroutine[Any, Any, None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connected(port: int, address: str = ELSEWHERE) -> Streams:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))


async def again(once: Callable[[], Coroutine[Any, Any, None]], *, pause_s: float = 0.02) -> None:
    """On and on, also after the gateway has had enough."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await once()
        await asyncio.sleep(pause_s)


async def pour(port: int, octets: bytes, first: bytes = b"") -> None:
    """Write on and on, and take what comes back."""
    reader, writer = await connected(port)

    async def drop() -> None:
        with contextlib.suppress(OSError):
            while await reader.read(1 << 16):
                pass
        writer.transport.abort()

    dropping = asyncio.create_task(drop())
    try:
        writer.write(first)
        while not writer.transport.is_closing():
            writer.write(octets)
            await writer.drain()
    finally:
        dropping.cancel()
        writer.transport.abort()


async def unread(port: int, octets: bytes) -> None:
    """Write as much as is taken, read nothing, and reset."""
    _, writer = await connected(port)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    try:
        async with asyncio.timeout(2.0):
            writer.write(octets)
            await writer.drain()
    except TimeoutError:
        pass
    finally:
        writer.transport.abort()


async def pipelined_unread(target: Target) -> None:
    """security 1: 20 MB of requests without a key, answers unread, then a reset; four connections."""
    express = target.post("/v1/messages", b"{}")
    other = b"GET /v1/messages HTTP/1.1\r\nHost: g\r\n\r\n"
    floods = [octets * (POURED_BYTES // len(octets)) for octets in (express, express, express, other)]
    await asyncio.gather(*(again(lambda octets=each: unread(target.port, octets)) for each in floods))  # type: ignore[misc]


async def unbound_enquiries(target: Target) -> None:
    """security 4: enquire_link without a bind."""
    octets = p.encode(p.EnquireLink(sequence_number=1)) * 4_000
    await again(lambda: pour(target.smpp_port, octets))


async def bound_queries(target: Target) -> None:
    """security 4: query_sm over binds of a customer."""
    name, password = target.accounts[0]
    bind = p.encode(p.BindTransceiver(1, system_id=name, password=password))
    octets = p.encode(p.QuerySm(sequence_number=2, message_id="ab" * 16)) * 500
    await asyncio.gather(*(again(lambda: pour(target.smpp_port, octets, bind)) for _ in range(3)))


async def pipelined_refusals(target: Target) -> None:
    """security 4: requests without a key, pipelined, answers read."""
    octets = target.post("/v1/messages", b"{}") * 500
    await asyncio.gather(*(again(lambda: pour(target.port, octets)) for _ in range(2)))


async def wrong_batches(target: Target) -> None:
    """security 5: 4 MB of batch in which no item is a message, by a key of one message a second, and by another."""
    body = b'{"messages":[' + b"1," * (BATCH_BYTES // 2) + b"1]}"
    keys = (target.limited_key, target.key)
    await asyncio.gather(*(again(lambda key=key: asked(target, "/v1/messages/batch", body, key)) for key in keys))  # type: ignore[misc]


async def asked(target: Target, path: str, body: bytes, key: str) -> None:
    """One request, whatever is answered."""
    reader, writer = await connected(target.port)
    try:
        writer.write(target.post(path, body, key))
        await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.transport.abort()


async def idle_binds(target: Target) -> None:
    """security 6: connections that say nothing, always 150 of them."""

    async def hold() -> None:
        reader, writer = await connected(target.smpp_port)
        await reader.read()
        writer.close()

    await asyncio.gather(*(again(hold) for _ in range(150)))


async def guesses(target: Target) -> None:
    """security 6: 90 clients that try names that nobody has."""
    names = (f"name{number}" for number in itertools.count())

    async def guess() -> None:
        reader, writer = await connected(target.smpp_port)
        writer.write(p.encode(p.BindTransceiver(1, system_id=next(names), password="guessed1")))
        await reader.read()
        writer.close()

    await asyncio.gather(*(again(guess) for _ in range(90)))


async def hanging_names(target: Target) -> None:
    """security 7: messages of which each names another endpoint, whose name does not resolve for a minute."""
    numbers = itertools.count()

    async def send() -> None:
        number = next(numbers)
        url = f"https://n{number}{HANGING}/"
        fields = {"to": f"+9665{number:08d}", "from": "INTERKEY", "text": "hello", "callback_url": url}
        await asked(target, "/v1/messages", json.dumps(fields).encode(), target.key)

    await asyncio.gather(*(again(send) for _ in range(2)))


async def binds_of_many(target: Target) -> None:
    """security 8: every account binds four times, all at once, as after a restart, and again a second or two after a
    refusal; said when all have.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def bind(index: int, name: str, password: str) -> None:
        address = f"127.0.{1 + index % 200}.{1 + index // 200}"
        reader, writer = await connected(target.smpp_port, address)
        writer.write(p.encode(p.BindTransceiver(1, system_id=name, password=password)))
        head = await reader.readexactly(16)
        if head[8:12] != bytes(4):
            writer.close()
            raise ConnectionRefusedError
        kept.append(writer)

    async def until_bound(index: int, name: str, password: str) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                return await bind(index, name, password)
            await asyncio.sleep(1.0 + index % 100 / 100)

    kept: list[asyncio.StreamWriter] = []
    await asyncio.gather(*(until_bound(i, *each) for i, each in enumerate(target.accounts * BINDS)))
    print(f"{len(kept)} binds in {loop.time() - began:.1f} s", file=sys.stderr)
    await asyncio.Event().wait()


async def many_batches(target: Target) -> None:
    """security 10: six batches of a thousand messages at once, again and again."""
    numbers = itertools.count()

    async def send() -> None:
        messages = [
            {"to": f"+9665{next(numbers) % 100_000_000:08d}", "from": "INTERKEY", "text": "hello"}
            for _ in range(MESSAGES)
        ]
        await asked(target, "/v1/messages/batch", json.dumps({"messages": messages}).encode(), target.key)

    await asyncio.gather(*(again(send) for _ in range(6)))


async def half_bodies(target: Target) -> None:
    """security 11: at the callback, 400 requests that never end."""

    async def hold() -> None:
        reader, writer = await connected(target.callback_port)
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 100\r\n\r\n{")
        await reader.read()
        writer.close()

    await asyncio.gather(*(again(hold) for _ in range(400)))


async def idle_connections(target: Target) -> None:
    """security 11: at the API, more connections than there may be, idle, from several addresses."""

    async def hold(address: str) -> None:
        reader, writer = await connected(target.port, address)
        await reader.read()
        writer.close()

    addresses: Sequence[str] = [f"127.0.0.{10 + each}" for each in range(4)]
    await asyncio.gather(*(again(lambda at=at: hold(at)) for at in addresses for _ in range(525)))  # type: ignore[misc]


async def half_handshakes(target: Target) -> None:
    """security 11: TLS handshakes that stop after the first record, always 200 of them, some fed an octet a second."""
    hello = _client_hello()

    async def hold(port: int, first: int) -> None:
        reader, writer = await connected(port)
        writer.write(hello[:first])
        with contextlib.suppress(TimeoutError):
            for octet in hello[first:]:
                async with asyncio.timeout(1.0):
                    await reader.read()
                    break
                writer.write(bytes((octet,)))
        writer.transport.abort()

    ports = (target.port, target.smpp_port)
    await asyncio.gather(*(again(lambda p=p, n=n: hold(p, n)) for p in ports for n in range(100)))  # type: ignore[misc]


async def thrown_handshakes(target: Target) -> None:
    """security 11: whole TLS handshakes, one after the other, of which each costs the gateway a signature; and garbage
    beside them.
    """
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def shake(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(ELSEWHERE, 0), ssl=trusting)
        writer.transport.abort()

    async def garbage(port: int) -> None:
        reader, writer = await connected(port)
        writer.write(os.urandom(4_096))
        await reader.read()
        writer.transport.abort()

    ports = (target.port, target.smpp_port)
    shaken = [again(lambda p=p: shake(p), pause_s=0.0) for p in ports for _ in range(20)]  # type: ignore[misc]
    await asyncio.gather(*shaken, *(again(lambda p=p: garbage(p), pause_s=0.0) for p in ports for _ in range(5)))  # type: ignore[misc]


def _client_hello() -> bytes:
    """As a client begins."""
    said = ssl.MemoryBIO()
    trusting = ssl.create_default_context()
    with contextlib.suppress(ssl.SSLWantReadError):
        trusting.wrap_bio(ssl.MemoryBIO(), said, server_hostname="localhost").do_handshake()
    return said.read()


ATTACKS: Final[dict[str, Attack]] = {
    "1 unread pipelines": pipelined_unread,
    "4 unbound enquiries": unbound_enquiries,
    "4 bound queries": bound_queries,
    "4 pipelined refusals": pipelined_refusals,
    "5 wrong batches": wrong_batches,
    "6 idle binds": idle_binds,
    "6 guessed names": guesses,
    "7 hanging names": hanging_names,
    "8 binds of many": binds_of_many,
    "10 many batches": many_batches,
    "11 half bodies": half_bodies,
    "11 idle connections": idle_connections,
    "12 half handshakes": half_handshakes,
    "12 thrown handshakes": thrown_handshakes,
}


async def attack(target: Target) -> None:
    """Until the run is over."""
    attacking = asyncio.create_task(ATTACKS[target.attack](target))
    await asyncio.to_thread(child.command)
    attacking.cancel()
    await asyncio.gather(attacking, return_exceptions=True)


if __name__ == "__main__":
    os.nice(NICE)
    asked_for = msgspec.convert(child.job(), Target)
    child.say({"ready": True})
    asyncio.run(attack(asked_for))
    os._exit(0)  # sockets that wait are reset
