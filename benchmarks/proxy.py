"""The floor under every figure: a bare HTTP to SMPP proxy, in a process of its own.

aiohttp's handler makes one submit_sm and answers 202 when its submit_sm_resp came. It uses the project's own session
and codec, on uvloop. Nothing is checked, limited, stored, sealed, retried, reported or told: a gateway cannot cost less
than this without doing better than aiohttp or than the codec.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import uvloop
from aiohttp import web

from benchmarks import child
from operators.smpp import gsm7
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import Bound, Event, Response, Role, Session, SessionSettings
from operators.smpp.session import Request as SmppRequest

WINDOW: Final = 256


class Post(msgspec.Struct, frozen=True):
    """What is read of a request."""

    to: str
    text: str
    source: str = msgspec.field(name="from")


class Link:
    """One transceiver. `submit` gives the SMSC's id once it answered; what has no room in the window waits in order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[p.SubmitSm, asyncio.Future[str]]] = deque()
        self._connection: Connection
        self.bound: asyncio.Future[None] = self._loop.create_future()

    async def open(self, port: int) -> None:
        settings = SessionSettings(window=WINDOW)
        _, self._connection = await self._loop.create_connection(
            lambda: Connection(lambda now: Session(Role.ESME, settings, now), self._take, lambda _: None),
            "127.0.0.1",
            port,
        )
        self._connection.session.bind(p.BindTransceiver(system_id="gateway", password="secret"), self._connection.now())
        self._connection.flush_soon()
        await self.bound

    def submit(self, pdu: p.SubmitSm) -> "asyncio.Future[str]":
        answered: asyncio.Future[str] = self._loop.create_future()
        self._waiting.append((pdu, answered))
        self._fill()
        return answered

    def _take(self, connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Response):
                event.context.set_result(event.pdu.message_id)
            elif isinstance(event, Bound):
                self.bound.set_result(None)
            elif isinstance(event, SmppRequest):
                connection.session.refuse(event.pdu, 0x03)
        self._fill()

    def _fill(self) -> None:
        session, now = self._connection.session, self._connection.now()
        for _ in range(min(len(self._waiting), session.window.room())):
            pdu, answered = self._waiting.popleft()
            session.request(pdu, answered, now)
        self._connection.flush_soon()


def submit_sm(post: Post) -> p.SubmitSm:
    septets = gsm7.DEFAULT.encode(post.text)
    return p.SubmitSm(
        source_addr_ton=5,
        source_addr=post.source,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=post.to[1:],
        data_coding=0 if septets is not None else 8,
        short_message=septets if septets is not None else post.text.encode("utf-16-be"),
    )


async def serve(smsc_port: int) -> None:
    link = Link()
    await link.open(smsc_port)
    read = msgspec.json.Decoder(Post).decode

    async def take(request: web.Request) -> web.Response:
        identifier = await link.submit(submit_sm(read(await request.read())))
        return web.Response(status=202, body=b'{"id":"%b"}' % identifier.encode(), content_type="application/json")

    application = web.Application()
    application.router.add_post("/v1/messages", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    child.say({"ready": True, "port": runner.addresses[0][1]})
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await lines.read()  # until whoever started this ends it


def main() -> None:
    uvloop.run(serve(child.job()["smsc_port"]))


if __name__ == "__main__":
    child.work(main)
