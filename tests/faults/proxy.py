"""A TCP proxy on loopback that a test may cut: it then ends every connection and takes no new one, or swallows all."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol


class Passage(Protocol):
    """Told what one connection carries: outward as it comes from the client, homeward as it goes to the client.

    late: something on this connection was held back by now.
    """

    def outward(self, data: bytes) -> None: ...
    def homeward(self, data: bytes, *, late: bool) -> None: ...
    def ended(self) -> None: ...


class Unwatched:
    """The passage of whoever does not care."""

    def outward(self, data: bytes) -> None: ...
    def homeward(self, data: bytes, *, late: bool) -> None: ...
    def ended(self) -> None: ...


def _unnoted(_data: bytes) -> None:
    """Nobody is told."""


class Proxy:
    """port: to connect to instead of `target`. watch: makes the passage of each connection."""

    def __init__(self, target: int, watch: Callable[[], Passage] = Unwatched) -> None:
        self._target = target
        self._watch = watch
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._holes = 0
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection, and refuse new ones until `start`."""
        assert self._server is not None
        self._server.close()
        self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def swallow(self) -> None:
        """Connections stand, and nothing passes until `pass_on`: as when a cable is pulled."""
        self._holes += 1
        self._open.clear()

    def pass_on(self) -> None:
        """What was held passes now, as it does when TCP sends again what was lost."""
        self._open.set()

    async def stop(self) -> None:
        self._open.set()
        if self._server is not None:
            await self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, inner_writer}
        passage, began = self._watch(), self._holes

        def homeward(data: bytes) -> None:
            passage.homeward(data, late=self._holes > began)

        try:
            await asyncio.gather(
                self._copy(reader, inner_writer, came=passage.outward),
                self._copy(inner_reader, writer, goes=homeward),
            )
        finally:
            self._writers -= {writer, inner_writer}
            passage.ended()

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        came: Callable[[bytes], None] = _unnoted,
        goes: Callable[[bytes], None] = _unnoted,
    ) -> None:
        """What came before an end passes on before the end does."""
        held: asyncio.Queue[bytes] = asyncio.Queue()
        passing = asyncio.create_task(self._pass(held, writer, goes))
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                came(data)
                held.put_nowait(data)
        held.put_nowait(b"")
        await passing

    async def _pass(
        self, held: "asyncio.Queue[bytes]", writer: asyncio.StreamWriter, goes: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await held.get():
                await self._open.wait()
                goes(data)
                writer.write(data)
                await writer.drain()
            await self._open.wait()
        writer.close()
