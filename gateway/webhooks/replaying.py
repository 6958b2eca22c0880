"""Makes customers' events anew, out of what is still stored of their messages.

A process takes a task at which nobody works, walks through the customer's messages by pages, and stores an event for
each whose end is in the time that is asked for: with the id that it had, so who has it already knows it again. What is
gone is not made anew: no event of a record that was forgotten, and no text that was destroyed.

It keeps behind what is delivered: while more than `MOST_WAITING` events wait it stores none.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable, Notify
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Messages, Outbox
from gateway.model import reports
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.owners import esme_of
from gateway.process.clock import Clock
from gateway.webhooks.tasks import KEPT_MS, Replay, State, Task, Tasks
from operators.contained import report

INTERVAL_S: Final = 1.0
PAGE: Final = 100
MOST_WAITING: Final = 2_000
SILENT_MS: Final = 30_000
"""A process that has not written for so long does not work at its task any more."""


class Replayer:
    """Start `run` as a task. name: of this process, random. reach_ms: how long before its end a message may have been
    accepted. stored: called when events are in the outbox that nobody was offered.
    """

    def __init__(
        self,
        tasks: Tasks,
        messages: Messages,
        outbox: Outbox,
        journal: Journal,
        clock: Clock,
        *,
        reach_ms: int,
        stored: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._messages = messages
        self._outbox = outbox
        self._journal = journal
        self._clock = clock
        self._name = clock.random(8).hex()
        self._reach_ms = reach_ms
        self._stored = stored
        self.made = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.look()
            except (LedgerUnavailable, ChangedMeanwhile):
                continue
            except Exception as error:  # of one task, for which nothing else is to end
                report("task", error)

    async def look(self) -> None:
        """Work at each task at which nobody does, as far as there is room; forget old ones. Raises LedgerUnavailable,
        ChangedMeanwhile.
        """
        now_ms = self._clock.now_ms()
        for task in await self._tasks.all():
            replay = task.replay
            if replay.state is not State.OPEN:
                if replay.ended_ms + KEPT_MS < now_ms:
                    await self._tasks.forget(task)
            elif replay.by in ("", self._name) or replay.beat_ms + SILENT_MS < now_ms:
                with suppress(ChangedMeanwhile):  # somebody else took it, or it was cancelled
                    await self._work_at(task)

    async def _work_at(self, task: Task) -> None:
        while task.replay.state is State.OPEN:
            if await self._outbox.size() >= MOST_WAITING:
                await self._tasks.write(task, self._beat(task.replay))
                return
            task = await self._step(task)
            await asyncio.sleep(0)

    def _beat(self, replay: Replay) -> Replay:
        return msgspec.structs.replace(replay, by=self._name, beat_ms=self._clock.now_ms())

    async def _step(self, task: Task) -> Task:
        """One page. Its events are durable before the task goes on: after a crash they are made once more."""
        replay = task.replay
        page = await self._messages.list_messages(
            replay.customer,
            status=None,
            since_ms=max(0, replay.since_ms - self._reach_ms),
            cursor=replay.cursor or None,
            limit=PAGE,
        )
        events = [event for each in page.messages if (event := self._event(replay, each)) is not None]
        if events:
            await asyncio.gather(*(self._journal.write(Notify(each)) for each in events))
            self._stored()
            self.made += len(events)
        replay = msgspec.structs.replace(
            self._beat(replay),
            cursor=page.cursor or b"",
            looked=replay.looked + len(page.messages),
            made=replay.made + len(events),
        )
        if page.cursor is None:
            return await self._tasks.end(Task(task.id, replay, task.version), State.DONE)
        return await self._tasks.write(task, replay)

    def _event(self, replay: Replay, message: Message) -> OutboxEvent | None:
        """None for one that the task is not about, or whose account's binds are notified."""
        event = event_of(message, self._clock.now_ms())
        if event is None or not replay.since_ms <= event.at_ms < replay.until_ms:
            return None
        return None if replay.statuses and message.status.value not in replay.statuses else event


def event_of(message: Message, now_ms: int) -> OutboxEvent | None:
    """How a message ended, to be told at once, under the id that the event has always had; None before its end, and
    where an account's binds are notified, or a callback did not ask for it.
    """
    at_ms = message.accepted_ms if message.status is Status.RECEIVED else message.final_ms
    if at_ms is None or esme_of(message.key_id):
        return None
    if message.notify and not reports.asks_for(message.notify, message.status):
        return None
    return OutboxEvent(
        customer=message.customer, message=message.id, status=message.status, at_ms=at_ms, next_ms=now_ms
    )
