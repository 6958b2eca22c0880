"""Logging: structlog, JSON lines or colours, and only keys that are declared here.

An event says what happened in fixed words; everything variable is a declared key with a harmless value: names of
operators, counts, codes, durations, public ids. Undeclared keys are dropped before anything is rendered, personal types
print as dots, and exception text passes a last-resort scrubber. Loggers of libraries go the same way.
"""

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from gateway.process.pipes import Pipe, unblocked
from gateway.process.problems import Problems
from redaction.scrub import DeclaredKeys, scrub_text

DECLARED: Final = frozenset(
    {
        "event", "level", "timestamp", "logger",
        "build", "operator", "state", "address", "port", "metrics_port", "status", "code", "reason", "error_type",
        "error", "where", "bind",
        "count", "seconds", "backlog", "binds", "task", "version", "path", "setting", "line", "signal",
        "customer", "message_id", "tag", "engine", "endpoint", "attempts", "waiting", "lag_ms",
        "purpose", "field", "worker", "kind", "account", "actor", "installation", "request",
    }
)  # fmt: skip
"""Keys that a log line may have."""
problems: Final = Problems()
"""What this process warned of so far."""
_META: Final = frozenset({"_record", "_from_structlog"})
"""Keys that structlog itself adds and takes away again."""


def configure(
    level: str = "info", form: str = "auto", stream: TextIO | None = None, *, worker: int | None = None
) -> None:
    """Set up logging for the process. form: "json", "console", or "auto" (console on a terminal).

    worker: number of this process among several whose lines end up in one place.
    """
    out = stream or sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  as long as the process
    console = form == "console" or (form == "auto" and out.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_exception,
        *([] if worker is None else [_Numbered(worker)]),
        DeclaredKeys(DECLARED | _META),
        problems,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_scrub_foreign, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = _Lines(unblocked(out))
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)


def set_level(level: str) -> None:
    """The lowest level that is written from now on."""
    logging.getLogger().setLevel(level.upper())


class _Lines(logging.StreamHandler[TextIO | Pipe]):
    """Lines that cannot be written, on a full disk or into a pipe that nobody reads, are counted and said in
    one line as soon as one can be. What the library would print instead is the line's raw text.
    """

    _lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        before = self._lost
        super().emit(record)
        if before and self._lost == before:
            self._lost = 0
            log = logger("gateway")
            log.error("log_lines_lost", count=before)
            self._lost += before if self._lost else 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        self._lost += 1


class _Numbered:
    """Says which worker speaks."""

    def __init__(self, worker: int) -> None:
        self._worker = worker

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {"worker": self._worker, **event}


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def describe_unexpected(error: BaseException) -> str:
    """An exception in one line that may be shown: its type, its scrubbed text, where it was raised."""
    return f"{type(error).__name__} at {place_of(error)}: {scrub_text(str(error))}"


def catch_the_uncaught() -> None:
    """An uncaught exception would print its text and source lines raw; it becomes a log line too."""

    def uncaught(_type: type[BaseException], error: BaseException, _trace: object) -> None:
        logger("gateway").error("uncaught", exc_info=error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        logger("gateway").error("uncaught", exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        logger("gateway").error("uncaught", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable


def _name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An exception becomes its type, its scrubbed text and the place it was raised: no locals, no source lines."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info is True else info[1]
    if error is None:
        return event
    event["error_type"] = type(error).__name__
    event["error"] = scrub_text(str(error))
    event["where"] = place_of(error)
    return event


def place_of(error: BaseException) -> str:
    """Module and line where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _scrub_foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Lines of libraries are free text: scrubbed whole."""
    event["event"] = scrub_text(str(event.get("event", "")))
    return event
