"""One batch of write operations, sorted by where they go. Everything is copied out of the operations when it is made.

    links → digests → a call per partition → counters

Links come first, so that a receipt finds its message as soon as the change is durable. Within a partition the order is
that of the operations, but new messages first and the outcomes of events last.

Successive changes of one message travel as one as long as the earlier ones leave it open and notify no customer,
because then either all of them apply or none: an answer and its receipt that come in one read are one change.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.ledger.codes import OPEN_BELOW, STATUS_CODE, WAITING_BELOW, changes_over
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
from gateway.ledger.redis.layout import Layout, Numbers
from gateway.ledger.redis.packing import OTHER_KINDS_SINCE, Records, pack_event
from gateway.ledger.redis.usage import usage_place
from gateway.ledger.redis.wire import octets
from gateway.ledger.usage import Cell, coded, uses_of
from gateway.model.message import OPEN, OutboxEvent

ACCEPT, CHANGE, REPLACE, TOLD, TELL_LATER, NOTIFY = 1, 2, 3, 4, 5, 6

_DONE: Final = Written.DONE
_DROPS: Final = 3
"""Where a change says whether the content goes."""

Packed = list[object]
"""An operation as the server's functions take it: its kind, and what they need."""


Place = tuple[int, int, bytes]


class Claim(msgspec.Struct, gc=False):
    """The digests that a new message wants, one after the other, by slot, row group and field; and those under which an
    earlier one may stand.
    """

    index: int
    places: list[Place]
    message: bytes
    until_ms: int
    sought: list[Place]


