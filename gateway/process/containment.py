"""What a peer, a customer, a row or a name server can raise ends that one piece of work; here it is counted and logged.

Every such error comes to the loop's exception handler: what the loop itself caught, in the callbacks of a protocol, a
timer or a future; what a contained task died of (`gateway.process.tasks`); and what was caught where the work was ended
with a word to its peer (`operators.contained.report`). A connection whose callback failed is closed. Each is a fault of
ours: one line `unexpected_error` with the type and the place, and one more in `gateway_unexpected_errors_total`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from gateway.process.logs import logger, place_of
from redaction.scrub import scrub_text

WORKS: Final = ("callback", "connection", "delivery", "errand", "link", "request", "submission", "task")
"""Kinds of work, the label of the metric.

callback: of a timer or a future. connection: any, to any peer. delivery: of a message or
an event. errand: query_sm, cancel_sm, replace_sm. link: a bind to an operator. request: over HTTP. submission: of one
message. task: any other.
"""

LINES: Final = 5
"""Of errors from one place in the code, in `SPAN_S`; the metric counts all."""
SPAN_S: Final = 60.0
PLACES: Final = 1_000

log = logger("gateway")


class _Place:
    """What was said of errors that came from one place."""

    __slots__ = ("began_s", "lines", "unsaid")

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s
        self.lines = 0
        self.unsaid = 0


class Containment:
    """counts: errors by kind of work. monotonic: seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.counts: dict[str, int] = dict.fromkeys(WORKS, 0)
        self._monotonic = monotonic
        self._places: dict[tuple[str, str, str], _Place] = {}

    def watch(self) -> Callable[[], None]:
        """Handle what the running loop reports from now on; what is returned ends that."""
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        loop.set_exception_handler(self.handle)
        return lambda: loop.set_exception_handler(before)

    def handle(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """See `asyncio.loop.call_exception_handler`."""
        error = context.get("exception")
        if error is None:  # not an error but a word of warning, such as of a session that was not closed
            log.warning("loop_warning", error=scrub_text(str(context.get("message", ""))))
            return
        self.note(_work(context), error)
        transport = context.get("transport")
        if transport is not None:
            transport.abort()

    def note(self, work: str, error: BaseException) -> None:
        """An error has ended this kind of work."""
        self.counts[work] += 1
        kind, where = type(error).__name__, place_of(error)
        unsaid = self._unsaid((work, kind, where))
        if unsaid is not None:
            more = {"count": unsaid} if unsaid else {}
            log.error("unexpected_error", task=work, error_type=kind, where=where, **more)

    def _unsaid(self, place: tuple[str, str, str]) -> int | None:
        """How many errors from there no line told of since the last one; None where this one is not told either."""
        now_s, known = self._monotonic(), self._places.get(place)
        if known is None:
            if len(self._places) >= PLACES:
                del self._places[next(iter(self._places))]
            known = self._places[place] = _Place(now_s)
        if now_s - known.began_s >= SPAN_S:
            known.began_s, known.lines = now_s, 0
        if known.lines >= LINES:
            known.unsaid += 1
            return None
        known.lines += 1
        unsaid, known.unsaid = known.unsaid, 0
        return unsaid


def _work(context: dict[str, Any]) -> str:
    said = context.get("work")
    if said in WORKS:
        return str(said)
    if "protocol" in context or "transport" in context:
        return "connection"
    return "task" if "task" in context or isinstance(context.get("future"), asyncio.Task) else "callback"
