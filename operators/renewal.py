"""Certificates that are renewed while the process runs: files that changed are loaded again at the next handshake.

Files that cannot be used, because half of them is written yet, change nothing: what was loaded goes on, with a line.
"""

import os
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators")

Stamp = tuple[tuple[int, int, int], ...]


_CLEANSE_PLAINTEXT: Final = 2  # SSL_OP_CLEANSE_PLAINTEXT, of OpenSSL 3, for which the library has no name


def wiping(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, and OpenSSL overwrites what came over its connections once that was read."""
    context.options |= ssl.Options(_CLEANSE_PLAINTEXT)
    return context


class Renewal:
    """build: makes a context of the files. Raises what that raises, the first time."""

    def __init__(self, build: Callable[[], ssl.SSLContext], files: Sequence[str | None]) -> None:
        self._build = build
        self._files = tuple(each for each in files if each is not None)
        self._stamp = self._look()
        self._context = wiping(build())

    def follow(self, other: "Renewal") -> None:
        """Of its files from now on, beginning with what it has loaded."""
        self._build, self._files = other._build, other._files
        self._stamp, self._context = other._stamp, other._context

    def context(self) -> ssl.SSLContext:
        """Of the files as they are now."""
        stamp = self._look()
        if stamp is not None and stamp != self._stamp:
            self._stamp = stamp
            self._renew()
        return self._context

    def _renew(self) -> None:
        try:
            self._context = wiping(self._build())
        except (OSError, ValueError) as error:  # SSLError is an OSError
            log.error("certificate_unusable", path=self._files[0], error_type=type(error).__name__)
        else:
            log.info("certificate_renewed", path=self._files[0])

    def _look(self) -> Stamp | None:
        """None while a file is missing."""
        try:
            found = [os.stat(each) for each in self._files]
        except OSError:
            return None
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def served(build: Callable[[], ssl.SSLContext], files: Sequence[str | None]) -> ssl.SSLContext:
    """A context for a listener, each of whose handshakes is by the files as they are then."""
    return serving(Renewal(build, files))


def serving(renewal: Renewal) -> ssl.SSLContext:
    """A context for a listener, each of whose handshakes is by what `renewal` has then."""
    first = renewal.context()

    def choose(connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = renewal.context()

    first.sni_callback = choose
    return first
