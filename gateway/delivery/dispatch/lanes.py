"""The waiting lines in front of the operators: bounded, in memory, fair.

Three queues: urgent traffic (one-time codes, warnings) goes first; then what was just accepted and what came back from
the ledger take turns, so neither an old backlog nor new traffic starves the other. Backlog may fill the lane only to
three quarters, which keeps room for new messages. What does not fit stays in the ledger and is fetched later.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.circuit import Circuit
from gateway.delivery.dispatch.exits import Exit
from gateway.delivery.dispatch.paused import Paused
from gateway.delivery.dispatch.references import ShortReferences
from gateway.delivery.routing import first_up
from gateway.model.message import Message, MessageClass
from gateway.process.clock import Clock
from operators.base import Operator
from redaction.egress import EgressContract

URGENT: Final = frozenset({MessageClass.OTP, MessageClass.WARNING})

MARKS: Final = 64
"""Looks at a lane of which it remembers what had come by then."""


class Lane:
    """The line of one operator. contract: what may leave to it. limit: messages that may wait here at once.

    link: to the operator. operator: the same, or `Paused` in front of it. is_draining: new messages go elsewhere where
    they can. reroute_to: the operator that gets what waits here while this one is paused; '' for none.
    is_leaving: the operator is no more in the settings; nothing new is sent to it, and the lane goes when its windows
    are empty. overflowed: the ledger may hold more for this lane than memory does. down_since: monotonic time, None
    while a bind is up. has_moved: the operator took something since the last `stood_still_s`. quiet_s: seconds for
    which it took nothing, whether or not it was to, as of the last `stood_still_s`. recording: messages whose attempt
    is being written down before they are sent. tied: codes that no other operator may carry, as far as was looked.
    passed: messages in the ledger that were looked at while the circuit was not closed and stay there until it is.
    """

    def __init__(
        self,
        operator: Operator,
        contract: EgressContract,
        circuit: Circuit,
        limit: int,
        references: ShortReferences | None = None,
    ) -> None:
        self._references: Final = references or ShortReferences()
        self.link = operator
        self.operator = operator
        self.is_draining = False
        self.reroute_to = ""
        self.exit = Exit(contract, self._references)
        self.circuit: Final = circuit
        self.limit = limit
        self.is_leaving = False
        self.overflowed = True
        self.down_since: float | None = 0.0
        self.has_moved = False
        self.quiet_s = 0.0
        self.recording = 0
        self.tied: set[bytes] = set()
        self.passed: set[bytes] = set()
        self._still_s = 0.0
        self._urgent_added = 0
        self._urgent_marks: deque[tuple[int, float]] = deque()
        self._looked_s = 0.0
        self._prepared: deque[Message] = deque()
        self._urgent: deque[Message] = deque()
        self._fresh: deque[Message] = deque()
        self._backlog: deque[Message] = deque()
        self._turn = False

    @property
    def takes_new(self) -> bool:
        """Whether a message that may go elsewhere may come here."""
        return not (self.is_leaving or self.is_draining)

    @property
    def is_paused(self) -> bool:
        return self.operator is not self.link

    def pause(self) -> None:
        self.operator = Paused(self.link)

    def resume(self) -> None:
        self.operator = self.link

    def __len__(self) -> int:
        return len(self._prepared) + len(self._urgent) + len(self._fresh) + len(self._backlog)

    def succeed(self, operator: Operator, contract: EgressContract) -> None:
        """Another link takes the operator's place; what waits here goes over it."""
        self.operator = Paused(operator) if self.is_paused else operator
        self.link = operator
        self.exit = Exit(contract, self._references)
        self.circuit.close()
        self.tied.clear()
        self.passed.clear()
        self.overflowed = True

    def add_fresh(self, message: Message) -> bool:
        """Queue a message that was just committed; False when the lane is full."""
        if len(self) >= self.limit or self.is_leaving:
            self.overflowed = True
            return False
        self._add(message, self._fresh)
        return True

    def add_backlog(self, message: Message) -> None:
        """Queue a message that the ledger handed out; the caller asked for no more than `backlog_room`."""
        self._add(message, self._backlog)

    def _add(self, message: Message, usual: deque[Message]) -> None:
        if message.message_class in URGENT:
            self._urgent_added += 1
            self._urgent.append(message)
        else:
            usual.append(message)

    def begun(self) -> list[Message]:
        """Those that were begun, and wait here."""
        return list(self._prepared)

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

    def take_where(
        self, is_wanted: Callable[[Message], bool], queues: Sequence[deque[Message]] | None = None
    ) -> list[Message]:
        """Take out every message that is wanted; the others keep their order."""
        taken: list[Message] = []
        for queue in queues or tuple(self._queues()):
            for _ in range(len(queue)):
                message = queue.popleft()
                (taken if is_wanted(message) else queue).append(message)
        return taken

    def take_over(self, now_ms: int) -> list[Message]:
        """Take out every message whose validity is over."""
        return self.take_where(lambda message: message.expires_ms <= now_ms)

    def take_codes(self) -> list[Message]:
        """Take out every one-time code that another operator may carry."""
        return self.take_where(self._is_free_code, (self._prepared, self._urgent))

    def _is_free_code(self, message: Message) -> bool:
        return message.message_class is MessageClass.OTP and message.id not in self.tied

    def stood_still_s(self, elapsed_s: float, is_blocked: bool) -> float:
        """Seconds for which something waited here and the operator took nothing. elapsed_s: since the last call.

        is_blocked: it is not the operator that holds the lane up.
        """
        self.quiet_s = 0.0 if is_blocked or self.has_moved else self.quiet_s + elapsed_s
        self._still_s = self._still_s + elapsed_s if self.quiet_s and len(self) else 0.0
        self.has_moved = False
        return self._still_s

    def urgent_wait_s(self, elapsed_s: float, is_blocked: bool) -> float:
        """For how long the oldest urgent message has been waiting here; to be called as `stood_still_s`.

        Each look leaves a mark, which goes when as many have left as had come by then. Of many marks the oldest count.
        """
        marks, left = self._urgent_marks, self._urgent_added - len(self._urgent)
        self._looked_s += elapsed_s
        while marks and (is_blocked or marks[0][0] <= left):
            marks.popleft()
        if self._urgent and not is_blocked and len(marks) < MARKS and (not marks or marks[-1][0] < self._urgent_added):
            marks.append((self._urgent_added, self._looked_s))
        return self._looked_s - marks[0][1] if marks else 0.0

    def _queues(self) -> Iterator[deque[Message]]:
        yield from (self._prepared, self._urgent, self._fresh, self._backlog)


