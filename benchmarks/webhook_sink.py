"""A customer's end of webhooks, in a process of its own: answers every POST with 200 at once and remembers what came.

Only as much of HTTP is understood as the gateway's requests need, so that the sink never is the limit. A GET is
answered with a report: requests, events, messages that were told, and those told more than once. The port goes to
standard output.
"""

import asyncio
import json
import re
import time
from collections import Counter
from typing import Final, cast

import uvloop

TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
_EVENT: Final = re.compile(rb'"data":\{"id":"([0-9a-f]{32})"')


class Sink:
    """What came. told: events by message. last: when the last event came, monotonic seconds of this machine."""

    def __init__(self) -> None:
        self.requests = 0
        self.told: Counter[bytes] = Counter()
        self.last = 0.0

    def take(self, body: bytes) -> None:
        self.requests += 1
        self.told.update(_EVENT.findall(body))
        self.last = time.monotonic()

    def report(self) -> bytes:
        """The answer to a GET."""
        counts = {
            "requests": self.requests,
            "events": self.told.total(),
            "messages": len(self.told),
            "repeated": sum(count > 1 for count in self.told.values()),
            "last": self.last,
        }
        body = json.dumps(counts).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Connection(asyncio.Protocol):
    """One connection of the gateway, or of who asks for the report."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        if self._buffer.startswith(b"GET "):
            self._buffer = b""
            self._transport.write(self._sink.report())
            return
        found = _LENGTH.search(self._buffer, 0, head_end + 2)
        end = head_end + 4 + int(found[1] if found else 0)
        if len(self._buffer) < end:
            return
        self._sink.take(self._buffer[head_end + 4 : end])
        self._buffer = self._buffer[end:]
        self._transport.write(TAKEN)


async def serve() -> None:
    """Listen until killed."""
    sink = Sink()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sink), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
