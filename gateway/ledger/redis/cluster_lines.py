"""Lines to the servers of a cluster: each question goes to the server that has its slot, and fails by itself.

A server that answers nothing costs its own slots and no others: its questions end when their time is up, and until it
answers one of them again all others to it end at once. Slots that moved are asked for at the server that has them now
(MOVED, ASK), and where they all are is asked anew then.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import structlog
from redis import exceptions as redis_errors
from redis.crc import key_slot

from gateway.ledger.redis.connections import Lines, Words

Place: TypeAlias = tuple[str, int]
"""Host and port."""
SLOTS: Final = 16_384
ROUNDS: Final = 6
"""A question may be sent on so often."""
PAUSE_S: Final = 0.05
REFRESH_S: Final = 2.0
"""For an answer to where the slots are."""
QUIET_S: Final = 10.0
"""Between two lines in the log about slots that moved."""
REFRESH_PAUSE_S: Final = 0.5
"""Between two looks at where the slots are."""
_FCALL_KEY: Final = 3

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway.ledger")


class _Node:
    """One server. client: redis-py's, for its pool of connections. is_silent: it did not answer in time."""

    def __init__(self, client: Any, timeout_s: float) -> None:
        self.client: Final = client
        self._lines = Lines(client.connection_pool, timeout_s)
        self.is_silent = False
        self._is_tried = False

    @property
    def opened(self) -> int:
        """Lines so far."""
        return self._lines.opened

    async def ask(self, questions: Sequence[Words]) -> list[Any]:
        """Raises what `Lines.ask` does; TimeoutError at once while it is silent and somebody waits for it already."""
        if self.is_silent and self._is_tried:
            raise TimeoutError
        is_trial, self._is_tried = self.is_silent, self.is_silent or self._is_tried
        try:
            answers = await self._lines.ask(questions)
        except (TimeoutError, redis_errors.TimeoutError):
            self.is_silent = True
            raise
        finally:
            if is_trial:
                self._is_tried = False
        self.is_silent = False
        return answers


