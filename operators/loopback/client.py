"""An operator in memory: takes every message, and sends a receipt for it.

It is the shortest complete operator, so it is the template for the next one, and the peer for tests and for trying the
gateway without any network. `answer` decides the result of each segment and `receipt` the state reported for it.
"""

import asyncio
from collections.abc import Callable, Sequence

from operators.base import (
    Accepted,
    DeliveryReceipt,
    Down,
    EventSink,
    MtMessage,
    OperatorEvent,
    OperatorHealth,
    Query,
    Ready,
    ReceiptState,
    SubmitResult,
    Submitted,
)

Answer = Callable[[MtMessage, int, str], SubmitResult]
"""(message, segment, the id it would get) to the result."""


def take_all(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
    """Accept everything."""
    return Accepted(identifier)


def deliver_all(_identifier: str) -> ReceiptState | None:
    """Every segment is delivered."""
    return ReceiptState.DELIVERED


class LoopbackOperator:
    """segments_of: how many segments a message has. room: how many messages may be unanswered at once."""

    def __init__(
        self,
        name: str,
        *,
        segments_of: Callable[[MtMessage], int],
        answer: Answer = take_all,
        receipt: Callable[[str], ReceiptState | None] = deliver_all,
        room: int = 256,
        known: Callable[[str], ReceiptState | None] = lambda _: None,
    ) -> None:
        self._name = name
        self._segments_of = segments_of
        self._answer = answer
        self._receipt = receipt
        self._window = room
        self._known = known
        self._events: list[OperatorEvent] = []
        self._sink: EventSink | None = None
        self._scheduled = False
        self._submitted = 0
        self._receipts = 0
        self.acknowledged: list[tuple[object, bool]] = []
        self.rejected: list[object] = []
        self.queries: list[Query] = []

    @property
    def name(self) -> str:
        return self._name

    async def start(self, sink: EventSink) -> None:
        self._sink = sink
        self._report(Ready(self._name))

    async def stop(self, deadline_s: float) -> None:
        """Nothing is outstanding for longer than one turn of the loop."""
        del deadline_s
        await asyncio.sleep(0)
        if self._sink is not None:
            self._sink((Down(self._name),))
        self._sink = None

    def is_up(self) -> bool:
        return self._sink is not None

    def room(self) -> int:
        return max(0, self._window - len(self._events)) if self._sink is not None else 0

    def submit(self, message: MtMessage) -> int:
        segments = message.only or range(self._segments_of(message))
        for segment in segments:
            self._submitted += 1
            result = self._answer(message, segment, f"{self._submitted:x}")
            self._report(Submitted(self._name, message.token, segment, result))
            if isinstance(result, Accepted) and message.receipt:
                self._report_receipt(result.operator_message_id)
        return len(segments)

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> int:
        """Every answer comes with the next turn of the loop."""
        del is_meant, waited_s
        return 0

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        self.acknowledged.extend((handle, taken) for handle in handles)

    def reject(self, handles: Sequence[object]) -> None:
        self.rejected.extend(handles)

    def query(self, asked: Query) -> bool:
        if self.room() <= 0:
            return False
        self.queries.append(asked)
        state = self._known(asked.operator_message_id)
        if state is not None:
            self._report(DeliveryReceipt(self._name, (asked.operator_message_id,), state, None, None, None))
        return True

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        """It takes whatever comes, over no connection."""

    def health(self) -> OperatorHealth:
        return OperatorHealth(
            name=self._name,
            state="up" if self.is_up() else "stopped",
            binds_up=int(self.is_up()),
            binds=1,
            window_used=len(self._events),
            window=self._window,
            throttled=0,
            submitted=self._submitted,
            receipts=self._receipts,
            unexpected_responses=0,
        )

    def _report_receipt(self, identifier: str) -> None:
        state = self._receipt(identifier)
        if state is not None:
            self._receipts += 1
            self._report(DeliveryReceipt(self._name, (identifier,), state, None, None, identifier))

    def _report(self, event: OperatorEvent) -> None:
        self._events.append(event)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        events, self._events = self._events, []
        if self._sink is not None and events:
            self._sink((*events, Ready(self._name)))
