"""A ledger in memory: small, real enough for whatever stands in front of one. It has its roles all in one object."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from gateway.ledger.contract import (
    Accept,
    Change,
    ChangedMeanwhile,
    Count,
    LedgerUnavailable,
    NameTaken,
    Page,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    Used,
    WriteOp,
    WriteResult,
    Written,
)
from gateway.model.message import Message, Status
from redaction.sealed import Pseudonym
from tests.unit.gateway.small_acts import SmallActs

S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)


class SmallUsage:
    """What was added; batches count nothing here."""

    def __init__(self) -> None:
        self._cells: dict[Used, tuple[int, int]] = {}

    async def of_customer(self, customer: int, from_hour: int, until_hour: int) -> Sequence[Used]:
        cells = [
            msgspec.structs.replace(cell, messages=messages, segments=segments)
            for cell, (messages, segments) in self._cells.items()
            if cell.customer == customer and from_hour <= cell.hour < until_hour
        ]
        return sorted(cells, key=lambda cell: cell.hour)

    async def customers(self) -> Sequence[int]:
        return sorted({cell.customer for cell in self._cells})

    async def add(self, rows: Sequence[Used]) -> None:
        for row in rows:
            cell = msgspec.structs.replace(row, messages=0, segments=0)
            messages, segments = self._cells.get(cell, (0, 0))
            self._cells[cell] = messages + row.messages, segments + row.segments


class SmallLedger:
    """`broken` makes every call raise LedgerUnavailable. `reads` counts full readings of the accounts."""

    works_beside = False

    def __init__(self) -> None:
        self.broken = False
        self.reads = 0
        self.messages: dict[bytes, Message] = {}
        self.idempotency: dict[tuple[int, bytes], bytes] = {}
        self.counters: dict[tuple[str, int], int] = {}
        self._customers: dict[int, StoredCustomer] = {}
        self._keys: dict[int, StoredKey] = {}
        self._endpoints: dict[int, StoredEndpoint] = {}
        self._esmes: dict[int, StoredEsme] = {}
        self._version = 0
        self.acts = SmallActs()

    async def open(self) -> None:
        self._work()

    async def close(self) -> None: ...

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        self._work()
        return [self._apply(op) for op in batch]

    async def find(self, customer: int, message: bytes) -> Message | None:
        self._work()
        found = self.messages.get(message)
        return found if found is not None and found.customer == customer else None

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        return [self.messages.get(each) for each in messages]

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        self._work()
        fitting = [
            each
            for each in sorted(self.messages.values(), key=lambda message: message.id, reverse=True)
            if each.customer == customer
            and status in (None, each.status)
            and each.accepted_ms >= (since_ms or 0)
            and (cursor is None or each.id < cursor)
        ]
        more = len(fitting) > limit
        return Page(tuple(fitting[:limit]), fitting[limit - 1].id if more else None)

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        return [each for each in self.messages.values() if each.customer == customer and each.subject in subjects]

    async def count(self, name: str, bucket: int) -> int:
        return self.counters.get((name, bucket), 0)

    async def counts(self, bucket: int) -> dict[str, int]:
        self._work()
        return {name: amount for (name, day), amount in self.counters.items() if day == bucket}

    async def version(self) -> int:
        self._work()
        return self._version

    async def read(self) -> StoredAccounts:
        self.reads += 1
        return StoredAccounts(
            customers=tuple(self._customers.values()),
            keys=tuple(self._keys.values()),
            esmes=tuple(self._esmes.values()),
            endpoints=tuple(self._endpoints.values()),
        )

    async def customers(self) -> Sequence[StoredCustomer]:
        return tuple(self._customers.values())

    async def keys(self) -> Sequence[StoredKey]:
        return tuple(self._keys.values())

    async def esmes(self) -> Sequence[StoredEsme]:
        return tuple(self._esmes.values())

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return tuple(self._endpoints.values())

    async def save_customer(
        self,
        customer: StoredCustomer,
        *,
        read: int | None = None,
        accounts: int | None = None,
        entries: Sequence[bytes] = (),
    ) -> int:
        number = customer.id or len(self._customers) + 1
        if accounts not in (None, self._version):
            raise ChangedMeanwhile
        self._customers[number] = self._written(customer, self._customers.get(number), read, entries, id=number)
        return number

    async def save_key(self, key: StoredKey, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        number = key.id or len(self._keys) + 1
        if any(each.prefix == key.prefix and each.id != number for each in self._keys.values()):
            raise NameTaken
        self._keys[number] = self._written(key, self._keys.get(number), read, entries, id=number)
        return number

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        number = esme.id or len(self._esmes) + 1
        if any(each.system_id == esme.system_id and each.id != number for each in self._esmes.values()):
            raise NameTaken
        self._esmes[number] = self._written(esme, self._esmes.get(number), read, entries, id=number)
        return number

    async def save_endpoint(
        self, endpoint: StoredEndpoint, *, read: int | None = None, entries: Sequence[bytes] = ()
    ) -> None:
        standing = self._endpoints.get(endpoint.customer)
        self._endpoints[endpoint.customer] = self._written(endpoint, standing, read, entries)

    def _written(self, row: S, standing: S | None, read: int | None, entries: Sequence[bytes], **changes: int) -> S:
        if read not in (None, 0 if standing is None else standing.version):
            raise ChangedMeanwhile
        self._version += 1
        self.acts.keep(entries)
        return msgspec.structs.replace(row, version=self._version, **changes)

    async def delete_endpoint(self, customer: int, *, entries: Sequence[bytes] = ()) -> None:
        self._endpoints.pop(customer, None)
        self.acts.keep(entries)
        self._version += 1

    def _work(self) -> None:
        if self.broken:
            raise LedgerUnavailable

    def _apply(self, op: WriteOp) -> WriteResult:
        if isinstance(op, Accept):
            message = op.message
            if op.idempotency is not None:
                names = [(message.customer, each) for each in (*op.before, *op.sought, op.idempotency)]
                standing = next((self.idempotency[each] for each in names if each in self.idempotency), message.id)
                self.idempotency.setdefault(names[-1], standing)
                if standing != message.id:
                    return standing
            self.messages[message.id] = message
            return message.id
        if isinstance(op, Count):
            name = (op.name, op.bucket)
            self.counters[name] = self.counters.get(name, 0) + op.amount
        if isinstance(op, Change):
            self.messages[op.message.id] = op.message
        return Written.DONE
