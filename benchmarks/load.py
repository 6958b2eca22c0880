"""The load generator: keep-alive HTTP/1.1 connections that send prepared requests, in a process of its own.

Closed loop: every connection sends its next request when the last one is answered. Open loop: requests fall due at a
fixed rate, and latency counts from the moment a request was due, so a stalled server is not spared (no coordinated
omission); beside the clock nothing runs in this process. Only as much of HTTP is understood as finding an answer's end
takes, and answers are read when traffic is over, so that the generator never is the limit.
"""

import gc
import select
import socket
import time
from array import array
from collections import Counter, deque
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import child
from benchmarks.figures import percentiles
from benchmarks.requests import Lot, ids_in, prepare

READ_BYTES = 1 << 16
LOOK_S = 0.005
"""As long as the clock of an open loop sleeps at most, so that it is seen when this process was held up."""
SILENCE_S = 60.0
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """lot: what to send. rate_per_s: of requests; 0 is a closed loop. path: where moments and ids are written."""

    lot: Lot
    rate_per_s: float
    connections: int
    path: str


class Load:
    """due, answered: moments of each request, on the clock that all processes of a machine share. held_s: the longest
    time in which an open loop's clock stood still, beyond what it sleeps, so that what fell due left late.
    """

    def __init__(self, requests: list[bytes], port: int, connections: int, rate_per_s: float) -> None:
        self.requests = requests
        self.due = array("d", bytes(8 * len(requests)))
        self.answered = array("d", bytes(8 * len(requests)))
        self.answers: list[bytes] = [b""] * len(requests)
        self._rate_per_s = rate_per_s
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        self._poll = select.epoll()
        self._by_number = {each.fileno(): each for each in self._sockets}
        self._asked = dict.fromkeys(self._by_number, 0)
        self._partial: dict[int, bytes] = {}
        self._sent = 0
        self._done = 0
        self.held_s = 0.0
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(each.fileno(), select.EPOLLIN)

    def run(self) -> None:
        """Send everything and hear every answer. Raises ConnectionError when a connection ends early."""
        if self._rate_per_s:
            self._run_open()
        else:
            self._run_closed()

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._poll.close()

    def _run_closed(self) -> None:
        for number in list(self._by_number)[: len(self.requests)]:
            self._send(number, time.perf_counter())
        while self._done < len(self.requests):
            for number in self._hear(SILENCE_S):
                if self._sent < len(self.requests):
                    self._send(number, time.perf_counter())

    def _run_open(self) -> None:
        idle = deque(self._by_number)
        start, interval_s, count = time.perf_counter(), 1 / self._rate_per_s, len(self.requests)
        looked = heard = start
        while self._done < count:
            now = time.perf_counter()
            self.held_s = max(self.held_s, now - looked - LOOK_S)
            looked = now
            if self._sent == self._done:
                heard = now
            while idle and self._sent < count and start + self._sent * interval_s <= now:
                self._send(idle.popleft(), start + self._sent * interval_s)
            wait_s = LOOK_S
            if idle and self._sent < count:
                wait_s = min(LOOK_S, max(0.0, start + self._sent * interval_s - time.perf_counter()))
            # epoll waits in whole milliseconds; select on epoll's own descriptor waits exactly
            if select.select([self._poll], [], [], wait_s)[0]:
                idle.extend(self._hear(0))
                heard = now
            elif self._sent > self._done and now - heard > SILENCE_S:
                raise TimeoutError(f"no answer for {SILENCE_S:.0f} s")

    def _send(self, number: int, due: float) -> None:
        index = self._sent
        self._sent = index + 1
        self.due[index] = due
        self._asked[number] = index
        self._by_number[number].sendall(self.requests[index])

    def _hear(self, wait_s: float) -> list[int]:
        """The connections that have their whole answer now. Raises TimeoutError when nothing comes for that long."""
        free = []
        events = self._poll.poll(wait_s)
        if wait_s and not events:
            raise TimeoutError(f"no answer for {wait_s:.0f} s")
        for number, _ in events:
            data = self._by_number[number].recv(READ_BYTES)
            if not data:
                raise ConnectionError("the server closed a connection")
            if number in self._partial:
                data = self._partial.pop(number) + data
            if is_whole(data):
                index = self._asked[number]
                self.answered[index] = time.perf_counter()
                self.answers[index] = data
                free.append(number)
            else:
                self._partial[number] = data
        self._done += len(free)
        return free


def is_whole(answer: bytes) -> bool:
    """Whether the octets hold a whole answer, with a Content-Length or in chunks."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.find(b"ontent-Length: ", 0, end) + 15
    if at < 15:
        if b"chunked" in answer[:end]:
            return answer.endswith(LAST_CHUNK)
        raise ValueError("an answer without Content-Length")
    return len(answer) >= end + 4 + int(answer[at : answer.find(b"\r\n", at)])


def main() -> None:
    job = msgspec.convert(child.job(), Job)
    load = Load(prepare(job.lot), job.lot.port, job.connections, job.rate_per_s)
    gc.collect()
    gc.disable()
    child.say({"ready": True})
    if child.command() is None:
        return
    began, cpu = time.perf_counter(), time.process_time()
    load.run()
    child.say(report(load, job, began, time.process_time() - cpu))
    load.close()


def report(load: Load, job: Job, began: float, cpu_s: float) -> dict[str, Any]:
    """Moments go to a file: due of each request, answered of each request."""
    with Path(job.path).open("wb") as file:
        load.due.tofile(file)
        load.answered.tofile(file)
    ids = Path(job.path).with_suffix(".ids")
    ids.write_text("\n".join(ids_in(load.answers)), encoding="ascii")
    statuses = Counter(answer[9:12].decode() for answer in load.answers)
    waits = percentiles(late - due for due, late in zip(load.due, load.answered, strict=True))
    return {
        "began": began,
        "ended": max(load.answered),
        "cpu_s": cpu_s,
        "held_s": load.held_s,
        "statuses": statuses,
        "ids": str(ids),
        "p99_ms": 0.0 if waits is None else waits.p99,
    }


if __name__ == "__main__":
    child.work(main)
