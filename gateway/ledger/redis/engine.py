"""The shared engine: a Redis or Valkey, alone, behind sentinels or as a cluster, on which many nodes run.

The ledger is cut into partitions, each in one slot of the cluster. A node has partitions by lease: it places new
messages in them, dispatches what waits there, tells what is to be told and forgets what is due. A write carries the
lease's token, which the server compares; so a node that was paused cannot write over its successor. Everybody may read.

`apply` is atomic per partition and not over the whole batch; one batch places its new messages in one partition.
"""

import asyncio
import contextlib
import enum
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from gateway.ledger.contract import (
    Accept,
    Change,
    Exported,
    Found,
    LedgerFacts,
    LedgerFormat,
    LedgerUnavailable,
    NothingThere,
    Notify,
    Page,
    Replace,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    TagDue,
    TellLater,
    Told,
    Traffic,
    WriteOp,
    WriteResult,
)
from gateway.ledger.redis.accounts import AccountBook
from gateway.ledger.redis.checks import UnfitServer, check_server, pack_small_records, rewrite_log
from gateway.ledger.redis.demand import Demand
from gateway.ledger.redis.export import Exporter
from gateway.ledger.redis.fields import STORED_FIELDS
from gateway.ledger.redis.forgetting import Forgetter
from gateway.ledger.redis.formats import Formats
from gateway.ledger.redis.held import Holding
from gateway.ledger.redis.inbox import Inbox
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.leases import Leases
from gateway.ledger.redis.listing import Lister
from gateway.ledger.redis.marks import Marks
from gateway.ledger.redis.outbox import Outbox
from gateway.ledger.redis.packing import Records
from gateway.ledger.redis.reading import Reader
from gateway.ledger.redis.server import Access, Server
from gateway.ledger.redis.writing import Writer
from gateway.model.message import Message, OutboxEvent, Status
from gateway.process.clock import Clock
from gateway.process.hosts import random_name
from redaction.sealed import Pseudonym

LEASE_S: Final = 6.0
PATIENCE_S: Final = 5.0
REWRITE_S: Final = 24 * 3600


class Role(enum.Enum):
    """What an opener does with partitions: shares them with other nodes, needs them all, or leaves them alone."""

    NODE = "node"
    ALONE = "alone"
    BESIDE = "beside"


