"""The load generator over SMPP: binds that keep their window full of prepared submit_sm, in a process of its own.

It acknowledges every receipt at once and knows only as much of SMPP as that takes, so that it never is the limit.
Arguments: port, system_id, password, messages, binds, window, receipts (0 or 1). The report goes to standard output.
"""

import asyncio
import json
import socket
import struct
import sys
import time
from collections import Counter
from typing import Final, cast

import uvloop

from benchmarks.load import TEXTS
from operators.smpp import gsm7
from operators.smpp import pdu as p

HEADER: Final = struct.Struct(">IIII")
SUBMIT_RESP: Final = 0x80000004
DELIVER: Final = 0x05
DELIVER_RESP: Final = 0x80000005
BIND_RESP: Final = 0x80000009
LIMIT_S: Final = 300.0


def frame_of(index: int, registered_delivery: int) -> bytearray:
    """The octets of one submit_sm; the sequence number is filled in when it leaves."""
    text = TEXTS[index % len(TEXTS)]
    septets = gsm7.DEFAULT.encode(text)
    pdu = p.SubmitSm(
        source_addr_ton=5,
        source_addr="INTERKEY",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=f"9665{10_000_000 + index % 89_999_999:08d}",
        registered_delivery=registered_delivery,
        data_coding=0 if septets is not None else 8,
        short_message=septets if septets is not None else text.encode("utf-16-be"),
    )
    return bytearray(p.encode(pdu))


class Load:
    """Shared by the binds: what is to be sent, and what came of it."""

    def __init__(self, frames: list[bytearray], window: int, receipts: int) -> None:
        self.frames = frames
        self.window = window
        self.count = len(frames)
        self.receipts = receipts * len(frames)
        self.sent = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.told = 0
        self.bound = 0
        self.answered_by = 0.0
        self.told_by = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def check(self) -> None:
        if len(self.latencies) >= self.count and self.told >= self.receipts and not self.done.done():
            self.done.set_result(None)


class Bind(asyncio.Protocol):
    """One transceiver."""

    def __init__(self, load: Load, bind: bytes, bound: "asyncio.Future[None]") -> None:
        self.load = load
        self.bind = bind
        self.bound = bound
        self.rest = b""
        self.open: dict[int, float] = {}
        self.number = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.write(self.bind)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        load, at, end = self.load, 0, len(data)
        answers = []
        now = time.perf_counter()
        while end - at >= 16:
            length, command, status, number = HEADER.unpack_from(data, at)
            if end - at < length:
                break
            at += length
            if command == SUBMIT_RESP:
                load.statuses[status] += 1
                load.latencies.append(now - self.open.pop(number))
                load.answered_by = now
            elif command == DELIVER:
                load.told += 1
                load.told_by = now
                answers.append(HEADER.pack(17, DELIVER_RESP, 0, number) + b"\0")
            elif command == BIND_RESP and status:
                self.bound.set_exception(ConnectionRefusedError())
            elif command == BIND_RESP:
                self.bound.set_result(None)
        self.rest = data[at:]
        if answers:
            self.transport.write(b"".join(answers))
        self.fill()
        load.check()

    def fill(self) -> None:
        load = self.load
        if not self.bound.done() or self.bound.exception() or load.sent >= load.count:
            return
        out = []
        now = time.perf_counter()
        while len(self.open) < load.window and load.sent < load.count:
            self.number += 1
            frame = load.frames[load.sent]
            struct.pack_into(">I", frame, 12, self.number)
            self.open[self.number] = now
            load.sent += 1
            out.append(frame)
        if out:
            self.transport.write(b"".join(out))


async def run(port: int, account: tuple[str, str], count: int, binds: int, window: int, receipts: int) -> None:
    load = Load([frame_of(index, receipts) for index in range(count)], window, receipts)
    octets = p.encode(p.BindTransceiver(system_id=account[0], password=account[1], sequence_number=1))
    loop = asyncio.get_running_loop()
    peers = []
    for _ in range(binds):
        bound: asyncio.Future[None] = loop.create_future()
        _, peer = await loop.create_connection(lambda bound=bound: Bind(load, octets, bound), "127.0.0.1", port)  # type: ignore[misc]
        peers.append(peer)
    await asyncio.gather(*(peer.bound for peer in peers))
    started = time.perf_counter()
    for peer in peers:
        peer.fill()
    async with asyncio.timeout(LIMIT_S):
        await load.done
    print(json.dumps(report(load, started)))


def report(load: Load, started: float) -> dict[str, object]:
    ordered = sorted(load.latencies)
    return {
        "statuses": {str(status): count for status, count in load.statuses.items()},
        "told": load.told,
        "answered_s": load.answered_by - started,
        "told_s": load.told_by - started,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[len(ordered) * 99 // 100],
    }


def main() -> None:
    port, count, binds, window, receipts = (int(sys.argv[at]) for at in (1, 4, 5, 6, 7))
    uvloop.run(run(port, (sys.argv[2], sys.argv[3]), count, binds, window, receipts))


if __name__ == "__main__":
    main()
