"""The supervisor: keeps workers running, speaks for all of them, and ends with them.

A worker that dies is started again, after a pause that grows with jitter. Before the first worker was ever up a death
means that the settings or the surroundings are wrong: everything ends with its exit code. SIGTERM goes to every worker;
who is not done in time is killed.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final

from gateway.process.logs import logger
from gateway.process.system_errors import system_code
from gateway.workers.exchange import Page
from gateway.workers.liveness import Liveness
from gateway.workers.totals import Totals
from gateway.workers.worker import Command, Worker, resident_bytes

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
JSON: Final = "application/json"
KILLED_AFTER_S: Final = 5.0
"""Past their own deadline."""

_WELL: Final = (0, None, -signal.SIGTERM)
"""A worker dies of SIGTERM only before it has begun, and a dead one that was not started again has no code."""

log = logger("gateway.workers")


class Supervisor:
    """deadline_s: in which a worker says that it ends after SIGTERM. liveness_s: after which one that does not answer
    is started again. kept: descriptors that every worker inherits.
    """

    def __init__(
        self,
        count: int,
        command: Command,
        *,
        deadline_s: float,
        liveness_s: float,
        kept: Sequence[int] = (),
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.workers = [
            Worker(number, command, kept=kept, monotonic=monotonic, random=random) for number in range(1, count + 1)
        ]
        self._deadline_s = deadline_s
        self._liveness = Liveness(self.workers, liveness_s, monotonic)
        self._totals = Totals()
        self._stopping = asyncio.Event()
        self._was_up = False
        self._failed: int | None = None

    def stop(self) -> None:
        """End all workers; `run` returns when they have."""
        self._stopping.set()

    def tell_one(self, number: signal.Signals) -> None:
        """Give a worker that is up this signal: what it does of it concerns all."""
        for worker in self.workers:
            if worker.up.is_set():
                worker.pass_on(number)
                return

    async def run(self) -> int:
        """Run the workers until `stop`, or until one fails to start at all; the exit code."""
        keeping = [asyncio.ensure_future(self._keep(each)) for each in self.workers]
        looking = asyncio.ensure_future(self._liveness.run())
        try:
            await self._stopping.wait()
        finally:
            looking.cancel()
        log.info("stopping", count=len(self.workers), seconds=self._deadline_s)
        for worker in self.workers:
            worker.signal(signal.SIGTERM)
        _, late = await asyncio.wait(keeping, timeout=self._deadline_s + KILLED_AFTER_S)
        if late:
            self._kill()
            await asyncio.wait(keeping)
        for worker in self.workers:
            if self._was_up and worker.code not in _WELL:
                log.error("worker_failed_to_stop", worker=worker.number, code=worker.code)
        return self._exit_code()

    def _kill(self) -> None:
        for worker in self.workers:
            if worker.pid is not None:
                log.error("worker_killed", worker=worker.number)
                worker.signal(signal.SIGKILL)

    def _exit_code(self) -> int:
        if self._failed is not None:
            return self._failed
        return 0 if all(worker.code in _WELL for worker in self.workers) else 1

    async def until_up(self) -> None:
        """Until every worker is."""
        await asyncio.gather(*(worker.up.wait() for worker in self.workers))

    async def _keep(self, worker: Worker) -> None:
        while not self._stopping.is_set():
            code = await self._run_once(worker)
            if self._stopping.is_set():
                return
            if not self._was_up:
                log.error("worker_failed_to_start", worker=worker.number, code=code)
                self._failed = self._failed or code or 1
                self.stop()
                return
            log.error("worker_died", worker=worker.number, code=code)
            worker.code = None
            await self._pause(worker)

    async def _run_once(self, worker: Worker) -> int:
        up = asyncio.ensure_future(worker.up.wait())
        up.add_done_callback(lambda _: self._note_up(worker))
        try:
            return await worker.run()
        except OSError as error:  # the system has no process for it now
            log.error("worker_not_started", worker=worker.number, code=system_code(error))
            return 1
        finally:
            up.cancel()
            self._totals.retire(worker.number)

    def _note_up(self, worker: Worker) -> None:
        self._was_up = self._was_up or worker.up.is_set()

    async def _pause(self, worker: Worker) -> None:
        """Ends early when everything does."""
        pausing = asyncio.ensure_future(worker.pause())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([pausing, stopping], return_when=asyncio.FIRST_COMPLETED)
        pausing.cancel()
        stopping.cancel()

    # -------------------------------------------------------------------------------------------------------- pages

    async def metrics(self) -> Page:
        await self.gather_metrics()
        return Page(200, PROMETHEUS, self._totals.render(self._own()))

    async def gather_metrics(self) -> None:
        """Ask every worker, so that what it has counted is known when it dies."""
        asked = [worker.pid for worker in self.workers]
        for worker, answer, pid in zip(self.workers, await self._ask_all("/metrics"), asked, strict=True):
            self._totals.miss(worker.number)
            if answer is not None and answer[0] == 200 and pid == worker.pid:  # it may have died since, and be counted
                with contextlib.suppress(ValueError):
                    self._totals.note(worker.number, answer[1].decode())

    async def healthy(self) -> Page:
        """The supervisor answers."""
        return Page(200, JSON, b'{"status":"ok"}')

    async def ready(self) -> Page:
        """Ready when every worker that listens is, and any does. One that is gone does not; one that hangs does, and
        customers' connections with it.
        """
        pids = [worker.pid for worker in self.workers if worker.up.is_set()]
        answered = await self._ask_all("/readyz")
        hung = [
            worker
            for worker, answer in zip(self.workers, answered, strict=True)
            if answer is None and worker.up.is_set() and worker.pid in pids
        ]
        answers = [each for each in answered if each is not None]
        is_well = bool(answers) and not hung and all(status == 200 for status, _ in answers)
        ready = is_well and not self._stopping.is_set()
        counts = f'"workers":{len(self.workers)},"answering":{len(answers)}'
        return Page(200 if ready else 503, JSON, f'{{"ready":{str(ready).lower()},{counts}}}'.encode())

    async def _ask_all(self, path: str) -> Sequence[tuple[int, bytes] | None]:
        return await asyncio.gather(*(_answer_or_none(each, path) for each in self.workers))

    def _own(self) -> dict[str, tuple[str, str, dict[str, float]]]:
        memory = {str(worker.number): float(worker.resident_bytes()) for worker in self.workers if worker.pid}
        memory["supervisor"] = float(resident_bytes(os.getpid()))
        restarts = float(sum(worker.restarts for worker in self.workers))
        up = float(sum(worker.up.is_set() for worker in self.workers))
        return {
            "gateway_process_resident_bytes": ("gauge", "Memory of each process", memory),
            "gateway_workers": ("gauge", "Workers that there should be", {"": float(len(self.workers))}),
            "gateway_workers_up": (
                "gauge",
                "Workers that are",
                {"": up},
            ),
            "gateway_worker_restarts_total": ("counter", "Workers that were started again", {"": restarts}),
        }


async def _answer_or_none(worker: Worker, path: str) -> tuple[int, bytes] | None:
    try:
        return await worker.ask(path)
    except OSError:
        return None
