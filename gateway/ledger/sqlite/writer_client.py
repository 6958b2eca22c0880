"""The gateway's side of a writing process: starts it, hands it verbs, and reads what came of them.

A process that died is started again by the next call; what it had not answered raises LedgerUnavailable, and is durable
or not. The process shares the node's lock, which stays with the gateway between one and the next.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, TypeVarTuple, cast

import msgspec

import gateway
from gateway.ledger.contract import LedgerError, LedgerUnavailable, OutcomeUnknown
from gateway.ledger.file_lock import NodeLock
from gateway.ledger.sqlite.writer import FileWriter
from gateway.ledger.sqlite.writer_calls import CALLS, DONE, HELLO, Asked, Frames, encode, error_from, frame

END_LIMIT_S: Final = 30.0
SOCKET_BYTES: Final = 1 << 20
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "SYSTEMROOT")
"""Of the environment; passwords may stand in the rest of it. LD_PRELOAD: what watches the gateway, or replaces its
allocator, is meant for all of it."""

T = TypeVar("T")
Values = TypeVarTuple("Values")

Start = Callable[[Asked, socket.socket, Sequence[int]], Callable[[], object]]
"""Starts what serves the socket and holds these descriptors, and gives what waits for its end, in a thread."""


class ApartWriter:
    """asked: the file. lock: the process shares it, if it is held. start: how the other side is started."""

    works_beside = True

    def __init__(self, asked: Asked, lock: NodeLock, *, start: Start | None = None) -> None:
        self._asked = asked
        self._lock = lock
        self._start = spawn if start is None else start
        self._pipe: _Pipe | None = None
        self._starting = asyncio.Lock()
        self._wait: Callable[[], object] = _nothing
        self._closed = False

    async def open(self) -> None:
        self._closed = False
        await self._connected()

    async def close(self) -> None:
        """Let what is under way come to its end. Again is harmless."""
        self._closed = True
        async with self._starting:
            pipe, self._pipe = self._pipe, None
            if pipe is not None:
                pipe.hang_up()
                await pipe.ended
            await asyncio.get_running_loop().run_in_executor(None, self._wait)

    async def do(self, verb: Callable[[FileWriter, *Values], Awaitable[T]], *values: *Values) -> T:
        pipe = self._pipe
        if pipe is None or not pipe.stands:
            pipe = await self._connected()
        return cast(T, await pipe.call(_CODES[verb], encode(values)))

    async def _connected(self) -> "_Pipe":
        async with self._starting:
            if self._closed:
                raise LedgerUnavailable("the ledger is not open")
            if self._pipe is None or not self._pipe.stands:
                await asyncio.get_running_loop().run_in_executor(None, self._wait)  # two never write at once
                self._pipe = await self._connect()
            return self._pipe

    async def _connect(self) -> "_Pipe":
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        for each in (ours, theirs):
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        pipe = _Pipe()
        try:
            await loop.create_connection(lambda: pipe, sock=ours)
            self._wait = self._start(self._asked, theirs, self._lock.descriptors)
            await pipe.hello
        except OSError as error:
            theirs.close()
            raise LedgerUnavailable(type(error).__name__) from error
        except BaseException:
            theirs.close()
            pipe.hang_up()
            await loop.run_in_executor(None, self._wait)
            raise
        return pipe


class _Pipe(asyncio.Protocol):
    """One life of the other side. hello: it has the file open, or why not."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._number = HELLO
        self._calls: dict[int, tuple[asyncio.Future[Any], Callable[[bytes], Any]]] = {}
        self._transport: asyncio.WriteTransport
        self._close: Callable[[], None] = _nothing
        self.stands = True
        self.hello: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._calls[HELLO] = (self.hello, msgspec.msgpack.decode)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._close = transport.close
        self._transport.set_write_buffer_limits(0)  # uvloop otherwise writes when its turn ends, which may take long

    def data_received(self, data: bytes) -> None:
        for number, code, body in self._frames.feed(data):
            future, decode = self._calls.pop(number)
            if future.done():  # cancelled in this very turn
                continue
            if code == DONE:
                future.set_result(decode(body))
            else:
                future.set_exception(error_from(code, body))

    def connection_lost(self, error: Exception | None) -> None:
        self.stands = False
        calls, self._calls = self._calls, {}
        for future, _ in calls.values():
            if not future.done():
                future.set_exception(OutcomeUnknown("the writing process has ended"))
        self.ended.set_result(None)

    def hang_up(self) -> None:
        self.hello.cancel()  # whoever waited for it has gone
        self._close()

    async def call(self, code: int, body: bytes) -> object:
        """A cancelled caller waits for the answer all the same: what was handed over cannot be taken back."""
        number = self._number = self._number % 0xFFFF_FFFF + 1
        future: asyncio.Future[Any] = self._loop.create_future()
        self._calls[number] = (future, _DECODERS[code])
        self._transport.write(frame(number, code, body))
        try:
            return await future
        except asyncio.CancelledError:
            await self._outlast(number)
            raise

    async def _outlast(self, number: int) -> None:
        """Wait for an answer whose caller has gone."""
        while number in self._calls:
            waiter = self._loop.create_future()
            self._calls[number] = (waiter, _unread)
            with contextlib.suppress(asyncio.CancelledError, LedgerError):
                await waiter


def _unread(_body: bytes) -> None:
    """The caller has gone."""


_CODES: Final[Mapping[object, int]] = {each.verb: each.code for each in CALLS}
_DECODERS: Final = [msgspec.msgpack.Decoder(each.answers).decode for each in CALLS]


def _nothing() -> None:
    """Nothing was started."""


def spawn(asked: Asked, theirs: socket.socket, kept: Sequence[int]) -> Callable[[], object]:
    """A process with the same sources as this one, and nothing of its environment that may be secret."""
    sources = str(Path(next(iter(gateway.__path__))).parent)
    words = [sys.executable, "-P", "-m", "gateway.ledger.sqlite.writer_process", msgspec.json.encode(asked).decode()]
    passed = (theirs.fileno(), *kept)
    child = subprocess.Popen(  # noqa: S603  our own program
        [*words, *map(str, passed)],
        pass_fds=passed,
        env={"PYTHONPATH": sources, **{name: os.environ[name] for name in _KEPT if name in os.environ}},
    )
    theirs.close()

    def wait() -> None:
        try:
            child.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    return wait
