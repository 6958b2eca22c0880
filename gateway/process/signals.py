"""Signals to a process that serves: SIGTERM and SIGINT end it, SIGHUP reads certificates anew, and no other kills it.

SIGUSR1, SIGUSR2 and SIGQUIT have no meaning here; a line says that one came. A terminal that is closed sends SIGHUP.
"""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

from gateway.process.logs import logger
from gateway.process.tls import reload_certificates

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
HARMLESS: Final = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)

log = logger("gateway")


def handle(stop: Callable[[], None], hang_up: Callable[[], None]) -> None:
    """In the running loop. stop: for the first two. hang_up: for SIGHUP."""
    loop = asyncio.get_running_loop()
    for number in ENDING:
        loop.add_signal_handler(number, stop)
    for number in HARMLESS:
        if number is not signal.SIGHUP:
            loop.add_signal_handler(number, _ignored, number.name)
    loop.add_signal_handler(signal.SIGHUP, hang_up)


def read_certificates_anew() -> None:
    """Of the listeners; the settings are read at the start alone. What cannot be read leaves the old ones in use."""
    try:
        count = reload_certificates()
    except OSError as error:  # ssl.SSLError is one
        log.error("reload_failed", signal="SIGHUP", reason=type(error).__name__)
    else:
        log.info("reloaded", signal="SIGHUP", count=count)


def _ignored(name: str) -> None:
    log.info("signal_ignored", signal=name)