class ClusterLines:
    """seeds: servers to ask where the slots are. connect: redis-py's client for one of them. failures: what that raises
    when a server is away. timeout_s: for an answer.
    """

    def __init__(
        self,
        seeds: Iterable[Place],
        connect: Callable[[str, int], Any],
        failures: tuple[type[BaseException], ...],
        timeout_s: float,
    ) -> None:
        self._seeds = tuple(seeds)
        self._connect = connect
        self._failures = failures
        self._timeout_s = timeout_s
        self._nodes: dict[Place, _Node] = {}
        self._slots: list[Place] = []
        self._is_stale = False
        self._refreshing: asyncio.Task[None] | None = None
        self._refreshed_at = float("-inf")
        self._moved = 0
        self._said_at = float("-inf")

    @property
    def opened(self) -> int:
        """Lines so far to the servers that are in use."""
        return sum(each.opened for each in self._nodes.values())

    async def ask(self, questions: Sequence[Words]) -> list[Any]:
        """An answer to each, or the error that it ended in. Raises one when no server says where the slots are."""
        now = asyncio.get_running_loop().time()
        if not self._slots or (self._is_stale and now - self._refreshed_at >= REFRESH_PAUSE_S):
            await self._refresh()
        answers: list[Any] = [None] * len(questions)
        where: dict[int, tuple[Place, bool]] = {
            at: (self._slots[_slot(words)], False) for at, words in enumerate(questions)
        }
        for _ in range(ROUNDS):
            groups: dict[Place, list[int]] = defaultdict(list)
            for at, (place, _) in where.items():
                groups[place].append(at)
            await asyncio.gather(
                *(self._ask_one(place, ats, questions, where, answers) for place, ats in groups.items())
            )
            where = self._sent_on(where, questions, answers)
            if not where:
                break
            if any(_kind(answers[at]) == "TRYAGAIN" for at in where):  # keys of the slot are on their way
                await asyncio.sleep(PAUSE_S)
        return answers

    async def _ask_one(
        self,
        place: Place,
        ats: Sequence[int],
        questions: Sequence[Words],
        where: dict[int, tuple[Place, bool]],
        answers: list[Any],
    ) -> None:
        """What one server is asked, in its order; a question that was asked for comes behind ASKING."""
        words: list[Words] = []
        places: list[int] = []
        for at in ats:
            if where[at][1]:
                words.append(("ASKING",))
            places.append(len(words))
            words.append(questions[at])
        try:
            said = await self._node(place).ask(words)
        except self._failures as error:
            self._is_stale = True
            said = [error] * len(words)
        for at, position in zip(ats, places, strict=True):
            answers[at] = said[position]

    def _sent_on(
        self, where: dict[int, tuple[Place, bool]], questions: Sequence[Words], answers: Sequence[Any]
    ) -> dict[int, tuple[Place, bool]]:
        """The questions that other servers are to be asked, with these."""
        onward: dict[int, tuple[Place, bool]] = {}
        for at, (place, _) in where.items():
            kind = _kind(answers[at])
            if kind == "TRYAGAIN":
                onward[at] = where[at]
            elif kind in ("MOVED", "ASK") and (target := _place(str(answers[at]), place)) is not None:
                onward[at] = (target, kind == "ASK")
                if kind == "MOVED":
                    self._note_moved(_slot(questions[at]), target)
        return onward

    def _note_moved(self, slot: int, place: Place) -> None:
        if self._slots[slot] != place:
            self._slots[slot] = place
            self._moved += 1
            self._is_stale = True

    def _node(self, place: Place) -> _Node:
        node = self._nodes.get(place)
        if node is None:
            node = self._nodes[place] = _Node(self._connect(*place), self._timeout_s)
        return node

    # ------------------------------------------------------------------------------------------- where the slots are

    async def _refresh(self) -> None:
        """One at a time, and whoever needs it waits for it."""
        if self._refreshing is None:
            self._is_stale = False
            self._refreshed_at = asyncio.get_running_loop().time()
            self._refreshing = asyncio.get_running_loop().create_task(self._ask_for_slots(), name="cluster slots")
        task = self._refreshing
        try:
            await asyncio.shield(task)
        finally:
            if task.done() and self._refreshing is task:
                self._refreshing = None

    async def _ask_for_slots(self) -> None:
        """The first answer counts. What was known stays when nobody answers."""
        known = dict.fromkeys((*self._slots[:: SLOTS // 64], *self._nodes, *self._seeds))
        places = [each for each in known if not self._node(each).is_silent] or list(known)
        asking = {asyncio.ensure_future(self._slots_of(place)) for place in places}
        error: BaseException = redis_errors.ConnectionError("no server says where the slots are")
        try:
            async with asyncio.timeout(REFRESH_S if self._slots else self._timeout_s):
                for each in asyncio.as_completed(asking):
                    try:
                        found = await each
                    except self._failures as failure:
                        error = failure
                        continue
                    self._take(found)
                    return
        except TimeoutError as failure:
            error = failure
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        if not self._slots:
            raise error

    async def _slots_of(self, place: Place) -> list[Place]:
        (answer,) = await self._node(place).ask([("CLUSTER", "SLOTS")])
        if isinstance(answer, Exception):
            raise answer
        found: list[Place | None] = [None] * SLOTS
        for first, last, (host, port, *_), *_ in answer:
            owner = ((host or b"").decode() or place[0], int(port))
            found[first : last + 1] = [owner] * (last + 1 - first)
        known = next((each for each in found if each is not None), None)
        if known is None:
            raise redis_errors.ConnectionError("the server has no slots")
        return [known if each is None else each for each in found]

    def _take(self, found: list[Place]) -> None:
        if self._slots:
            self._moved += sum(before != now for before, now in zip(self._slots, found, strict=True))
        self._slots = found
        now = asyncio.get_running_loop().time()
        if self._moved and now - self._said_at >= QUIET_S:
            log.warning("cluster_slots_moved", count=self._moved)
            self._moved, self._said_at = 0, now

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError, *self._failures):
                await self._refreshing
        for node in self._nodes.values():
            await node.client.aclose()
        self._nodes.clear()


def _slot(words: Words) -> int:
    """Of the first key."""
    key = words[_FCALL_KEY] if words[0] == "FCALL" else words[1]
    return int(key_slot(key if isinstance(key, bytes) else str(key).encode()))


def _kind(answer: Any) -> str:
    """The first word of what a server says in place of an answer."""
    return str(answer).partition(" ")[0] if isinstance(answer, redis_errors.ResponseError) else ""


def _place(text: str, asked: Place) -> Place | None:
    """From `MOVED 3999 127.0.0.1:6381`; without a host it is that of the server that was asked."""
    host, colon, port = text.rpartition(" ")[2].rpartition(":")
    return (host.strip("[]") or asked[0], int(port)) if colon and port.isdecimal() else None
