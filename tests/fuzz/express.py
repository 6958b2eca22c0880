"""The express lane beside aiohttp's parser, on bent requests: `python -m tests.fuzz.express --seed 1 --count 20000000`.

The lane reads a few shapes of request by itself and leaves all others to aiohttp; here every path is a façade's. So
whatever it takes, aiohttp has to read as the very same request: else one of the two can be made to see a request that
the other does not. What it takes may not depend on how the octets were cut into reads either. The same seed bends the
same way; a failure is printed with the octets that made it, and the exit code is 1.
"""

import argparse
import asyncio
import faulthandler
import random
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser

from gateway.http_api.express_head import MAX_HEAD, Foreign, Partial, Usual, UsualReader
from gateway.http_api.express_octets import Octets

LIMIT_BYTES: Final = 4_096
BATCH: Final = 256
HANG_S: Final = 20.0
STEPS: Final = (*(100,) * 8, *(31,) * 4, 7, 1)
"""Octets of a read; the short ones cost most."""
START: Final = b"POST /v1/messages HTTP/1.1"
STARTS: Final = (
    *(START,) * 4,
    b"POST /rest/SMS/messages HTTP/1.1",
    b"POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1",
    b"GET /cgi-bin/sendsms?username=u&password=p&to=%2B966&text=a+b%20c HTTP/1.1",
)
LINES: Final = (
    b"Host: gateway.example",
    b"Host: [::1]:8080",
    b"Content-Type: application/json",
    b"content-type: application/json; charset=utf-8",
    b"Authorization: Bearer cg_0123456789",
    b"Idempotency-Key: order-17",
    b"X-Forwarded-For: 192.0.2.1, 198.51.100.7",
    b"Accept: */*",
    b"Accept-Encoding: gzip, deflate",
    b"User-Agent: shop/1.0",
    b"Connection: keep-alive",
    b"X-Request-Id: 7f",
    b"X-Kannel-To: +966500000078",
)
ODD_LINES: Final = (
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding:",
    b"transfer-encoding: gzip, chunked",
    b"Content-Encoding: gzip",
    b"Content-Length: 2",
    b"Content-Length: +2",
    b"Content-Length: 2, 2",
    b"Content-Length : 2",
    b"Connection: close",
    b"Connection: upgrade",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"Host: other.example",
    b"no colon here",
    b": no name",
    b" folded: line",
    b"X-\xc3\xa9: 1",
    b"X-Odd: a\0b",
)
ENDS: Final = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\n\n",
    b"\r\r\n",
    b"\0",
    b"\t",
    b" ",
    b":",
    b"\x0b",
    b"\x85",
    b"\xa0",
)
TARGETS: Final = (
    b"/v1/messages/",
    b"/v1/messages?x=1",
    b"//v1/messages",
    b"/v1/batches",
    b"*",
    b"http://a/v1/messages",
)
BODIES: Final = (b"{}", b"", b'{"to":"x"}', b"{}\r\n\r\n", b"0\r\n\r\n", START + b"\r\nHost: a\r\n\r\n", b"x" * 300)


class Request(NamedTuple):
    """What the lane reads of a request. fields: of one to a façade."""

    method: str
    target: str
    fields: dict[bytes, bytes] | None
    authorization: bytes
    idempotency: bytes | None
    forwarded: bytes | None
    body: bytes


def bend(draw: random.Random) -> bytes:
    """A request as clients send it; three of four bent in one to four places."""
    body = draw.choice(BODIES)
    lines = [LINES[draw.randrange(2)], b"Content-Length: %d" % len(body), LINES[2 + draw.randrange(2)]]
    lines += draw.sample(LINES[4:], draw.randrange(4))
    draw.shuffle(lines)
    start, end = draw.choice(STARTS), b"\r\n"
    if start.startswith(b"GET") and draw.getrandbits(3):
        lines, body = [each for each in lines if not each.startswith(b"Content-Length")], b""
    for _ in range(draw.getrandbits(2)):
        match draw.randrange(8):
            case 0:
                lines.insert(draw.randrange(len(lines) + 1), draw.choice(ODD_LINES))
            case 1:
                del lines[draw.randrange(len(lines))]
                lines = lines or [b""]
            case 2:
                at = draw.randrange(len(lines))
                lines[at] = _bent(lines[at], draw)
            case 3:
                start = _bent(start, draw)
            case 4:
                start = re.sub(rb"/[^ ]+", draw.choice(TARGETS), start, count=1)
            case 5:
                end = draw.choice(ENDS)
            case 6:
                lines.append(draw.choice(lines))
            case _:
                body = _bent(body, draw)
    return start + b"\r\n" + end.join(lines) + b"\r\n\r\n" + body


