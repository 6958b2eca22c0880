"""Before anything is imported: what is told to end while it starts ends with 0, and no other signal kills it; standard
streams are there.

`gateway.process.signals` takes over once there is a loop.
"""

import os
import signal
from typing import Final

_STANDARD_ERROR: Final = 2


def be_calm() -> None:
    """Nothing is open yet that would have to be closed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: os._exit(0))
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))


def have_standard_streams() -> None:
    """Where a process is started without one of its three, the next file that it opens, such as the ledger, would be
    what libraries write their last words to.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        os.set_inheritable(number, True)
    os.close(number)
