"""The smallest HTTP there is: ask a worker for a page, and answer a few pages. Bounded in size and time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

REQUEST_LIMIT_BYTES: Final = 8_192
ANSWER_LIMIT_BYTES: Final = 4 * 1024 * 1024
TIMEOUT_S: Final = 2.0
MAX_CONNECTIONS: Final = 32

_REASONS: Final = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Page(NamedTuple):
    status: int
    kind: str
    content: bytes


async def ask(port: int, path: str) -> tuple[int, bytes]:
    """Status and content of a page on this machine. Raises OSError, also for what takes too long or makes no sense."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=ANSWER_LIMIT_BYTES)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                return int(head.split(None, 2)[1]), await _rest(reader)
            finally:
                writer.close()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError) as error:
        raise OSError("no sensible answer") from error


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """To the end of the connection, which the worker closes."""
    content = bytearray()
    while chunk := await reader.read(65_536):
        content += chunk
        if len(content) > ANSWER_LIMIT_BYTES:
            raise OSError("too long an answer")
    return bytes(content)


class Pages:
    """Listens, and answers GET of the pages it was given; every connection carries one request."""

    def __init__(self, pages: Mapping[str, Callable[[], Awaitable[Page]]]) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, host: str, port: int) -> int:
        """The port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=REQUEST_LIMIT_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(4 * TIMEOUT_S):
                    await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a peer that left, was slow, or wrote no request
        finally:
            self._open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, *_ = [*(await reader.readuntil(b"\r\n\r\n")).split(None, 2), b"", b""]
        answer = self._pages.get(target.partition(b"?")[0].decode("latin-1"))
        if answer is None:
            page = Page(404, "text/plain", b"there is no such thing here\n")
        elif method not in (b"GET", b"HEAD"):
            page = Page(405, "text/plain", b"GET or HEAD\n")
        else:
            page = await answer()
        head = (
            f"HTTP/1.1 {page.status} {_REASONS[page.status]}\r\nContent-Type: {page.kind}\r\n"
            f"Content-Length: {len(page.content)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + (b"" if method == b"HEAD" else page.content))
        await writer.drain()
