"""An SMSC that answers with the very octets of a script, over TCP. It knows no PDU but by its header.

For an operator's dialect, with all that is wrong in it, before there is a link. Everything is bounded: a PDU by
`LARGEST_OCTETS`, and what one connection has not been read by the socket, since each answer is awaited.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from operators.simulator.script import (
    USUAL,
    Answer,
    Close,
    Numbers,
    Pause,
    Script,
    Step,
    Taken,
    name_of,
    words_of,
)

LARGEST_OCTETS: Final = 1 << 16
_HEADER_OCTETS: Final = 16


class ScriptedSmsc:
    """seen: called with every PDU that comes. connections: how many there were."""

    def __init__(
        self,
        script: Script,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        seen: Callable[[Taken], None] = lambda _: None,
    ) -> None:
        self.connections = 0
        self.port = port
        self._host = host
        self._script = script
        self._seen = seen
        self._usual = Script(USUAL)
        self._numbers = Numbers()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._connected, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, words: str) -> None:
        """A PDU over the newest connection. Raises ScriptError."""
        self._writers[-1].write(Answer(Taken("", 0, 0, b""), self._numbers).octets(words_of(words)))

    def changed(self) -> None:
        """A PDU came and was answered, or a connection came or went."""

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer), name="scripted connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        self.changed()
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (pdu := await _frame(reader)) is not None and await self._answer(pdu, writer):
                    self.changed()
        finally:
            self._writers.remove(writer)
            writer.close()
            self.changed()

    async def _answer(self, pdu: Taken, writer: asyncio.StreamWriter) -> bool:
        """False when that ends the connection."""
        self._seen(pdu)
        answer = Answer(pdu, self._numbers)
        for step in self._steps(pdu.command):
            match step:
                case Close():
                    return False
                case Pause(seconds):
                    await writer.drain()
                    await asyncio.sleep(seconds)
                case words:
                    writer.write(answer.octets(words))
        await writer.drain()
        return True

    def _steps(self, command: str) -> tuple[Step, ...]:
        steps = self._script.next(command)
        return (self._usual.next(command) or ()) if steps is None else steps


async def _frame(reader: asyncio.StreamReader) -> Taken | None:
    """None for what is no PDU, or is too long for one."""
    head = await reader.readexactly(_HEADER_OCTETS)
    length, command, status, number = (int.from_bytes(head[at : at + 4], "big") for at in range(0, 16, 4))
    if not _HEADER_OCTETS <= length <= LARGEST_OCTETS:
        return None
    body = await reader.readexactly(length - _HEADER_OCTETS)
    return Taken(name_of(command), status, number, body)


async def run_script(smsc: ScriptedSmsc, started: Callable[[ScriptedSmsc], None] = lambda _: None) -> None:
    """Answer until cancelled. started: called once it listens. Raises OSError."""
    await smsc.start()
    try:
        started(smsc)
        await asyncio.get_running_loop().create_future()
    finally:
        await smsc.stop()
