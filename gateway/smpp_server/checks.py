"""Passwords that wait to be compared, in a few threads of their own, never on the loop; each address in its turn.

Comparing is slow on purpose, so these threads give way to all others of the process. Whoever floods waits behind its
own guesses: an address has `PER_ADDRESS` of them waiting at the most, and the next comparison is another address's.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

THREADS: Final = 2
PER_ADDRESS: Final = 64
WAITING_LIMIT: Final = 512
"""Of all addresses: what the threads can do in a few seconds, before whoever waits has given up."""

GIVES_WAY: Final = 10
"""Steps of nice: about a tenth of the processor where the loop wants it, too, and all of it where it does not."""
LEAST: Final = 19

Compare = Callable[[], bool]
"""In a thread: whether it is the password."""
Done = Callable[[bool], None]


def _give_way() -> None:
    """This thread gets what the others leave, where the system has priorities by thread (Linux)."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        with contextlib.suppress(OSError):  # forbidden
            os.setpriority(os.PRIO_PROCESS, own, min(LEAST, os.getpriority(os.PRIO_PROCESS, own) + GIVES_WAY))


class Check:
    """One comparison. is_moot: asked when its turn comes; if so it is not made, and counts as wrong."""

    __slots__ = ("compare", "done", "is_moot")

    def __init__(self, compare: Compare, is_moot: Callable[[], bool], done: Done) -> None:
        self.compare: Final = compare
        self.is_moot: Final = is_moot
        self.done: Final = done


class Checks:
    """Call `close` at the end. made: comparisons, those under way among them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="bind", initializer=_give_way)
        self._waiting: OrderedDict[str, deque[Check]] = OrderedDict()
        self._count = 0
        self._running = 0
        self.made = 0

    def close(self) -> None:
        """What is not being compared yet is dropped."""
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def has_room(self, address: str) -> bool:
        """For one more of this address."""
        return self._count < WAITING_LIMIT and len(self._waiting.get(address, ())) < PER_ADDRESS

    def add(self, address: str, check: Check) -> None:
        """Its `done` is called once, perhaps at once."""
        self._waiting.setdefault(address, deque()).append(check)
        self._count += 1
        self._feed()

    def _feed(self) -> None:
        while self._waiting and self._running < THREADS:
            address, waiting = next(iter(self._waiting.items()))
            check = waiting.popleft()
            self._count -= 1
            if waiting:
                self._waiting.move_to_end(address)
            else:
                del self._waiting[address]
            if check.is_moot():
                check.done(False)
            else:
                self._start(check)

    def _start(self, check: Check) -> None:
        self._running += 1
        self.made += 1
        work = asyncio.get_running_loop().run_in_executor(self._pool, check.compare)

        def compared(result: asyncio.Future[bool]) -> None:
            self._running -= 1
            try:
                if not result.cancelled():
                    check.done(result.result())
            finally:
                self._feed()

        work.add_done_callback(compared)