class RedisLedger:
    """See `gateway.ledger.contract.Ledger`.

    lease_s: how long a node that is not heard of keeps its partitions. patience_s: how long a write is repeated before
    it is unavailable. replicas: how many of them must have a write before it counts as durable. max_skew_s: largest
    difference from the server's clock; None spares the server every check, for tests. machine: as all processes of this
    machine call it (`gateway.process.hosts`); None for one that stands alone. records: of other fields, for tests.
    """

    works_beside = False

    def __init__(
        self,
        access: Access,
        clock: Clock,
        *,
        prefix: str = "cg",
        partitions: int = 64,
        role: Role = Role.NODE,
        lease_s: float = LEASE_S,
        patience_s: float = PATIENCE_S,
        replicas: int = 0,
        max_skew_s: float | None = None,
        machine: str | None = None,
        records: Records | None = None,
    ) -> None:
        self._clock = clock
        self._place = f"its server, prefix {prefix}"
        self._role = role
        self._max_skew_s = max_skew_s
        self.layout = Layout(prefix, partitions)
        self.holding = Holding()
        self.node = (machine or random_name()) + random_name()
        self.server = Server(access, replicas)
        self.records = records or Records()
        self._formats = Formats(self.server, self.layout, self.records, round(lease_s * 1000))
        self._marks = Marks(self.server, self.layout)
        self.leases = Leases(self.server, self.layout, self.holding, self.node, lease_s, self._formats, self._marks)
        serves = role is not Role.BESIDE
        self.holding.taken = self._taken
        self._writer = Writer(
            self.server,
            self.layout,
            self.holding,
            self.node,
            self.records,
            lost=self.leases.drop,
            patience_s=patience_s,
        )
        self._reader = Reader(self.server, self.layout, self.holding, self.records, serves=serves)
        self._lister = Lister(self.server, self.layout, self.records)
        self._outbox = Outbox(self.server, self.layout, self.holding, self.node, lease_s, serves=serves)
        self._forgetter = Forgetter(self.server, self.layout, self.holding, self.records, self._reader)
        self.inbox = Inbox(self.server, self.layout)
        self.demand = Demand(self.server, self.layout, self.node)
        self._accounts = AccountBook(self.server, self.layout)
        self._exporter = Exporter(self.server, self.layout, self.records)
        self._watches: dict[int, set[bytes | int]] = {}
        self._is_open = False

    async def look(self) -> LedgerFacts:
        await self.server.open(load=False)
        try:
            return await self._marks.look(self._place)
        finally:
            await self.server.close()

    async def open(self, *, create: bool = True) -> None:
        await self.server.open()
        try:
            if self._max_skew_s is not None:
                await check_server(self.server, self._clock, self._max_skew_s)
            await self._check_partitions(create=create)
            await self._marks.remember()
            await self._formats.check()
            await pack_small_records(self.server)
            if self._role is Role.ALONE:
                await self.leases.take_all()
            elif self._role is Role.NODE:
                await self.leases.join()
        except BaseException:
            await self.server.close()
            raise
        if self._role is not Role.BESIDE:
            self.leases.start()
        self._is_open = True

    async def _check_partitions(self, *, create: bool) -> None:
        """Messages are found by the number of partitions they were stored with. It has a sign once the format was
        raised, for nodes of the version before: they start on no other number than their own.
        """
        key, wanted = f"{self.layout.shared}:partitions", self.layout.partitions
        if create:
            await self.server.command("SET", key, wanted, "NX")
        said = await self.server.command("GET", key)
        if said is None:
            raise NothingThere(f"there is no ledger on {self._place}")
        found = abs(int(said))
        if found != wanted:
            raise UnfitServer(f"the ledger was begun with {found} partitions; the settings say {wanted}")

    async def marks(self) -> Mapping[str, int]:
        return await self._marks.all()

    async def set_marks(self, marks: Mapping[str, int]) -> None:
        await self._marks.set(marks)

    async def claim_mark(self, name: str, value: int) -> int:
        return await self._marks.claim(name, value)

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            await self.leases.leave()
            await self.server.close()

    # ---------------------------------------------------------------------------------------------------- partitions

    def _taken(self, partition: int) -> None:
        self._reader.touched((partition,))
        self._outbox.gained((partition,))

    def id_octets(self, size: int) -> bytes:
        """Random octets for a message's id, the first of which places it in a partition of ours."""
        drawn = self._clock.random(size)
        place = self.holding.place()
        return drawn if place is None else bytes((place,)) + drawn[1:]

    def has(self, identifier: bytes) -> bool:
        """Whether a message's partition is ours."""
        return self.layout.partition(identifier) in self.holding.partitions

    def takes(self, identifier: bytes) -> bool:
        """Whether its partition is ours and stays so."""
        held = self.holding.partitions.get(self.layout.partition(identifier))
        return held is not None and not held.giving

    # ------------------------------------------------------------------------------------------------------- messages

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        if not batch:
            return []
        self._need_open()
        try:
            results = await self._writer.apply(batch, self._clock.now_ms())
        finally:
            self.holding.turn()
            self._note_written(batch)
        self._reader.touched(self.layout.partition(op.message.id) for op in batch if isinstance(op, Change | Accept))
        self._outbox.wrote(
            (self.layout.partition(op.event.message), op.event.esme)
            for op in batch
            if isinstance(op, Change | Accept | Notify) and op.event is not None
        )
        return results

    @contextlib.contextmanager
    def _watching(self) -> Iterator[set[bytes | int]]:
        """What is written meanwhile: message ids, seqs of events. A reading may show it as it was before, and whoever
        excluded it may have let go of it by the time the answer is here.
        """
        written: set[bytes | int] = set()
        self._watches[id(written)] = written
        try:
            yield written
        finally:
            del self._watches[id(written)]

    def _note_written(self, batch: Sequence[WriteOp]) -> None:
        if self._watches:
            names = {_name(op) for op in batch}
            for each in self._watches.values():
                each.update(names)

    def _need_open(self) -> None:
        if not self._is_open:
            raise LedgerUnavailable("the ledger is not open")

    async def find(self, customer: int, message: bytes) -> Message | None:
        (found,) = await self._reader.find_many([message])
        is_theirs = found is not None and found.customer == customer and found.record_until_ms > self._clock.now_ms()
        return found if is_theirs else None

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        return await self._reader.find_many(messages)

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        return await self._lister.page(customer, status, since_ms, cursor, limit, self._clock.now_ms())

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        return await self._reader.list_subject(customer, subjects, limit, self._clock.now_ms())

    # ------------------------------------------------------------------------------------------------------- dispatch

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        self._need_open()
        with self._watching() as written:
            found = await self._reader.claim_due(operator, now_ms, limit, exclude)
            serves = self._role is not Role.BESIDE
            return [each for each in found if each.id not in written and not (serves and not self.takes(each.id))]

    async def lanes(self) -> Sequence[str]:
        return sorted(await self._reader.lanes())

    async def backlog(self, operator: str) -> int:
        return (await self._reader.lanes()).get(operator, 0)

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        return await self._reader.correlate(receipts)

    async def linked(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[bytes | None]:
        """As `correlate`, but only which message a link names, whether it is still stored or not."""
        return [None if value is None else value[:16] for value in await self._reader.linked(receipts)]

    # --------------------------------------------------------------------------------------------------------- outbox

    async def outbox_due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        with self._watching() as written:
            found = await self._outbox.due(now_ms, limit, exclude, esme, after, _now_s())
            return [each for each in found if each.seq not in written]

    async def outbox_size(self, esme: int = 0) -> int:
        return await self._outbox.size(esme, _now_s())

    # ------------------------------------------------------------------------------------------------------- counters

    async def count(self, name: str, bucket: int) -> int:
        return int(await self.server.command("HGET", self._counters(bucket), name) or 0)

    async def counts(self, bucket: int) -> dict[str, int]:
        fields = await self.server.command("HGETALL", self._counters(bucket))
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return {name.decode(): int(value) for name, value in pairs}

    def _counters(self, bucket: int) -> str:
        return f"{self.layout.shared}:n:{bucket}"

    # ------------------------------------------------------------------------------------------------------- accounts

    async def accounts_version(self) -> int:
        return await self._accounts.version()

    async def read_accounts(self) -> StoredAccounts:
        return await self._accounts.read()

    async def customers(self) -> Sequence[StoredCustomer]:
        return await self._accounts.customers()

    async def keys(self) -> Sequence[StoredKey]:
        return await self._accounts.keys()

    async def esmes(self) -> Sequence[StoredEsme]:
        return await self._accounts.esmes()

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return await self._accounts.endpoints()

    async def save_customer(
        self, customer: StoredCustomer, *, read: int | None = None, accounts: int | None = None
    ) -> int:
        return await self._accounts.save_customer(customer, read, accounts)

    async def save_key(self, key: StoredKey, *, read: int | None = None) -> int:
        return await self._accounts.save_key(key, read)

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None) -> int:
        return await self._accounts.save_esme(esme, read)

    async def save_endpoint(self, endpoint: StoredEndpoint, *, read: int | None = None) -> None:
        await self._accounts.save_endpoint(endpoint, read)

    async def delete_endpoint(self, customer: int) -> None:
        await self._accounts.delete_endpoint(customer)

    # ------------------------------------------------------------------------------------------------------ retention

    async def forget_content(self, now_ms: int, limit: int) -> int:
        return await self._forgetter.content(now_ms, limit)

    async def forget_records(self, now_ms: int, limit: int) -> int:
        return await self._forgetter.records(now_ms, limit)

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        return await self._forgetter.leftovers(now_ms, limit)

    async def checkpoint(self) -> None:
        """Have the append-only file written anew, which holds what was deleted until then: once a day, whichever node
        asks first. Keys are destroyed before, so that nothing there opens meanwhile (P-23).
        """
        self._need_open()
        key = f"{self.layout.shared}:rewritten"
        if await self.server.command("SET", key, self.node, "NX", "EX", REWRITE_S):
            await rewrite_log(self.server)

    async def retention_due(self, now_ms: int) -> Sequence[TagDue]:
        return await self._forgetter.due(now_ms)

    async def traffic(self, since_day: int, limit: int) -> Sequence[Traffic]:
        return await self._forgetter.traffic(since_day, limit)

    # --------------------------------------------------------------------------------------------------------- copies

    async def export(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Exported], bytes | None]:
        return await self._exporter.messages(cursor, self._clock.now_ms(), limit)

    async def export_events(self, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
        return await self._exporter.events(cursor)

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        await self._exporter.add_traffic(rows)

    async def format(self) -> LedgerFormat:
        return await self._formats.state()

    async def raise_format(self) -> LedgerFormat:
        return await self._formats.raise_to_newest()

    async def stored_fields(self) -> Sequence[str]:
        return STORED_FIELDS


def _name(op: WriteOp) -> bytes | int:
    """What the operation is about: a message, an event, or nothing."""
    if isinstance(op, Change | Accept | Replace):
        return op.message.id
    return op.seq if isinstance(op, Told | TellLater) else -1


def _now_s() -> float:
    return asyncio.get_running_loop().time()