def _bent(octets: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(octets) + 1)
    match draw.randrange(4):
        case 0:
            return octets[:at] + draw.choice(ENDS) + octets[at:]
        case 1:
            return octets[:at] + octets[at + 1 + draw.randrange(3) :]
        case 2:
            return octets[:at] + bytes((draw.getrandbits(8),)) + octets[at + 1 :]
        case _:
            return octets[:at] + octets[at : at + 1] + octets[at:]


def usual(octets: bytes, step: int) -> tuple[list[Request], int]:
    """The requests that the lane takes from the front in reads of `step` octets, and how many octets they are."""
    reader, queue, taken = UsualReader(LIMIT_BYTES, lambda *_: True), Octets(), 0
    requests: list[Request] = []
    for at in range(0, len(octets), step):
        queue.put(octets[at : at + step])
        while queue.waiting and queue.waiting >= queue.needed:
            before, found = queue.waiting, queue.first(reader)
            if not isinstance(found, Usual):
                if isinstance(found, Partial):
                    break
                return requests, taken
            body = queue.take(found)
            requests.append(_request(found, body))
            taken += before - queue.waiting
    return requests, taken


def _request(found: Usual, body: bytes) -> Request:
    said = found.authorization, found.idempotency, found.forwarded, body
    if isinstance(found, Foreign):
        target = f"{found.path}?{found.query}" if found.query else found.path
        return Request(found.method, target, dict(found.fields), *said)
    return Request("POST", "/v1/messages", None, *said)


def by_aiohttp(octets: bytes, facades: Sequence[bool]) -> list[Request]:
    """All that aiohttp reads. facades: whether each is to be one to a façade. Raises AssertionError for what is no
    request as the lane takes them.
    """
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16, max_line_size=MAX_HEAD, max_field_size=MAX_HEAD)
    messages, upgraded, rest = parser.feed_data(octets)
    assert not upgraded
    assert not rest
    read = []
    assert len(messages) == len(facades)
    for (message, payload), by_facade in zip(messages, facades, strict=True):
        assert message.version == (1, 1)
        assert not any((message.should_close, message.upgrade, message.chunked, message.compression))
        named: dict[bytes, list[bytes]] = {}
        for name, value in message.raw_headers:
            named.setdefault(name.lower(), []).append(value)
        assert all(len(values) == 1 for values in named.values())
        body = bytearray()
        while not payload.at_eof():
            body += payload.read_nowait()
            assert payload.is_eof()
        read.append(
            Request(
                message.method,
                message.path.removesuffix("?"),
                {name: values[0] for name, values in named.items()} if by_facade else None,
                named.get(b"authorization", [b""])[0],
                named.get(b"idempotency-key", [None])[0],
                named.get(b"x-forwarded-for", [None])[0],
                bytes(body),
            )
        )
    return read


def lane(octets: bytes, step: int = 1) -> int:
    """The target. How many requests the lane took, all of them as aiohttp reads them. Needs a running loop."""
    requests, taken = usual(octets, max(1, len(octets)))
    assert usual(octets, step) == (requests, taken)
    try:
        by_facade = [each.fields is not None for each in requests]
        assert not taken or by_aiohttp(octets[:taken], by_facade) == requests
    except HttpProcessingError as error:
        raise AssertionError("aiohttp refuses what the lane took") from error
    return len(requests)


async def _batch(draw: random.Random, size: int) -> int:
    """How many of so many bent requests the lane took. Raises with the octets, in hexadecimal, as a note."""
    taken = 0
    while size > 0:
        count = min(size, 1 + draw.randrange(3))
        size -= count
        octets = b"".join(bend(draw) for _ in range(count))
        try:
            taken += lane(octets, draw.choice(STEPS))
        except Exception as error:
            error.add_note(octets.hex())
            raise
    return taken


async def fuzz(seed: int, count: int, say: Callable[[str], None]) -> int:
    """How many of `count` requests the lane took; -1 when a promise did not hold."""
    draw, began, done, taken = random.Random(seed), time.monotonic(), 0, 0
    try:
        while done < count:
            size = min(BATCH, count - done)
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            taken += await _batch(draw, size)
            if (done + size) * 10 // count > done * 10 // count:
                say(f"{done + size:>10} requests, {(done + size) / (time.monotonic() - began):,.0f}/s, {taken} taken")
            done += size
    except Exception:
        say(f"after {done} requests:\n{traceback.format_exc()}")
        return -1
    finally:
        faulthandler.cancel_dump_traceback_later()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400_000)
    chosen = parser.parse_args()
    return int(asyncio.run(fuzz(chosen.seed, chosen.count, lambda line: print(line, flush=True))) < 0)


if __name__ == "__main__":
    sys.exit(main())
