"""Things to do later, with one heap and one timer for all of them."""

import asyncio
import heapq
from collections.abc import Callable


class Agenda:
    """ran: called once whatever was due together is done."""

    def __init__(self, ran: Callable[[], None]) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ran = ran

    def add(self, when: float, action: Callable[[], None]) -> None:
        """Do `action` at the loop's time `when`; what is due together runs in one turn."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, action))
        if self._heap[0][0] == when:
            self._arm()

    def clear(self) -> None:
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        when = self._heap[0][0]
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._run)

    def _run(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        heap = self._heap
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2]()
        self._ran()
        if heap:
            self._arm()
