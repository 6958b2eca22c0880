"""The load generator: keep-alive HTTP/1.1 connections that POST prepared messages, in a process of its own.

Closed loop: every connection sends its next message when the last one is answered. Open loop: messages are due at a
fixed rate, and latency counts from the moment a message was due, so a stalled server is not spared (no coordinated
omission). Only as much of HTTP is understood as the gateway's answers need, so that the generator never is the limit.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from typing import Final, cast

import uvloop

CONNECTIONS: Final = 32
TEXTS: Final = (
    "Your order has been shipped and arrives on Thursday. Thank you for shopping with us.",
    "رمز التحقق الخاص بك هو 482913 لا تشاركه مع أحد",
    "Dear customer, your statement for October is ready in the app.",
)


def request_of(index: int, key: str, port: int) -> bytes:
    """The octets of one POST."""
    body = json.dumps(
        {
            "to": f"+9665{10_000_000 + index % 89_999_999:08d}",
            "from": "INTERKEY",
            "text": TEXTS[index % len(TEXTS)],
            "class": "transactional",
        },
        ensure_ascii=False,
    ).encode()
    head = (
        f"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Shared by the connections: what is to be sent, and what came of it."""

    def __init__(self, key: str, port: int, count: int, rate_per_s: float | None) -> None:
        self.key = key
        self.port = port
        self.count = count
        self.rate_per_s = rate_per_s
        self.sent = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.due: deque[tuple[float, int]] = deque()
        self.idle: list[Connection] = []
        self.done = asyncio.get_running_loop().create_future()

    def answered(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        if len(self.latencies) == self.count and not self.done.done():
            self.done.set_result(None)

    def next(self) -> tuple[float, bytes] | None:
        """When the next message was due, and its octets; None when there is nothing to send now."""
        if self.rate_per_s is None:
            if self.sent >= self.count:
                return None
            self.sent += 1
            return time.perf_counter(), request_of(self.sent, self.key, self.port)
        if not self.due:
            return None
        moment, index = self.due.popleft()
        return moment, request_of(index, self.key, self.port)

    async def keep_time(self) -> None:
        """Open loop: let messages fall due at the rate."""
        assert self.rate_per_s is not None
        start = time.perf_counter()
        while self.sent < self.count:
            ready = min(self.count, int((time.perf_counter() - start) * self.rate_per_s))
            while self.sent < ready:
                self.due.append((start + self.sent / self.rate_per_s, self.sent))
                self.sent += 1
            while self.due and self.idle:
                self.idle.pop().send_next()
            await asyncio.sleep(0.001)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.send_next()

    def send_next(self) -> None:
        following = self._load.next()
        if following is None:
            self._load.idle.append(self)
            return
        self._due, octets = following
        self._transport.write(octets)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        at = self._buffer.find(b"Content-Length: ") + 16
        length = int(self._buffer[at : self._buffer.find(b"\r\n", at)])
        if len(self._buffer) < head_end + 4 + length:
            return
        status = int(self._buffer[9:12])
        self._buffer = self._buffer[head_end + 4 + length :]
        self._load.answered(status, time.perf_counter() - self._due)
        self.send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.done.done():
            self._load.done.set_exception(error or ConnectionError("the gateway closed a connection"))


async def run(key: str, port: int, count: int, rate_per_s: float | None) -> dict[str, object]:
    """Send everything and report."""
    load = Load(key, port, count, rate_per_s)
    loop = asyncio.get_running_loop()
    start, cpu = time.perf_counter(), time.process_time()
    clock = None if rate_per_s is None else loop.create_task(load.keep_time(), name="clock")
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
    await load.done
    if clock is not None:
        await clock
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "per_s": count / seconds,
        "cpu_us": (time.process_time() - cpu) / count * 1e6,
        "statuses": {str(status): number for status, number in load.statuses.items()},
        "latency_ms": percentiles(load.latencies),
    }


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p90, p99, p99.9 and the largest, in milliseconds."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    wanted = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: round(ordered[min(last, int(last * share + 0.5))] * 1000, 2) for name, share in wanted.items()}


if __name__ == "__main__":
    _, key_, port_, count_, rate_ = sys.argv
    report = uvloop.run(run(key_, int(port_), int(count_), float(rate_) or None))
    print(json.dumps(report))