class Batch:
    """`partitions`: for each partition its operations, each with its place in the batch. void: places of new messages
    whose id was declared void, and for whom another one stands.
    """

    def __init__(
        self, operations: Sequence[WriteOp], layout: Layout, records: Records, numbers: Numbers, now_ms: int
    ) -> None:
        self._layout = layout
        self._records = records
        self._numbers = numbers
        self.now_ms = now_ms
        self.results: list[WriteResult] = [_DONE] * len(operations)
        self.void: set[int] = set()
        self.claims: list[Claim] = []
        self.events: dict[int, tuple[OutboxEvent, int]] = {}
        self.links: dict[int, list[tuple[int, msgspec.Raw, msgspec.Raw]]] = defaultdict(list)
        self.counts: Counter[tuple[str, int]] = Counter()
        self._countable: list[tuple[int, Accept | Change]] = []
        self.partitions: dict[int, list[tuple[int, Packed]]] = defaultdict(list)
        self._open_changes: dict[bytes, int] = {}  # place among its partition's operations
        self._same: list[tuple[int, int]] = []  # changes that travel as a later one
        self._accepts: dict[int, list[tuple[int, Packed]]] = defaultdict(list)
        self._news: dict[int, list[tuple[int, Packed]]] = defaultdict(list)
        for index, operation in enumerate(operations):
            self._add(index, operation)
        self._put_in_order()

    def _add(self, index: int, operation: WriteOp) -> None:
        if isinstance(operation, Change):
            self._add_change(index, operation)
        elif isinstance(operation, Accept):
            self._add_accept(index, operation)
        elif isinstance(operation, Replace):
            message = operation.message
            self._open_changes.pop(message.id, None)
            packed: Packed = [REPLACE, octets(message.id), octets(self._records.pack_message(message))]
            self.partitions[self._layout.partition(message.id)].append((index, packed))
        elif isinstance(operation, Told):
            self._news[self._layout.seq_partition(operation.seq)].append((index, [TOLD, operation.seq]))
        elif isinstance(operation, TellLater):
            later: Packed = [TELL_LATER, operation.seq, operation.next_ms, operation.attempts]
            self._news[self._layout.seq_partition(operation.seq)].insert(0, (index, later))
        elif isinstance(operation, Count):
            self.counts[operation.name, operation.bucket] += operation.amount
        elif isinstance(operation, Notify):
            self._add_event(index, operation.event)

    def _add_accept(self, index: int, op: Accept) -> None:
        message = op.message
        partition = self._layout.partition(message.id)
        has_digest = op.idempotency is not None
        event = self._event(index, partition, op.event)
        packed: Packed = [ACCEPT, octets(message.id), octets(self._records.pack_message(message)), event, has_digest]
        self._accepts[partition].append((index, packed))
        self.results[index] = message.id
        self._countable.append((index, op))
        if op.idempotency is not None:
            customer, digest = message.customer, self._layout.digest
            places = [digest(customer, each) for each in (*op.before, op.idempotency)]
            sought = [digest(customer, each) for each in op.sought]
            self.claims.append(Claim(index, places, message.id, op.idempotency_until_ms, sought))

    def _add_event(self, index: int, event: OutboxEvent) -> None:
        if self._records.format < OTHER_KINDS_SINCE:
            self.results[index] = Written.NOT_DONE
            return
        partition = self._layout.partition(event.message)
        self.partitions[partition].append((index, [NOTIFY, self._event(index, partition, event)]))

    def _add_change(self, index: int, change: Change) -> None:
        message = change.message
        identifier = message.id
        partition = self._layout.partition(identifier)
        packed: Packed = [
            CHANGE,
            octets(identifier),
            WAITING_BELOW if change.only_waiting else OPEN_BELOW,
            change.drop_content,
            STATUS_CODE[message.status],
            message.due_ms or 0,
            message.content_until_ms,
            message.segments,
            octets(self._records.pack_state(message)),
            self._event(index, partition, change.event),
            self._records.mark,
            changes_over(change.over_unknown),
        ]
        self._place_change(index, change, packed, self.partitions[partition])
        if message.final_ms is not None:
            self._countable.append((index, change))
        for link in change.links:
            slot, row, field = self._layout.link(link.operator, link.operator_message_id)
            self.links[slot].append((row, octets(field), octets(identifier + bytes((link.segment,)))))

    def _place_change(self, index: int, change: Change, packed: Packed, operations: list[tuple[int, Packed]]) -> None:
        """At the end, or in place of the change that it takes in."""
        identifier = change.message.id
        at = self._open_changes.pop(identifier, None)
        if at is None or change.only_waiting or change.over_unknown:
            at = len(operations)
            operations.append((index, packed))
        else:
            earlier, taken_in = operations[at]
            packed[_DROPS] = packed[_DROPS] or taken_in[_DROPS]
            operations[at] = index, packed
            self._same.append((earlier, index))
        if change.event is None and not change.only_waiting and change.message.status in OPEN:
            self._open_changes[identifier] = at

    def usage(self) -> list[tuple[int, int, msgspec.Raw, int, int]]:
        """Rows of what was done of this batch, once that is known: customer, day, field, messages, segments."""
        sums: dict[Cell, list[int]] = {}
        for index, op in self._countable:
            result = self.results[index]
            if result is _DONE or result == op.message.id:
                for cell, messages, segments in uses_of(op):
                    of_cell = sums.setdefault(cell, [0, 0])
                    of_cell[0] += messages
                    of_cell[1] += segments
        return [(*usage_place(coded(cell)), messages, segments) for cell, (messages, segments) in sums.items()]

    def outcome(self) -> list[WriteResult]:
        """The results of all operations, once those that travelled have theirs, and messages that another one of the
        batch stands for, which may itself have given way.
        """
        indexes = {claim.message: claim.index for claim in self.claims}
        results = self.results
        for claim in self.claims:
            message = results[claim.index]
            while message in indexes and results[indexes[message]] != message:
                message = results[indexes[message]]
            results[claim.index] = message
        for earlier, later in reversed(self._same):
            self.results[earlier] = self.results[later]
        return self.results

    def _event(self, index: int, partition: int, event: OutboxEvent | None) -> object:
        if event is None:
            return False
        seq = self._numbers.next(partition, self.now_ms)
        self.events[index] = (event, seq)
        return [seq, event.esme, octets(pack_event(event))]

    def number(self, index: int) -> None:
        """The operation's event, if it has one, is stored under the number that was proposed for it.

        Events for an account's binds keep none: the node that delivers them, which may be another, reads them from the
        ledger.
        """
        event, seq = self.events.get(index, (None, 0))
        if event is not None and not event.esme:
            event.seq = seq

    def _put_in_order(self) -> None:
        for partition, accepts in self._accepts.items():
            self.partitions[partition] = accepts + self.partitions[partition]
        for partition, news in self._news.items():
            self.partitions[partition] += news

    def withdraw(self, index: int, partition: int) -> None:
        """A new message is not to be stored: an earlier one stands for it."""
        rest = [each for each in self.partitions[partition] if each[0] != index]
        if rest:
            self.partitions[partition] = rest
        else:
            del self.partitions[partition]
