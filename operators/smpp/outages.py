"""Why binds are down: noted by bind, logged when an outage begins and when it ends, and shown in health and metrics.

What peers say in words is not in it: a reason of our own, and the name of a status, a socket's or a TLS error.
"""

import errno
import socket
import ssl
from collections.abc import Iterable
from typing import Final

import structlog

from operators.base import BindDown
from operators.expiry import PeerExpiry

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.smpp")


def why_unconnected(error: BaseException) -> tuple[str, str]:
    """Reason and code of a connection that was not made."""
    if isinstance(error, ssl.SSLError):
        return "tls", _tls_code(error)
    if isinstance(error, socket.gaierror):
        return "name_unknown", _named(socket, "EAI_", error.errno)
    if isinstance(error, TimeoutError):
        return "connect_timeout", ""
    return "connect", errno_name(error)


def why_lost(error: BaseException | None) -> tuple[str, str]:
    """Of one that stood and that neither side ended in the protocol's own way."""
    if isinstance(error, ssl.SSLError):
        return "tls", _tls_code(error)
    return "lost", "" if error is None else errno_name(error)


def errno_name(error: BaseException) -> str:
    """`ECONNREFUSED`, or the error's type where it has no number."""
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, type(error).__name__)


def _tls_code(error: ssl.SSLError) -> str:
    """`WRONG_VERSION_NUMBER`; with the number of what is wrong with a certificate (10: it has expired)."""
    name = error.reason or type(error).__name__
    number = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    return name if number is None else f"{name} {number}"


def _named(module: object, prefix: str, number: int | None) -> str:
    return next((name for name, value in vars(module).items() if name.startswith(prefix) and value == number), "")


class Outages:
    """operator: its name, for the log. peer: what the last link that stood showed."""

    def __init__(self, operator: str) -> None:
        self.peer: Final = PeerExpiry()
        self._operator = operator
        self._down: dict[str, BindDown] = {}
        self._since: dict[str, float] = {}
        self._said: dict[str, set[tuple[str, str]]] = {}

    def begin(self, bind: str, reason: str, code: str, now: float) -> None:
        """The bind is down, still or anew; one line for each reason of an outage."""
        self._down[bind] = BindDown(bind, reason, code)
        self._since.setdefault(bind, now)
        said = self._said.setdefault(bind, set())
        if (reason, code) not in said:
            said.add((reason, code))
            log.warning("bind_down", operator=self._operator, bind=bind, reason=reason, code=code)

    def end(self, bind: str, now: float) -> None:
        """The bind is up."""
        if self._down.pop(bind, None) is not None:
            self._said.pop(bind, None)
            seconds = round(now - self._since.pop(bind), 1)
            log.info("bind_up", operator=self._operator, bind=bind, seconds=seconds)

    def now(self) -> Iterable[BindDown]:
        """The binds that are down, each with what was wrong last."""
        return self._down.values()
