"""The load generator over SMPP: binds that send prepared submit_sm, in a process of its own.

Closed loop: every bind keeps its window full. Open loop: messages fall due at a fixed rate, and the wait for an answer
counts from that moment. Receipts are acknowledged at once and read when traffic is over. It knows only as much of SMPP
as that takes, so that it never is the limit.
"""

import asyncio
import gc
import re
import socket
import struct
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import uvloop

from benchmarks import child
from benchmarks.messages import MIXES, SENDER, number_of
from benchmarks.requests import Lot
from operators.smpp import gsm7
from operators.smpp import pdu as p

HEADER: Final = struct.Struct(">IIII")
SUBMIT_RESP: Final = 0x80000004
DELIVER: Final = 0x05
DELIVER_RESP: Final = 0x80000005
BIND_RESP: Final = 0x80000009
LIMIT_S: Final = 300.0
TICK_S: Final = 0.001
_RECEIPT: Final = re.compile(rb"id:([0-9A-Za-z-]+) ")
_STATE: Final = re.compile(rb" stat:([A-Z]+) ")
_ERROR: Final = re.compile(rb" err:([0-9A-Za-z]+)")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """lot: `secret` is the account's password. receipts: ask for them. path: where moments and ids are written."""

    lot: Lot
    system_id: str
    binds: int
    window: int
    receipts: bool
    rate_per_s: float
    path: str


def frame_of(index: int, lot: Lot, registered_delivery: int) -> bytearray:
    """The octets of one submit_sm; the sequence number is filled in when it leaves."""
    text = MIXES[lot.mix].form(index).text
    septets = gsm7.DEFAULT.encode(text)
    pdu = p.SubmitSm(
        source_addr_ton=5,
        source_addr=SENDER,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=number_of(index),
        registered_delivery=registered_delivery,
        data_coding=0 if septets is not None else 8,
        short_message=septets if septets is not None else text.encode("utf-16-be"),
    )
    return bytearray(p.encode(pdu))


class Load:
    """Shared by the binds: what is to be sent, and what came of it. held_s: see `benchmarks.load.Load`."""

    def __init__(self, job: Job) -> None:
        first, count = job.lot.first, job.lot.count
        self.frames = [frame_of(first + at, job.lot, int(job.receipts)) for at in range(count)]
        self.window = job.window
        self.receipts = job.receipts * count
        self.count = count
        self.sent = 0
        self.ready = count if not job.rate_per_s else 0
        self.due = array("d", bytes(8 * count))
        self.answered = array("d", bytes(8 * count))
        self.ids = [b""] * count
        self.statuses: Counter[int] = Counter()
        self.answers = 0
        self.held_s = 0.0
        self.news: list[tuple[float, bytes]] = []
        self.done = asyncio.get_running_loop().create_future()

    def answer(self, index: int, status: int, identifier: bytes, now: float) -> None:
        self.answered[index] = now
        self.ids[index] = identifier
        self.statuses[status] += 1
        self.answers += 1

    def check(self) -> None:
        if self.answers >= self.count and len(self.news) >= self.receipts and not self.done.done():
            self.done.set_result(None)

    async def keep_time(self, rate_per_s: float, binds: "list[Bind]") -> None:
        """Let messages fall due at the rate."""
        start = looked = time.perf_counter()
        for index in range(self.count):
            self.due[index] = start + index / rate_per_s
        while self.sent < self.count and not self.done.done():
            now = time.perf_counter()
            self.held_s, looked = max(self.held_s, now - looked - TICK_S), now
            self.ready = min(self.count, int((time.perf_counter() - start) * rate_per_s) + 1)
            for bind in binds:
                bind.fill()
            await asyncio.sleep(TICK_S)


