"""Connections to one server that redis-py opens, and on which we ask for ourselves.

redis-py finds the server, be it by sentinels, logs in and chooses the database; from then on hiredis packs what is
asked and reads what is answered, with nothing between it and the socket. redis-py's own way from command to answer
leads through a pool, a retry and two streams, and costs more than most calls. A cluster is left to it.

A line on which anything went wrong is given up, and redis-py opens another one, to whichever server is the primary by
then.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import hiredis
from redis import exceptions as redis_errors

Words: TypeAlias = "tuple[str | bytes | int, ...]"
_pack: Final[Any] = hiredis.pack_command  # its types know tuples of one word
_NOTHING: Final = object()
_OTHER_SERVER: Final = frozenset({"READONLY", "MASTERDOWN", "NOAUTH"})
"""First words of errors that say: this is not the server, or the user, that the connection was opened to."""


class Line(asyncio.Protocol):
    """One connection, which answers one question after the other. connection: redis-py's, connected."""

    def __init__(self, connection: Any) -> None:
        self.connection: Final = connection
        self.is_open = True
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(
            protocolError=redis_errors.InvalidResponse, replyError=_refusal, notEnoughData=_NOTHING
        )
        self._answered: asyncio.Future[list[Any]] = self._loop.create_future()
        self._answered.cancel()  # no caller yet
        self._answers: list[Any] = []
        self._missing = 0
        self._transport: asyncio.Transport = connection._writer.transport
        self._before = self._transport.get_protocol()
        self._transport.set_protocol(self)

    async def ask(self, questions: bytes, count: int, timeout_s: float) -> list[Any]:
        """The answers to so many questions, errors of the server among them.

        Raises RedisError or TimeoutError: what was asked may have been done. Whoever is cancelled here ends the line.
        """
        self._answered = self._loop.create_future()
        self._answers, self._missing = [], count
        timer = self._loop.call_later(timeout_s, self._end, TimeoutError())
        try:
            self._transport.write(questions)
            return await self._answered
        finally:
            timer.cancel()
            if self._missing:
                self._end(redis_errors.ConnectionError("the caller has gone"))

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _NOTHING:
                self._take(answer)
        except redis_errors.RedisError as error:
            self._end(error)

    def _take(self, answer: Any) -> None:
        if not self._missing:
            raise redis_errors.InvalidResponse("an answer without a request")
        if isinstance(answer, Exception) and str(answer).partition(" ")[0] in _OTHER_SERVER:
            raise redis_errors.ConnectionError("the server is another one by now")
        self._answers.append(answer)
        self._missing -= 1
        if not self._missing and not self._answered.done():
            self._answered.set_result(self._answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(redis_errors.ConnectionError("the connection was closed"))
        self._before.connection_lost(exc)  # redis-py waits for that where it closes connections

    def _end(self, error: Exception) -> None:
        """Whoever waits gets the error."""
        self.is_open = False
        if not self._answered.done():
            self._answered.set_exception(error)
        self._transport.abort()


def _refusal(text: str) -> redis_errors.ResponseError:
    """What the server says in place of an answer."""
    kind = redis_errors.NoPermissionError if text.startswith("NOPERM") else redis_errors.ResponseError
    return kind(text)


class Lines:
    """As many lines as there are questions at a time. pool: redis-py's. timeout_s: for an answer, or a new line.

    opened: lines so far.
    """

    def __init__(self, pool: Any, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._idle: list[Line] = []
        self.opened = 0

    async def ask(self, questions: Sequence[Words]) -> list[Any]:
        """See `Line.ask`. Raises OSError too."""
        line = await self._take()
        try:
            octets = b"".join([_pack(words) for words in questions])
            return await line.ask(octets, len(questions), self._timeout_s)
        finally:
            self._idle.append(line)

    async def _take(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_open:
                return line
            await self._give_up(line)
        self.opened += 1
        async with asyncio.timeout(self._timeout_s):
            return Line(await self._pool.get_connection())

    async def _give_up(self, line: Line) -> None:
        """redis-py may use its place for another connection."""
        await line.connection.disconnect(nowait=True)
        await self._pool.release(line.connection)
