"""What follows from the end of a message beside its record; and whether this node makes traces, and with what."""

import importlib
from collections.abc import Callable
from typing import Final, Protocol, cast

from config.problems import ConfigError, Problem
from config.settings import Settings
from gateway.limits.till import Till
from gateway.metrics.exposition import Outcome
from gateway.model.attempt import Attempt
from gateway.model.message import Message
from gateway.node import consenting
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.system_errors import system_text
from gateway.process.tasks import TaskOwner

_MODULE: Final = "gateway.metrics.otlp"


class Traces(Protocol):
    """As `gateway.metrics.otlp.Traces`, which is there with the extra `tracing`."""

    @property
    def made(self) -> int: ...

    def ended(self, message: Message) -> None: ...

    def attempted(self, attempt: Attempt, operator: str, now_ms: int) -> None: ...

    def close(self) -> None: ...


class Ends:
    """Told of each message whose end is durable; passes it on to whoever counts, settles, traces and notes filters."""

    def __init__(
        self,
        outcome: Outcome,
        traces: Traces | None,
        stores: Stores,
        clock: Clock,
        tasks: TaskOwner,
        settings: Callable[[], Settings],
    ) -> None:
        self._outcome = outcome
        self._feedback = consenting.feedback(stores, clock, tasks, settings)
        self._traces = traces
        self.till: Till  # stands once the journal does

    def __call__(self, message: Message) -> None:
        self._outcome.final(message)
        self.till.ended(message)
        self._feedback.ended(message)
        if self._traces is not None:
            self._traces.ended(message)


def traces(settings: Settings, node: str) -> Traces | None:
    """None without an endpoint. Raises ConfigError where the extra is missing, or a file."""
    if settings.tracing.endpoint is None:
        return None
    try:
        module = importlib.import_module(_MODULE)
    except ModuleNotFoundError:
        raise ConfigError([_problem("endpoint", "needs the extra `tracing`", "extra_missing")]) from None
    try:
        return cast(Traces, module.Traces(settings.tracing, node))
    except OSError as error:
        raise ConfigError([_problem("ca_file", system_text(error), "unusable")]) from None


def _problem(key: str, message: str, code: str) -> Problem:
    return Problem(file="", line=0, key=f"tracing.{key}", message=message, code=code)