class Bind(asyncio.Protocol):
    """One transceiver."""

    def __init__(self, load: Load, bind: bytes, bound: "asyncio.Future[None]") -> None:
        self.load = load
        self.bind = bind
        self.bound = bound
        self.rest = b""
        self.open: dict[int, int] = {}
        self.number = 1
        self.started = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.write(self.bind)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.load.done.done():
            self.load.done.set_exception(error or ConnectionError("the gateway closed a bind"))

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        at, end = 0, len(data)
        answers: list[bytes] = []
        now = time.perf_counter()
        while end - at >= 16:
            length, command, status, number = HEADER.unpack_from(data, at)
            if end - at < length:
                break
            self._take(command, status, number, data[at + 16 : at + length], answers, now)
            at += length
        self.rest = data[at:]
        if answers:
            self.transport.write(b"".join(answers))
        self.fill()
        self.load.check()

    def _take(self, command: int, status: int, number: int, body: bytes, answers: list[bytes], now: float) -> None:
        if command == SUBMIT_RESP:
            self.load.answer(self.open.pop(number), status, body[:-1], now)
        elif command == DELIVER:
            self.load.news.append((now, body))
            answers.append(HEADER.pack(17, DELIVER_RESP, 0, number) + b"\0")
        elif command == BIND_RESP and status:
            self.bound.set_exception(ConnectionRefusedError())
        elif command == BIND_RESP:
            self.bound.set_result(None)

    def fill(self) -> None:
        """Send what is due, as far as the window has room."""
        load = self.load
        if not self.started or load.sent >= load.ready:
            return
        out = []
        now = time.perf_counter()
        while len(self.open) < load.window and load.sent < load.ready:
            self.number += 1
            index = load.sent
            frame = load.frames[index]
            struct.pack_into(">I", frame, 12, self.number)
            self.open[self.number] = index
            load.due[index] = load.due[index] or now
            load.sent = index + 1
            out.append(frame)
        if out:
            self.transport.write(b"".join(out))


async def run(job: Job) -> None:
    load = Load(job)
    binds = await bind_all(job, load)
    gc.collect()
    gc.disable()
    child.say({"ready": True})
    if child.command() is None:
        return
    began, cpu = time.perf_counter(), time.process_time()
    for bind in binds:
        bind.started = True
    if job.rate_per_s:
        await load.keep_time(job.rate_per_s, binds)
    else:
        for bind in binds:
            bind.fill()
    async with asyncio.timeout(LIMIT_S):
        await load.done
    child.say(report(load, job, began, time.process_time() - cpu))


async def bind_all(job: Job, load: Load) -> list[Bind]:
    octets = p.encode(p.BindTransceiver(system_id=job.system_id, password=job.lot.secret, sequence_number=1))
    loop = asyncio.get_running_loop()
    binds = []
    for _ in range(job.binds):
        bound: asyncio.Future[None] = loop.create_future()
        _, bind = await loop.create_connection(
            lambda bound=bound: Bind(load, octets, bound),  # type: ignore[misc]
            "127.0.0.1",
            job.lot.port,
        )
        binds.append(bind)
    await asyncio.gather(*(bind.bound for bind in binds))
    return binds


def report(load: Load, job: Job, began: float, cpu_s: float) -> dict[str, Any]:
    """As the HTTP generator's; `told` is the file of receipts: an id and a moment a line."""
    path = Path(job.path)
    with path.open("wb") as file:
        load.due.tofile(file)
        load.answered.tofile(file)
    ids, told = path.with_suffix(".ids"), path.with_suffix(".told")
    ids.write_text("\n".join(each.decode() for each in load.ids), encoding="ascii")
    news = [(found[1].decode(), moment) for moment, body in load.news if (found := _RECEIPT.search(body))]
    told.write_text("\n".join(f"{name} {moment!r}" for name, moment in news), encoding="ascii")
    return {
        "began": began,
        "ended": max(load.answered),
        "undelivered": sum(not says_delivered(body) for _, body in load.news),
        "told_by": max((moment for moment, _ in load.news), default=0.0),
        "cpu_s": cpu_s,
        "held_s": load.held_s,
        "statuses": {str(status): count for status, count in load.statuses.items()},
        "ids": str(ids),
        "told": str(told),
    }


def says_delivered(body: bytes) -> bool:
    """Whether a receipt says in its text that the message was delivered, and without an error (SMPP 3.4, App. B)."""
    state, error = _STATE.search(body), _ERROR.search(body)
    return state is not None and state[1] == b"DELIVRD" and error is not None and not error[1].strip(b"0")


def main() -> None:
    uvloop.run(run(msgspec.convert(child.job(), Job)))


if __name__ == "__main__":
    child.work(main)
