"""One batch of write operations as a plan of SQLite statements, and the plan's outcome as results of the operations.

Changes of one message that follow each other become one statement as long as the earlier ones left it open, because
then either all of them apply or none: an operator whose answer and receipt come in one read costs one UPDATE instead
of two.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.ledger.contract import (
    Accept,
    Change,
    Count,
    Notify,
    Replace,
    TellLater,
    Told,
    WriteOp,
    WriteResult,
    Written,
)
from gateway.ledger.sqlite.executing import stored_events
from gateway.ledger.sqlite.plan import Claim, Event, Outcome, Plan, Write
from gateway.ledger.sqlite.rows import (
    any_row,
    change_row,
    digest_row,
    earlier_rows,
    event_kind,
    event_row,
    fresh_row,
    is_fresh,
    replace_row,
)
from gateway.ledger.usage import Tally, coded
from gateway.model.message import OPEN, OutboxEvent

_DONE: Final = Written.DONE
_NOT_DONE: Final = Written.NOT_DONE


class _Merged:
    """One UPDATE, for one change or for several that follow each other."""

    __slots__ = ("change", "drop", "indexes", "number")

    change: Change

    def __init__(self, number: int) -> None:
        self.number = number
        self.indexes: list[int] = []
        self.drop = False


class Batch:
    """The operations of one `apply`. plan: what is to be done."""

    def __init__(self, operations: Sequence[WriteOp], now_ms: int) -> None:
        self.plan = Plan(now_ms)
        self._results: list[WriteResult] = [_DONE] * len(operations)
        self._claims: list[int] = []
        self._changes: list[_Merged] = []
        self._open_changes: dict[bytes, _Merged] = {}
        self._events: list[tuple[OutboxEvent, int | None, int | None]] = []
        self._replacements: list[int] = []
        self._told: list[int] = []
        self._counts: Counter[tuple[str, int]] = Counter()
        self._tally = Tally()
        self._over_binds = 0
        for index, operation in enumerate(operations):
            self._add(index, operation)
        self._finish_plan()

    def _add(self, index: int, operation: WriteOp) -> None:
        if isinstance(operation, Change):
            self._add_change(index, operation)
        elif isinstance(operation, Accept):
            self._add_accept(index, operation)
        elif isinstance(operation, Told):
            self._told.append(operation.seq)
        elif isinstance(operation, Replace):
            self._replacements.append(index)
            self.plan.replacements.append(replace_row(operation.message))
        elif isinstance(operation, TellLater):
            self.plan.later.append((operation.next_ms, operation.attempts, operation.seq))
        elif isinstance(operation, Count):
            self._counts[operation.name, operation.bucket] += operation.amount
        elif isinstance(operation, Notify):
            self._events.append((operation.event, None, None))

    def _add_accept(self, index: int, op: Accept) -> None:
        message, claim = op.message, None
        self._over_binds += message.key_id < 0
        self._results[index] = message.id
        if op.idempotency is not None:
            claim = len(self._claims)
            self._claims.append(index)
            now_ms = self.plan.now_ms
            digest, earlier = digest_row(op, now_ms), earlier_rows(op, now_ms)
            self.plan.claims.append(Claim(digest, message.id, any_row(message), earlier, self._tally.use(op)))
        else:
            if is_fresh(message):
                self.plan.fresh.append(fresh_row(message))
            else:
                self.plan.others.append(any_row(message))
            self._tally.use(op)
        if op.event is not None:
            self._events.append((op.event, None, claim))

    def _add_change(self, index: int, change: Change) -> None:
        message = change.message
        self._over_binds += message.key_id < 0
        merged = self._open_changes.pop(message.id, None)
        if merged is None or change.only_waiting or change.over_unknown:
            merged = _Merged(len(self._changes))
            self._changes.append(merged)
        merged.indexes.append(index)
        merged.change = change
        if change.drop_content:
            merged.drop = True
        if change.links:
            blob = bytearray(message.id)
            self.plan.links += [(link.operator, link.operator_message_id, blob, link.segment) for link in change.links]
        if change.event is not None:
            self._events.append((change.event, merged.number, None))
        if message.status in OPEN and not change.only_waiting:
            self._open_changes[message.id] = merged

    def _finish_plan(self) -> None:
        plan = self.plan
        plan.writes = [
            Write(merged.drop, change_row(merged.change), self._tally.use(merged.change)) for merged in self._changes
        ]
        plan.usage = [(*coded(cell), *sums) for cell, sums in zip(self._tally.cells, self._tally.sums, strict=True)]  # type: ignore[misc]
        plan.events = [Event(event_row(event), event_kind(event), write, claim) for event, write, claim in self._events]
        plan.mixed = any(each.kind is not None for each in plan.events)
        plan.over_binds = 2 * self._over_binds > len(self._results)
        plan.counts = [(*key, amount) for key, amount in self._counts.items()]
        if self._told:
            plan.told = runs(self._told)

    def settle(self, outcome: Outcome) -> list[WriteResult]:
        """The results in the order of the operations; each event that was stored gets its seq."""
        results = self._results
        for index, standing in zip(self._claims, outcome.standing, strict=True):
            results[index] = standing
        for number in outcome.undone:
            for index in self._changes[number].indexes:
                results[index] = _NOT_DONE
        for index, replaced in zip(self._replacements, outcome.replaced, strict=True):
            results[index] = _DONE if replaced else _NOT_DONE
        if self._events:
            stored = stored_events(self.plan, outcome.standing, outcome.undone)
            for seq, at in enumerate(stored, outcome.first_seq):
                self._events[at][0].seq = seq
        return results


def runs(numbers: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that follow each other. Binds answer in bursts, so there are few."""
    found: list[tuple[int, int]] = []
    first = last = -1
    for number in sorted(numbers):
        if number != last + 1:
            if first >= 0:
                found.append((first, last))
            first = number
        last = number
    found.append((first, last))
    return found
