"""The waiting lines in front of the operators: bounded, in memory, fair.

Three queues: urgent traffic (one-time codes, warnings) goes first; then what was just accepted and what came back from
the ledger take turns, so neither an old backlog nor new traffic starves the other. Backlog may fill the lane only to
three quarters, which keeps room for new messages. What does not fit stays in the ledger and is fetched later.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from gateway.delivery.dispatch.exits import Exit
from gateway.model.message import Message, MessageClass
from operators.base import Operator
from redaction.egress import EgressContract

URGENT: Final = frozenset({MessageClass.OTP, MessageClass.WARNING})


class Lane:
    """The line of one operator. contract: what may leave to it. limit: messages that may wait here at once."""

    def __init__(self, operator: Operator, contract: EgressContract, limit: int) -> None:
        self.operator: Final = operator
        self.exit: Final = Exit(contract)
        self.limit: Final = limit
        self.overflowed = True  # the ledger may hold more for this lane than memory does
        self.down_since: float | None = 0.0
        self._prepared: deque[Message] = deque()
        self._urgent: deque[Message] = deque()
        self._fresh: deque[Message] = deque()
        self._backlog: deque[Message] = deque()
        self._turn = False

    def __len__(self) -> int:
        return len(self._prepared) + len(self._urgent) + len(self._fresh) + len(self._backlog)

    def add_fresh(self, message: Message) -> bool:
        """Queue a message that was just committed; False when the lane is full."""
        if len(self) >= self.limit:
            self.overflowed = True
            return False
        queue = self._urgent if message.message_class in URGENT else self._fresh
        queue.append(message)
        return True

    def add_backlog(self, message: Message) -> None:
        """Queue a message that the ledger handed out; the caller asked for no more than `backlog_room`."""
        queue = self._urgent if message.message_class in URGENT else self._backlog
        queue.append(message)

    def put_back(self, message: Message) -> None:
        """Queue a message that was begun: it goes first."""
        self._prepared.append(message)

    def backlog_room(self) -> int:
        return max(0, self.limit * 3 // 4 - len(self))

    def runs_low(self) -> bool:
        return len(self) < self.limit // 4

    def next(self) -> Message | None:
        """The message whose turn it is."""
        if self._prepared:
            return self._prepared.popleft()
        if self._urgent:
            return self._urgent.popleft()
        first, second = (self._backlog, self._fresh) if self._turn else (self._fresh, self._backlog)
        self._turn = not self._turn
        if first:
            return first.popleft()
        return second.popleft() if second else None

    def remove(self, message: Message) -> bool:
        """Take a message out again, wherever it waits."""
        for queue in self._queues():
            if message in queue:
                queue.remove(message)
                return True
        return False

    def take_all(self) -> list[Message]:
        """Empty the lane, to give its messages to another."""
        taken = [message for queue in self._queues() for message in queue]
        for queue in self._queues():
            queue.clear()
        return taken

    def take_where(self, is_wanted: Callable[[Message], bool]) -> list[Message]:
        """Take out every message that is wanted; the others keep their order."""
        taken: list[Message] = []
        for queue in self._queues():
            for _ in range(len(queue)):
                message = queue.popleft()
                (taken if is_wanted(message) else queue).append(message)
        return taken

    def _queues(self) -> Iterator[deque[Message]]:
        yield from (self._prepared, self._urgent, self._fresh, self._backlog)


class Lanes:
    """The lanes by the names of their operators. wake: set when the ledger may hold work for one of them.

    contracts: by operator. limit: of each lane.
    """

    def __init__(self, operators: Mapping[str, Operator], contracts: Mapping[str, EgressContract], limit: int) -> None:
        self.by_name: Final = {name: Lane(each, contracts[name], limit) for name, each in operators.items()}
        self.wake: Final = asyncio.Event()

    def is_up(self, name: str) -> bool:
        """Whether this operator can be submitted to now."""
        lane = self.by_name.get(name)
        return lane is not None and lane.operator.is_up()

    def waiting(self) -> dict[str, int]:
        """Messages in memory per lane."""
        return {name: len(lane) for name, lane in self.by_name.items()}

    def look_again(self, name: str) -> None:
        """The ledger has something of this lane that memory let go of."""
        lane = self.by_name.get(name)
        if lane is not None:
            lane.overflowed = True
            self.wake.set()
