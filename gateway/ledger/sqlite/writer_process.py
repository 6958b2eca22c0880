"""The process that writes a SQLite ledger for a gateway: statements, commits, sweeps and copies of the log.

It has an interpreter of its own, so that none of this holds up the gateway's loop, and ends with its gateway: when the
socket closes after what is under way, at once when the gateway dies. It never sees plaintext or keys.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable
from math import inf
from pathlib import Path
from typing import Final, cast

import msgspec
import uvloop

from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.plan import Plan
from gateway.ledger.sqlite.writer import VERBS, FileWriter
from gateway.ledger.sqlite.writer_calls import CALLS, DONE, HELLO, Asked, Frames, encode, error_frame, frame
from gateway.process.hardening import end_with_parent, forbid_core_dumps
from gateway.process.sqlite_memory import stop_counting

COLLECT_AT: Final = 20_000
_DECODERS: Final = [msgspec.msgpack.Decoder(each.asks).decode for each in CALLS]


class Served(asyncio.Protocol):
    """The gateway's end of the socket. ended: when it closed."""

    def __init__(self, writer: FileWriter) -> None:
        self._writer = writer
        self._frames = Frames()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.WriteTransport
        self.ended = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.set_write_buffer_limits(0)  # write at once, not when the turn of the loop ends

    def data_received(self, data: bytes) -> None:
        for number, code, body in self._frames.feed(data):
            values = _DECODERS[code](body)
            verb = VERBS[code]
            if verb is not FileWriter.apply or not self._apply_now(number, *values):
                task = self._loop.create_task(self._answer(number, verb(self._writer, *values)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _apply_now(self, number: int, plan: Plan) -> bool:
        """The usual call without a task; False when the file is not free."""
        try:
            outcome = self._writer.apply_now(plan)
        except Exception as error:
            self.say(error_frame(number, error))
            return True
        if outcome is None:
            return False
        self.say(frame(number, DONE, encode(outcome)))
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def say(self, octets: bytes) -> None:
        self._transport.write(octets)

    async def finish(self) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _answer(self, number: int, doing: Awaitable[object]) -> None:
        try:
            answer = await doing
        except Exception as error:
            self.say(error_frame(number, error))
        else:
            self.say(frame(number, DONE, encode(answer)))


async def serve(asked: Asked, ours: socket.socket) -> None:
    """Open the file, say so, and answer calls until the other end closes."""
    file = SqliteFile(
        Path(asked.path),
        synchronous=asked.synchronous,
        busy_limit_s=asked.busy_limit_s,
        commit_on_loop_s=inf,
    )
    writer = FileWriter(file)
    served = Served(writer)
    await asyncio.get_running_loop().create_connection(lambda: served, sock=ours)
    try:
        await writer.open()
    except Exception as error:
        served.say(error_frame(HELLO, error))
        await served.ended  # the other end has heard it
        return
    served.say(frame(HELLO, DONE, encode(None)))
    try:
        await served.ended
        await served.finish()
    finally:
        await file.close()


def main() -> None:
    """Arguments: what is asked, as JSON, the descriptor of the socket, and that of the gateway's lock if it has one.

    The lock's stays open to the end, so that no other process opens the file while a write may be under way.
    """
    end_with_parent(signal.SIGKILL)
    forbid_core_dumps()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(each, signal.SIG_IGN)  # they reach the whole group; the gateway ends first
    asked = msgspec.json.decode(sys.argv[1], type=Asked)
    ours = socket.socket(fileno=int(sys.argv[2]))
    for descriptor in map(int, sys.argv[2:]):
        os.set_inheritable(descriptor, False)
    stop_counting()
    gc.freeze()
    gc.set_threshold(COLLECT_AT)
    uvloop.run(serve(asked, ours))


if __name__ == "__main__":
    main()
