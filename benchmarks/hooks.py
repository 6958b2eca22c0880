"""The customer's webhook endpoint: takes every request, says 200 and keeps what it was told, in a process of its own.

What a request says is read when traffic is over. The same listener hears a Kannel's delivery reports, which are GETs
whose path ends with the recipient's number.
"""

import base64
import gc
import hmac
import re
import selectors
import socket
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import child

SAMPLE_S: Final = 0.25
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_END: Final = b"\r\n\r\n"
_FINAL: Final = b'"message.delivered"'
_EVENT: Final = re.compile(rb'"type":"message\.delivered".*?"id":"([0-9a-f]{32})"')
_REPORT: Final = re.compile(rb"GET /dlr/(\d+)")


class Requests:
    """The octets of one connection, cut into requests."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The requests that are whole now."""
        data = self._rest + data
        whole = []
        while (head := data.find(_END)) >= 0:
            at = data.lower().find(b"content-length:", 0, head)
            length = int(data[at + 15 : data.find(b"\r\n", at)]) if at >= 0 else 0
            end = head + len(_END) + length
            if len(data) < end:
                break
            whole.append(data[:end])
            data = data[end:]
        self._rest = data
        return whole


class Endpoint:
    """heard: moment and octets of each request. told: final events in them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        self.port = self._listener.getsockname()[1]
        self.moments = array("d")
        self.heard: list[bytes] = []
        self.told = 0
        self._awaited: int | None = None

    def serve(self) -> None:
        child.say({"ready": True, "port": self.port})
        next_sample = time.perf_counter()
        while True:
            for key, _ in self._selector.select(SAMPLE_S):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is sys.stdin:
                    if not self._obey():
                        return
                else:
                    self._read(key)
            now = time.perf_counter()
            if self._awaited is not None and self.told >= self._awaited:
                self._awaited = None
                child.say({"reached": now})
            if now >= next_sample:
                next_sample = now + SAMPLE_S
                child.say({"sample": [now, self.told]})

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ, Requests())

    def _read(self, key: selectors.SelectorKey) -> None:
        connection = key.fileobj
        assert isinstance(connection, socket.socket)
        try:
            data = connection.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            connection.close()
            return
        now = time.perf_counter()
        whole = key.data.feed(data)
        for request in whole:
            self.moments.append(now)
            self.heard.append(request)
            self.told += request.count(_FINAL) or request.startswith(b"GET /dlr/")
        if whole:
            connection.sendall(ANSWER * len(whole))

    def _obey(self) -> bool:
        command = child.command()
        match command:
            case None:
                return False
            case {"until": told}:
                self._awaited = told
            case {"signed_by": secret}:
                child.say({"unsigned": sum(not is_signed(request, secret) for request in self.heard)})
            case {"report": path}:
                child.say(self.report(path))
        return True

    def report(self, path: str) -> dict[str, Any]:
        """How often each id was told of; first moments go to the file, in the order of `ids`."""
        first, times = told_of(self.heard, self.moments)
        with Path(path).open("wb") as file:
            array("d", first.values()).tofile(file)
        names = Path(path).with_suffix(".ids")
        names.write_text("\n".join(f"{name} {times[name]}" for name in first), encoding="ascii")
        return {"requests": len(self.heard), "ids": str(names)}


def is_signed(request: bytes, secret: str) -> bool:
    """Whether a request carries the signature that its octets have under this secret (Standard Webhooks)."""
    head, _, body = request.partition(_END)
    signed = b".".join((_value(head, b"webhook-id"), _value(head, b"webhook-timestamp"), body))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, signed, "sha256"))
    return b"v1," + wanted in _value(head, b"webhook-signature").split()


def _value(head: bytes, name: bytes) -> bytes:
    """Of a header, in its own letters."""
    for line in head.split(b"\r\n")[1:]:
        said, _, value = line.partition(b":")
        if said.strip().lower() == name:
            return value.strip()
    return b""


def told_of(heard: Sequence[bytes], moments: Sequence[float]) -> tuple[dict[str, float], Counter[str]]:
    """First moment and number of times by id (by recipient, of a Kannel's reports)."""
    first: dict[str, float] = {}
    times: Counter[str] = Counter()
    for request, moment in zip(heard, moments, strict=True):
        for found in _EVENT.findall(request) or _REPORT.findall(request[:200]):
            name = found.decode()
            first.setdefault(name, moment)
            times[name] += 1
    return first, times


def main() -> None:
    child.job()
    gc.freeze()
    Endpoint().serve()


if __name__ == "__main__":
    child.work(main)
