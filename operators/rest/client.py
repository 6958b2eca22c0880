"""An operator over HTTP: a request per message over a few connections that stay open, receipts by a callback.

A fixed number of workers, one a connection, takes messages from a queue that is never longer than the window. Events of
one loop turn reach the sink as one batch. When the operator cannot be reached the link counts as down, with pauses that
grow; the first request after one is the probe.

A message is one request, whatever its length. What is no text (a part that came over SMPP, octets) cannot go this way
and is refused. Of a message that another operator took in part, the whole is sent.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from config.operators import RestOperatorSettings
from operators.backoff import Backoff
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    DeliveryReceipt,
    Down,
    EventSink,
    MtMessage,
    OperatorEvent,
    OperatorHealth,
    Query,
    Ready,
    Refused,
    SubmitResult,
    Submitted,
    Unknown,
    UnknownReason,
)
from operators.bucket import TokenBucket
from operators.contained import report
from operators.rest.asked import Asked
from operators.rest.callback import CallbackListener
from operators.rest.connection import HttpConnection
from operators.rest.receipts import Receipt
from operators.rest.requests import Requests
from redaction.personal import Secret

NOT_TEXT: Final = 415
"""The status of what cannot be said in JSON: Unsupported Media Type."""
SLOW_FACTOR: Final = 0.7
_NOT_SENT: Final = Deferred(DeferReason.NOT_SENT, 0, 0.0)


class _News:
    """The receipts of one request, which is answered when the last of them is settled."""

    def __init__(self, count: int, answer: "asyncio.Future[bool]") -> None:
        self._left = count
        self._taken = True
        self._answer = answer

    def settle(self, taken: bool) -> None:
        self._left -= 1
        self._taken &= taken
        if not self._left and not self._answer.done():
            self._answer.set_result(self._taken)


class RestOperator:
    """password: presented to the operator. callback_secret: what the operator presents to us.

    now_ms: the time of day. today: for the contract's expiry (P-17).
    """

    def __init__(
        self,
        settings: RestOperatorSettings,
        password: Secret,
        callback_secret: Secret,
        *,
        monotonic: Callable[[], float],
        today: Callable[[], date],
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._register = settings.register  # what may not be disclosed today (P-17, P-38)
        self._monotonic = monotonic
        self._today = today
        self._requests = Requests(settings, password, now_ms)
        self._backoff = Backoff(settings.reconnect_first_s, settings.reconnect_limit_s)
        rate = settings.throughput_per_s
        self._bucket = TokenBucket(rate, _burst(rate, settings), monotonic())
        self._life = 0
        self._listener: CallbackListener | None = None
        if settings.rest.callback.port is not None:
            self._listener = CallbackListener(self.name, settings.rest.callback, callback_secret, self._on_receipts)
        self._sink: EventSink | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._queue: deque[MtMessage] = deque()
        self._asked = Asked()
        self._work = asyncio.Event()
        self._outstanding = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._events: list[OperatorEvent] = []
        self._probe_timer: asyncio.TimerHandle | None = None
        self._room_timer: asyncio.TimerHandle | None = None
        self._down = self._stopping = False
        self._throttled = self._submitted = self._receipts = 0

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def callback_port(self) -> int:
        """Where receipts are listened for; 0 for nowhere."""
        return 0 if self._listener is None else self._listener.port

    # -------------------------------------------------------------------------------------------------------- life

    async def start(self, sink: EventSink) -> None:
        """Raises OSError when the callback's address is taken."""
        settings = self._settings
        if self._listener is not None:
            await self._listener.start()
        self._sink = sink
        loop = asyncio.get_running_loop()
        self._workers = [
            loop.create_task(self._run_worker(), name=f"{self.name} http {number}")
            for number in range(settings.rest.connections)
        ]
        self._report(Ready(self.name))

    async def stop(self, deadline_s: float) -> None:
        self._stopping = True
        while self._queue:
            self._settle(self._queue.popleft(), _NOT_SENT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self._idle.wait()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for timer in (self._probe_timer, self._room_timer):
            if timer is not None:
                timer.cancel()
        if self._listener is not None:
            await self._listener.stop()
        if self._sink is not None:
            self._flush()
            self._sink((Down(self.name),))

    # ------------------------------------------------------------------------------------------------------ sending

    def is_up(self) -> bool:
        return self._sink is not None and not (self._stopping or self._down or self._register.held_back(self._today()))

    def room(self) -> int:
        if not self.is_up():
            return 0
        now = self._monotonic()
        available = self._bucket.available(now)
        if available <= 0:
            self._call_ready(self._bucket.wait_s(1, now))
        return max(0, min(available, self._settings.window - self._outstanding))

    def submit(self, message: MtMessage) -> int:
        self._bucket.take(1, self._monotonic())
        self._outstanding += 1
        self._idle.clear()
        self._submitted += 1
        if message.data_coding is not None:
            self._settle(message, Refused(NOT_TEXT))
        else:
            self._queue.append(message)
            self._work.set()
        return 1

    async def _run_worker(self) -> None:
        connection: HttpConnection | None = None
        life = self._life
        try:
            while True:
                while not self._queue:
                    self._work.clear()
                    await self._work.wait()
                message = self._queue.popleft()
                known_as = self._requests.known_as(message)
                result: SubmitResult = Unknown(UnknownReason.LINK_LOST, known_as)
                self._asked.begin(message, known_as, self._monotonic())
                try:
                    if connection is not None and life != self._life:
                        connection.close()
                        connection = None
                    life = self._life
                    connection = connection or self._requests.connection()
                    result = await self._post(connection, message)
                except Exception as error:  # of this message's request; the next one has its own
                    report("delivery", error)
                finally:
                    self._answered(message, result)
                del message, known_as, result  # nothing of it is held while the next one is waited for
        finally:
            if connection is not None:
                connection.close()

    async def _post(self, connection: HttpConnection, message: MtMessage) -> SubmitResult:
        if self._down:
            return _NOT_SENT
        result = await self._requests.ask(connection, message)
        if isinstance(result, Deferred) and result.reason is DeferReason.NOT_SENT:
            self._go_down()
        else:
            self._backoff.reset()
        if isinstance(result, Deferred) and result.reason in (DeferReason.THROTTLED, DeferReason.QUEUE_FULL):
            self._throttled += 1
            now = self._monotonic()
            self._bucket.slow_down(SLOW_FACTOR, now)
            self._bucket.pause(now + result.after_s)
        return result

    def _answered(self, message: MtMessage, result: SubmitResult) -> None:
        """Settled, unless a receipt said before that it was taken."""
        if self._asked.end(message):
            self._settle(message, result)
        elif isinstance(result, Accepted):
            self._report(Submitted(self.name, message.token, _segment(message), result, late=True))

    def _settle(self, message: MtMessage, result: SubmitResult) -> None:
        self._outstanding -= 1
        if not self._outstanding:
            self._idle.set()
        late = self._asked.settle(message)
        if not late or isinstance(result, Accepted):
            self._report(Submitted(self.name, message.token, _segment(message), result, late))

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> int:
        doubted = self._asked.doubt(is_meant, self._monotonic() - waited_s)
        for message, known_as in doubted:
            unknown = Unknown(UnknownReason.TIMEOUT, known_as)
            self._report(Submitted(self.name, message.token, _segment(message), unknown))
        if doubted:
            queued, self._queue = self._queue, deque()
            for message in queued:
                if is_meant(message.token):
                    self._settle(message, _NOT_SENT)
                else:
                    self._queue.append(message)
        return len(doubted)

    # ----------------------------------------------------------------------------------------------------- the link

    def _go_down(self) -> None:
        if self._down:
            return
        self._down = True
        self._report(Down(self.name))
        self._probe_timer = asyncio.get_running_loop().call_later(self._backoff.next(random.random()), self._probe)

    def _probe(self) -> None:
        """Let messages try again; the next failure makes the link wait longer."""
        self._down = False
        self._report(Ready(self.name))

    def _call_ready(self, wait_s: float) -> None:
        if self._room_timer is None:
            self._room_timer = asyncio.get_running_loop().call_later(max(0.001, wait_s), self._on_room)

    def _on_room(self) -> None:
        self._room_timer = None
        self._report(Ready(self.name))

    # ----------------------------------------------------------------------------------------------------- the news

    def _on_receipts(self, receipts: Sequence[Receipt], answer: "asyncio.Future[bool]") -> None:
        news = _News(len(receipts), answer)
        self._receipts += len(receipts)
        for each in receipts:
            for named in each.candidates:
                message = self._asked.reported(named)
                if message is not None:
                    self._settle(message, Accepted(named))
            self._report(DeliveryReceipt(self.name, each.candidates, each.state, each.error_code, None, news))

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        for handle in handles:
            if isinstance(handle, _News):
                handle.settle(taken)

    def reject(self, handles: Sequence[object]) -> None:
        """No message from a person comes this way."""

    def query(self, asked: Query) -> bool:
        """Receipts are pushed; there is nothing to ask."""
        del asked
        return False

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        """anew: each request under way ends on its connection, and the next one gets another."""
        rate = self._settings.throughput_per_s if per_s is None else per_s
        self._bucket.set_rate(rate, _burst(rate, self._settings), self._monotonic())
        self._life += anew
        if self.is_up():
            self._call_ready(0.0)

    def health(self) -> OperatorHealth:
        state = "stopped" if self._sink is None or self._stopping else "down" if self._down else "up"
        return OperatorHealth(
            name=self.name,
            state=self._register.held_back(self._today()) or state,
            binds_up=self._settings.rest.connections if self.is_up() else 0,
            binds=self._settings.rest.connections,
            window_used=self._outstanding,
            window=self._settings.window,
            throttled=self._throttled,
            submitted=self._submitted,
            receipts=self._receipts,
            unexpected_responses=0,
            flawed=self._requests.flawed + (0 if self._listener is None else self._listener.flawed),
            peer_ends_s=self._requests.peer_ends_s,
        )

    def _report(self, *events: OperatorEvent) -> None:
        """Gather what one loop turn brings; room may have come back with it."""
        if not self._events:
            asyncio.get_running_loop().call_soon(self._flush)
        self._events += events

    def _flush(self) -> None:
        events, self._events = self._events, []
        if self._sink is None or not events:
            return
        answered = any(isinstance(each, Submitted) for each in events)
        self._sink((*events, Ready(self.name)) if answered and self.is_up() else tuple(events))


def _burst(rate: float | None, settings: RestOperatorSettings) -> int:
    return max(1, round(rate or settings.window))


def _segment(message: MtMessage) -> int:
    """That the answer is for."""
    return message.only[0] if message.only is not None and len(message.only) == 1 else 0
