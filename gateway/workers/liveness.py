"""Workers that hang: asked each second, and killed when they do not answer, so that they are started again.

A worker that hangs still listens, and each connection that the system gives it hangs with it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.process.logs import logger
from gateway.workers.worker import Worker

LOOK_S: Final = 1.0
FAILURES: Final = 2
"""Unanswered questions at least: after a pause of the supervisor itself one fails, and the next is answered."""
START_S: Final = 300.0
"""In which a worker has to be up."""

log = logger("gateway.workers")


class _Silence:
    """Since when a process does not answer, in monotonic seconds, and to how many questions."""

    def __init__(self, pid: int, since: float) -> None:
        self.pid = pid
        self.since = since
        self.failures = 0


class Liveness:
    """limit_s: how long a worker that was up may be silent."""

    def __init__(self, workers: Sequence[Worker], limit_s: float, monotonic: Callable[[], float]) -> None:
        self._workers = workers
        self._limit_s = limit_s
        self._monotonic = monotonic
        self._silences: dict[int, _Silence] = {}

    async def run(self) -> None:
        while True:
            await asyncio.gather(*(self._look(each) for each in self._workers), asyncio.sleep(LOOK_S))

    async def _look(self, worker: Worker) -> None:
        pid, asked = worker.pid, self._monotonic()
        if pid is None:
            return
        try:
            await worker.ask("/healthz")
        except OSError:
            self._note(worker, pid, asked)
        else:
            self._silences.pop(worker.number, None)

    def _note(self, worker: Worker, pid: int, asked: float) -> None:
        """asked: when the question was, which is when this silence began if it is the first."""
        if worker.pid != pid:
            return
        silence = self._silences.get(worker.number)
        if silence is None or silence.pid != pid:
            silence = self._silences[worker.number] = _Silence(pid, asked)
        silence.failures += 1
        seconds = self._monotonic() - silence.since
        if silence.failures >= FAILURES and seconds >= (self._limit_s if worker.up.is_set() else START_S):
            log.error("worker_hung", worker=worker.number, seconds=round(seconds, 1))
            del self._silences[worker.number]
            worker.kill()
