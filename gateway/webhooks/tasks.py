"""Tasks that make a customer's events anew: what is asked, how far it is, and who asks, shows and cancels.

A task is a document. Whoever works at it writes after each step where it goes on, so another process can take it over
where the first one died; both write over what they read and nothing else, so a task that was cancelled stays so.
"""

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.message import WAITING, Status
from gateway.process.clock import Clock

KIND: Final = "task"
MOST_OPEN: Final = 20
"""Tasks of one customer that are not over."""
KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""A task is shown so long after its end."""
TYPES: Final = {f"message.{each}": each for each in Status if each not in {*WAITING, Status.SUBMITTED}}
"""Of events that can be made anew: the end of a message, and what a person wrote."""
_PAGE: Final = 200


class State(enum.Enum):
    """Of a task."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class Replay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Events of one customer whose time is from `since_ms` on and before `until_ms`; statuses: empty for all.

    cursor: where the walk over its messages goes on, b'' at the beginning. looked, made: messages so far, and events.
    by, beat_ms: the process that works at it, and when it last wrote.
    """

    customer: int
    owner: str
    since_ms: int
    until_ms: int
    asked_ms: int
    statuses: tuple[str, ...] = ()
    state: State = State.OPEN
    cursor: bytes = b""
    looked: int = 0
    made: int = 0
    by: str = ""
    beat_ms: int = 0
    ended_ms: int = 0


class Task(msgspec.Struct, frozen=True):
    """version: of its document."""

    id: str
    replay: Replay
    version: int


class UnknownTask(LookupError):
    """There is no task of that id, or not any more."""


class TooManyTasks(Exception):
    """The customer has as many open as it may have."""


_decode: Final = msgspec.msgpack.Decoder(Replay).decode
_encode: Final = msgspec.msgpack.Encoder().encode


class Tasks:
    """In the hands of an actor. What every method may raise: LedgerUnavailable."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor

    async def begin(self, customer: int, owner: str, since_ms: int, until_ms: int, types: Sequence[str] = ()) -> Task:
        """owner: the customer's public id. Raises InvalidSetting and TooManyTasks."""
        now_ms = self._clock.now_ms()
        unknown = [each for each in types if each not in TYPES]
        if unknown:
            raise InvalidSetting(f"types of events that can be made anew are {', '.join(sorted(TYPES))}")
        if not 0 <= since_ms < until_ms <= now_ms:
            raise InvalidSetting("a replay begins before it ends, and ends now at the latest")
        theirs = [each for each in await self.all() if each.replay.customer == customer]
        if sum(each.replay.state is State.OPEN for each in theirs) >= MOST_OPEN:
            raise TooManyTasks
        replay = Replay(
            customer=customer,
            owner=owner,
            since_ms=since_ms,
            until_ms=until_ms,
            asked_ms=now_ms,
            statuses=tuple(sorted({TYPES[each].value for each in types})),
        )
        name = f"task_{self._clock.random(8).hex()}"
        entries = [
            entry(Act.WEBHOOK_REPLAY, self._actor, known("task", name), now_ms=now_ms, customer=known("cus", owner))
        ]
        await self._acts.act([DocumentWrite(KIND, name, _encode(replay), ABSENT)], entries)
        return await self.find(name)

    async def find(self, name: str) -> Task:
        """Raises UnknownTask."""
        document = await self._acts.find(KIND, name) if name else None
        found = None if document is None else read_task(document)
        if found is None:
            raise UnknownTask("there is no such task")
        return found

    async def all(self) -> list[Task]:
        """By their ids."""
        found: list[Task] = []
        after = ""
        while page := await self._acts.of_kind(KIND, after, _PAGE):
            found += [task for each in page if (task := read_task(each)) is not None]
            after = page[-1].key
        return found

    async def cancel(self, name: str) -> Task:
        """Nothing more is made; what was made stays. One that is over stays as it is. Raises UnknownTask."""
        while True:
            task = await self.find(name)
            if task.replay.state is not State.OPEN:
                return task
            try:
                return await self.end(task, State.CANCELLED)
            except ChangedMeanwhile:
                continue  # it went on by a step

    async def end(self, task: Task, state: State) -> Task:
        """Raises ChangedMeanwhile."""
        now_ms = self._clock.now_ms()
        ended = msgspec.structs.replace(task.replay, state=state, ended_ms=now_ms)
        noted = entry(
            Act.TASK_END,
            self._actor,
            known("task", task.id),
            now_ms=now_ms,
            customer=known("cus", task.replay.owner),
            numbers={"done": ended.made},
        )
        return await self.write(task, ended, [noted])

    async def write(self, task: Task, replay: Replay, entries: Sequence[bytes] = ()) -> Task:
        """In place of what was read. Raises ChangedMeanwhile."""
        await self._acts.act([DocumentWrite(KIND, task.id, _encode(replay), task.version)], entries)
        found = await self.find(task.id)
        return Task(task.id, replay, found.version)

    async def forget(self, task: Task) -> None:
        """Raises ChangedMeanwhile."""
        await self._acts.act([DocumentWrite(KIND, task.id, None, task.version)])


def read_task(document: Document) -> Task | None:
    """None for one of another version of the gateway."""
    try:
        return Task(document.key, _decode(document.octets), document.version)
    except ROW_FAULTS:
        return None
