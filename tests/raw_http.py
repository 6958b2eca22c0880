"""An HTTP server that answers each request with the very octets it is given, in the pieces it is given."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Final

CLOSE: Final = b""
"""In the place of a piece: end the connection."""
Pieces = Sequence[bytes | float]
"""Octets to write at once, and seconds to wait between them."""


class RawHttp:
    """answers: pieces for one request each, in turn; the last of them again and again. requests: heads and bodies."""

    def __init__(self, *answers: Pieces, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._answers = list(answers)
        self.requests: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http{'' if self._tls is None else 's'}://127.0.0.1:{self.port}/messages"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        self.requests.append((head, await reader.readexactly(int(length))))
        for piece in self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif piece == CLOSE:
                return False
            else:
                writer.write(piece)
                await writer.drain()
        return True


@contextlib.asynccontextmanager
async def raw_http(*answers: Pieces, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawHttp]:
    server = RawHttp(*answers, tls=tls)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
