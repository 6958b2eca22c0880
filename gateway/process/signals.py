"""Signals to a process that serves: SIGTERM and SIGINT end it, SIGHUP has it reload, and no other kills it.

SIGUSR1, SIGUSR2 and SIGQUIT have no meaning here; a line says that one came. A terminal that is closed sends SIGHUP.
"""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

from gateway.process.logs import logger

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


def _ignored(name: str) -> None:
    log.info("signal_ignored", signal=name)
