"""Every task is named, owned and watched, and what its death means is said where it starts.

    start      fatal: the loops without which a node does not do its work (journal, ledger, keys, dispatch, outcomes,
               webhooks, sweeper and the like). If one dies the node stops, and whoever watches it starts it again
    contain    contained: one connection, errand, delivery or look-up. An error ends it alone, is counted and logged
               (`gateway.process.containment`), and everything else goes on

What loops through the work of many is fatal, so it contains the error of each piece itself. Links to operators and
workers heal themselves inside.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from operators.contained import report

CANCEL_AGAIN_S: Final = 5.0
CUT_OFF_S: Final = 1.0
"""How long to wait for a cancelled task to end."""


class TaskOwner:
    """Starts named tasks and stops them again, last started first.

    `failed` resolves with the first exception that a fatal one dies of. again_s: after which a task that was cancelled
    and goes on is cancelled again.
    """

    def __init__(self, again_s: float = CANCEL_AGAIN_S) -> None:
        self._again_s = again_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._contained: dict[str, str] = {}
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` as a task of that name, which is fatal; names are unique while running."""
        if name in self._tasks:
            work.close()
            raise ValueError(f"a task named {name} is running")
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)
        return task

    def contain(self, kind: str, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` as a task whose error ends it alone. kind: one of `gateway.process.containment.WORKS`."""
        task = self.start(name, work)
        self._contained[name] = kind
        return task

    def running(self) -> tuple[str, ...]:
        return tuple(self._tasks)

    async def stop(self) -> None:
        """Cancel everything and wait for it. Again where it goes on: libraries swallow a cancellation now and then."""
        while tasks := list(self._tasks.values()):
            for task in reversed(tasks):
                task.cancel()
            await asyncio.wait(tasks, timeout=self._again_s)

    async def end(self, deadline_s: float) -> None:
        """Wait for what ends by itself, and cancel the rest at the deadline."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=deadline_s)
        await self.stop()

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = task.get_name()
        self._tasks.pop(name, None)
        kind = self._contained.pop(name, None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        if kind is not None:
            report(kind, error)
        elif not self.failed.done():
            self.failed.set_result(error)


async def ends_within(work: Coroutine[Any, Any, None], limit_s: float) -> bool:
    """Whether it ended by itself. What did not is cancelled, and not waited for where it goes on all the same."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait((task,), timeout=limit_s)
    if not done:
        task.cancel()
        await asyncio.wait((task,), timeout=CUT_OFF_S)
        return False
    task.result()
    return True
