"""Signals before anything is imported: what is told to end while it starts ends with 0, and nothing else kills it.

`gateway.process.signals` takes over once there is a loop.
"""

import os
import signal


def be_calm() -> None:
    """Nothing is open yet that would have to be closed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: os._exit(0))
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
