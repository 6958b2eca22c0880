"""What a customer may throw at a node that runs: octets, PDUs, bodies, rows and URLs, over real sockets.

What must hold: no task ends but contained ones, no error is unforeseen, and beside it an honest customer's message is
taken. The same seed throws the same; `python -m tests.fuzz.chaos --seed 1 --count 100000` goes on for long.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gateway.accounts.customers import KeySettings
from operators.smpp import pdu as p
from operators.smpp import status as st
from redaction.personal import Purpose
from tests.bounds import LIMIT_S
from tests.fuzz import mutate
from tests.integration.smpp_stage import Peer, Stage, running_gateway, submit

AT_ONCE: Final = 8
PIECES: Final = (
    "", "a", "\0", "\n", "٠", "😀", "[", "]", "%", "%25", "::", ":", "/", "//", "@", "\\", "#", "?", ".", "..", "xn--",
    "https://", "http://", "127.0.0.1", "[::1]", "[::ffff:8.8.8.8%a..b]", "8.8.8.8", "a" * 64, "a" * 300, "-", "+", "0",
    "9999-12-31T23:59:59", "-23:59", "Z", "0001-01-01T00:00:00", "+23:59", "+966500000001", "INTERKEY", "1e400", "-1",
)  # fmt: skip
FIELDS: Final = ("to", "from", "text", "class", "reference", "validity", "schedule_at", "retention", "callback_url")
SOUND: Final = {"to": "+966512345678", "from": "INTERKEY", "text": "hello"}
VALUES: Final[tuple[object, ...]] = (None, True, 0, -1, 1 << 63, 1e308, [], {}, [[]], {"a": 1}, "")


def word(draw: random.Random) -> str:
    return "".join(draw.choice(PIECES) for _ in range(1 + draw.getrandbits(2)))


def url(draw: random.Random) -> str:
    return "https://" + word(draw) + draw.choice(("", ":8443", ":1", "/", ":", ":99999", "/x?y"))


def body(draw: random.Random) -> bytes:
    said: dict[str, Any] = dict(SOUND)
    for _ in range(draw.getrandbits(2)):
        field = draw.choice(FIELDS)
        said[field] = draw.choice((word, url))(draw) if draw.getrandbits(2) else draw.choice(VALUES)
    return bent(draw, json.dumps(said, ensure_ascii=bool(draw.getrandbits(1))).encode("utf-8", "surrogatepass"))


def batch(draw: random.Random) -> bytes:
    return bent(draw, b'{"messages":[%b]}' % b",".join(body(draw) for _ in range(draw.getrandbits(3))))


def bent(draw: random.Random, octets: bytes) -> bytes:
    if draw.getrandbits(2):
        return octets
    changed = bytearray(octets)
    draw.choice(mutate.WAYS)(changed, draw)
    return bytes(changed)


def request(draw: random.Random, token: str) -> bytes:
    path, content = draw.choice((("/v1/messages", body), ("/v1/messages/batch", batch)))
    octets = content(draw)
    head = (
        f"{draw.choice(('POST', 'POST', 'POST', 'GET', 'DELETE', 'X'))} {path} HTTP/1.1\r\nHost: g\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    ).encode()
    if not draw.getrandbits(2):
        head += f"Idempotency-Key: {draw.getrandbits(4)}\r\n".encode()
    if not draw.getrandbits(3):
        head = bent(draw, head)
    return head + b"Content-Length: %d\r\n\r\n" % len(octets) + octets


def look(draw: random.Random, token: str) -> bytes:
    """A look-up of an id, or a list, of anything."""
    asked = "".join(draw.choice(("0", "f", "%00", "/", "?", "cursor=", "limit=", "&", "since=")) for _ in range(34))
    path = "/v1/messages" + draw.choice(("/", "?")) + asked
    return f"GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def stream(draw: random.Random, bind: bytes) -> bytes:
    """PDUs of every kind, bent, with or without a bind before them."""
    return (bind if draw.getrandbits(2) else b"") + b"".join(mutate.bend(draw) for _ in range(1 + draw.getrandbits(4)))


async def throw(port: int, octets: bytes) -> None:
    """Send it in one piece, take what comes for a moment, and go."""
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(octets)
            async with asyncio.timeout(0.05):
                while await reader.read(1 << 16):
                    pass
        finally:
            writer.transport.abort()


async def chaos(folder: Path, seed: int, count: int, say: Callable[[str], None] = print) -> None:
    """Raises AssertionError when the promise does not hold, with the round's number; `running_gateway` looks at tasks
    and errors at the end.
    """
    draw = random.Random(seed)
    async with running_gateway(folder, session_init_s=LIMIT_S, lockout_failures=1_000_000) as stage:
        wild, token = await account_of(stage)
        quiet = await stage.peer(await stage.account("quiet"))
        bind = p.encode(p.BindTransceiver(1, system_id=wild[0], password=wild[1]))
        http = stage.node.fronts.http.listener.port
        for number in range(0, count, AT_ONCE):
            thrown = [one(draw, bind, token) for _ in range(AT_ONCE)]
            await asyncio.gather(*(throw(http if over_http else stage.port, octets) for over_http, octets in thrown))
            await promise(stage, quiet, number)
        say(f"{count} thrown")


def one(draw: random.Random, bind: bytes, token: str) -> tuple[bool, bytes]:
    """Whether over HTTP, and what."""
    way = draw.randrange(5)
    if way == 0:
        return bool(draw.getrandbits(1)), draw.randbytes(draw.randrange(2_000))
    if way == 1:
        return True, look(draw, token)
    if way == 2:
        return True, b"".join(request(draw, token) for _ in range(1 + draw.getrandbits(2)))
    return False, stream(draw, bind)


async def account_of(stage: Stage) -> tuple[tuple[str, str], str]:
    """A wild customer's bind and key."""
    account = await stage.account("wild", max_binds=64)
    _, secret = await stage.accounts.add_key(stage.customer, scopes=("send", "status"), settings=KeySettings())
    await stage.node.stores.directory.refresh()
    return account, secret.reveal(Purpose.CREDENTIAL)


async def promise(stage: Stage, quiet: Peer, number: int) -> None:
    assert not stage.node.tasks.failed.done(), f"in round {number}: {stage.node.tasks.failed.result()!r}"
    counts = stage.node.contained.counts
    assert not any(counts.values()), f"in round {number}: {counts}"
    assert (await quiet.ask(submit())).status == st.OK, f"in round {number}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(chaos(Path(folder), chosen.seed, chosen.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
