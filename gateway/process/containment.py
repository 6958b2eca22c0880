"""What a peer, a customer, a row or a name server can raise ends that one piece of work; here it is counted and logged.

Every such error comes to the loop's exception handler: what the loop itself caught, in the callbacks of a protocol, a
timer or a future; what a contained task died of (`gateway.process.tasks`); and what was caught where the work was ended
with a word to its peer (`operators.contained.report`). A connection whose callback failed is closed. Each is a fault of
ours: one line `unexpected_error` with the type and the place, and one more in `gateway_unexpected_errors_total`.
"""

import asyncio
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

log = logger("gateway")


class Containment:
    """counts: errors by kind of work."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(WORKS, 0)

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
        log.error("unexpected_error", task=work, error_type=type(error).__name__, where=place_of(error))


def _work(context: dict[str, Any]) -> str:
    said = context.get("work")
    if said in WORKS:
        return str(said)
    if "protocol" in context or "transport" in context:
        return "connection"
    return "task" if "task" in context or isinstance(context.get("future"), asyncio.Task) else "callback"
