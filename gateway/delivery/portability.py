"""Which network a number is at now: asked of a service over HTTP, once for a person while the answer is known.

An answer is known by the pseudonym of the number, in memory and bounded; numbers leave in a question alone. Whatever
goes wrong (no answer in time, another answer than a network, too many questions, a service that failed before and is
left alone for a while) means that nothing is known, and routes go by prefix.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from gateway.model.numbers import digits_of
from gateway.process.clock import Clock
from operators.backoff import Backoff
from operators.contained import report
from operators.rest.connection import HttpConnection, NotAnswered, NotSent, Target
from redaction.personal import Msisdn

UNKNOWN: Final = ""
FAILURES: Final = 5
"""In a row, after which the service is left alone."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LIMIT_BYTES: Final = 4_096
OUTCOMES: Final = ("answered", "failed", "skipped")
_OK: Final = 200

Then = Callable[[], None]
Start = Callable[[str, Coroutine[Any, Any, None]], object]


class _Said(msgspec.Struct, frozen=True):
    network: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}\Z")] = UNKNOWN


_said: Final = msgspec.json.Decoder(_Said).decode
_ask: Final = msgspec.json.Encoder().encode


class Lookup(Protocol):
    """What routes ask. counts: questions, by outcome."""

    counts: Mapping[str, int]

    def known(self, subject: bytes) -> str:
        """The network of whoever has this pseudonym, '' where that is not known."""

    def waits(self, subject: bytes, number: Msisdn, then: Then) -> bool:
        """Whether it is looked up; `then` is called once that is over, never before this returns."""

    async def ask(self, number: Msisdn) -> str:
        """The same of a number that no message goes to; nothing of it is kept."""

    def forget_old(self) -> None:
        """Drop what is not known any more."""

    def close(self) -> None:
        """End what connections there are."""


class Nobody:
    """Nobody is asked."""

    counts: Mapping[str, int] = MappingProxyType(dict.fromkeys(OUTCOMES, 0))

    def known(self, _subject: bytes) -> str:
        return UNKNOWN

    def waits(self, _subject: bytes, _number: Msisdn, _then: Then) -> bool:
        return False

    async def ask(self, _number: Msisdn) -> str:
        return UNKNOWN

    def forget_old(self) -> None:
        """There is nothing."""

    def close(self) -> None:
        """There are none."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """prefixes: of numbers that are asked about. timeout_s: of one question, with its wait."""

    prefixes: Sequence[str]
    timeout_s: float
    connections: int
    waiting: int
    cache_s: float
    cache_entries: int


class _Question(msgspec.Struct):
    """until_s: then nobody waits for it any more."""

    subject: bytes
    number: Msisdn
    until_s: float
    thens: list[Then]


class Portability:
    """target: where the service is. start: a contained task, by its kind. counts: questions by outcome."""

    def __init__(self, target: Target, bounds: Bounds, clock: Clock, start: Start) -> None:
        self._target = target
        self._bounds: Final = bounds
        self._clock = clock
        self._start = start
        self._prefixes: Final = tuple(bounds.prefixes)
        self._pauses = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, jitter=0.0)
        self._failed = 0
        self._not_before_s = 0.0
        self._cache: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._open: dict[bytes, _Question] = {}
        self._queue: deque[_Question] = deque()
        self._busy = 0
        self._idle: list[HttpConnection] = []
        self._counts: Final = dict.fromkeys(OUTCOMES, 0)
        self.counts: Mapping[str, int] = self._counts

    def known(self, subject: bytes) -> str:
        """See `Lookup`."""
        found = self._cache.get(subject)
        return UNKNOWN if found is None or found[1] <= self._clock.monotonic() else found[0]

    def waits(self, subject: bytes, number: Msisdn, then: Then) -> bool:
        """See `Lookup`."""
        now_s = self._clock.monotonic()
        found = self._cache.get(subject)
        if found is not None and found[1] > now_s:
            return False
        if not digits_of(number).startswith(self._prefixes):
            return False
        standing = self._open.get(subject)
        if standing is not None:
            standing.thens.append(then)
            return True
        if len(self._open) >= self._bounds.waiting + self._bounds.connections or now_s < self._not_before_s:
            self._counts["skipped"] += 1
            return False
        question = _Question(subject, number, now_s + self._bounds.timeout_s, [then])
        self._open[subject] = question
        self._queue.append(question)
        if self._busy < self._bounds.connections:
            self._busy += 1
            self._start("portability", self._work())
        return True

    async def ask(self, number: Msisdn) -> str:
        """See `Lookup`."""
        nobody, over = self._clock.random(16), asyncio.Event()
        if not self.waits(nobody, number, over.set):
            return UNKNOWN
        await over.wait()
        return self._cache.pop(nobody, (UNKNOWN, 0.0))[0]

    async def _work(self) -> None:
        """One question after the other, over one connection, while there are any."""
        connection = self._idle.pop() if self._idle else self._connection()
        try:
            while self._queue:
                await self._answer(self._queue.popleft(), connection)
        finally:
            self._busy -= 1
            self._idle.append(connection)

    async def _answer(self, question: _Question, connection: HttpConnection) -> None:
        network: str | None = None
        try:
            left_s = question.until_s - self._clock.monotonic()
            if left_s > 0:
                async with asyncio.timeout(left_s):
                    network = await self._asked(question.number, connection)
        except TimeoutError:
            connection.close()
        except Exception as error:  # of one question, for which no other is to wait
            connection.close()
            report("submission", error)
        finally:
            self._note(question, network)

    async def _asked(self, number: Msisdn, connection: HttpConnection) -> str | None:
        """None where nothing was answered that says a network."""
        body = _ask({"number": f"+{digits_of(number)}"})
        try:
            answer = await connection.ask(self._target.posted(body))
        except (NotSent, NotAnswered):
            return None
        if answer.status != _OK:
            return None
        try:
            return _said(answer.body).network
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _note(self, question: _Question, network: str | None) -> None:
        """Also where a task was cancelled: whoever waits goes on, each by itself. What fails together is one pause."""
        now_s = self._clock.monotonic()
        if network is None:
            self._counts["failed"] += 1
            self._failed += 1
            if self._failed >= FAILURES and now_s >= self._not_before_s:
                self._not_before_s = now_s + self._pauses.next(0.0)
        else:
            self._counts["answered"] += 1
            self._failed = 0
            self._pauses.reset()
            self._cache[question.subject] = network, now_s + self._bounds.cache_s
            self._cache.move_to_end(question.subject)
            while len(self._cache) > self._bounds.cache_entries:
                self._cache.popitem(last=False)
        del self._open[question.subject]
        loop = asyncio.get_running_loop()
        for then in question.thens:
            loop.call_soon(then)

    def forget_old(self) -> None:
        """Drop answers that are not known any more."""
        now_s = self._clock.monotonic()
        while self._cache and next(iter(self._cache.values()))[1] <= now_s:
            self._cache.popitem(last=False)

    def close(self) -> None:
        """Those that rest; one that is asked over ends with its task."""
        for each in self._idle:
            each.close()

    def _connection(self) -> HttpConnection:
        timeout_s = self._bounds.timeout_s
        return HttpConnection(
            self._target, connect_timeout_s=timeout_s, answer_timeout_s=timeout_s, limit_bytes=LIMIT_BYTES
        )