class Lanes:
    """The lanes by the names of their operators. wake: set when the ledger should be looked into.

    contracts: by operator.
    """

    def __init__(
        self,
        operators: Mapping[str, Operator],
        contracts: Mapping[str, EgressContract],
        settings: DispatchSettings,
        clock: Clock,
    ) -> None:
        self._references = ShortReferences()
        self._settings = settings
        self.by_name: Final[dict[str, Lane]] = {}
        self.wake: Final = asyncio.Event()
        self._clock = clock
        for name, each in operators.items():
            self.add(each, contracts[name])

    def adopt(self, settings: DispatchSettings) -> None:
        """Limits and circuits, of every lane."""
        self._settings = settings
        for lane in self.by_name.values():
            lane.limit = settings.active_per_operator
            lane.circuit.adopt(
                settings.circuit_failures, settings.circuit_probe_first_s, settings.circuit_probe_limit_s
            )

    def add(self, operator: Operator, contract: EgressContract) -> None:
        """A lane for an operator that had none."""
        settings = self._settings
        circuit = Circuit(settings.circuit_failures, settings.circuit_probe_first_s, settings.circuit_probe_limit_s)
        limit = settings.active_per_operator
        self.by_name[operator.name] = Lane(operator, contract, circuit, limit, self._references)

    def remove(self, name: str) -> Lane:
        """The lane of an operator that is no more; whoever has it gives its messages away."""
        return self.by_name.pop(name)

    def every(self) -> Sequence[tuple[str, Lane]]:
        """The lanes that messages may be fetched for, with their names, as they are now."""
        return [(name, lane) for name, lane in self.by_name.items() if not lane.is_leaving]

    def note_overflow(self, name: str) -> None:
        """The ledger has something for this lane, if there is one."""
        lane = self.by_name.get(name)
        if lane is not None:
            lane.overflowed = True

    def is_up(self, name: str) -> bool:
        """Whether this operator can be submitted to now."""
        lane = self.by_name.get(name)
        return lane is not None and not lane.is_leaving and lane.operator.is_up()

    def takes_new(self, name: str) -> bool:
        """Whether a message that may go elsewhere may come to this operator now."""
        lane = self.by_name.get(name)
        return lane is not None and lane.takes_new and lane.operator.is_up()

    def takes_codes(self, name: str) -> bool:
        """Whether one-time codes may go there: it does its work, or it is to be tried and nothing else is there to try
        it with.
        """
        lane = self.by_name.get(name)
        if lane is None or not lane.takes_new or not lane.operator.is_up():
            return False
        if lane.circuit.is_closed:
            return True
        return lane.circuit.room(self._clock.monotonic()) > len(lane) and lane.operator.room() > 0

    def pick(self, candidates: Sequence[str], message_class: MessageClass) -> str:
        """The lane of a new message: that of the first candidate that can send now, or of the first of all."""
        if message_class is MessageClass.OTP and len(candidates) > 1:
            for name in candidates:
                if self.takes_codes(name):
                    return name
        return first_up(candidates, self.takes_new)

    def waiting(self) -> dict[str, int]:
        """Messages in memory per lane."""
        return {name: len(lane) for name, lane in self.by_name.items()}

    def look_again(self, name: str) -> None:
        """The ledger has something of this lane that memory let go of."""
        lane = self.by_name.get(name)
        if lane is not None:
            lane.overflowed = True
            self.wake.set()
