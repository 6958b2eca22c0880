"""Whether this node makes traces, and with what."""

import importlib
from typing import Final, Protocol, cast

from config.problems import ConfigError, Problem
from config.settings import Settings
from gateway.model.attempt import Attempt
from gateway.model.message import Message
from gateway.process.system_errors import system_text

_MODULE: Final = "gateway.metrics.otlp"


class Traces(Protocol):
    """As `gateway.metrics.otlp.Traces`, which is there with the extra `tracing`."""

    @property
    def made(self) -> int: ...

    def ended(self, message: Message) -> None: ...

    def attempted(self, attempt: Attempt, operator: str, now_ms: int) -> None: ...

    def close(self) -> None: ...


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
