"""The shared engine: a Redis or Valkey, alone, behind sentinels or as a cluster, on which many nodes run.

The ledger is cut into partitions, each in one slot of the cluster. A node has partitions by lease: it places new
messages in them, dispatches what waits there, delivers the events there and forgets what is due. A write carries the
lease's token, which the server compares; so a node that was paused cannot write over its successor. Everybody may read.

`apply` is atomic per partition and not over the whole batch; one batch places its new messages in one partition.
"""

from collections.abc import Sequence

from gateway.ledger.contract import (
    Accept,
    Change,
    LedgerFacts,
    LedgerUnavailable,
    NothingThere,
    Notify,
    OutcomeUnknown,
    WriteOp,
    WriteResult,
)
from gateway.ledger.redis.accounts import AccountBook
from gateway.ledger.redis.acts import Acts
from gateway.ledger.redis.balances import Balances
from gateway.ledger.redis.checks import UnfitServer, check_server, durability_fault, pack_small_records
from gateway.ledger.redis.counters import Counters
from gateway.ledger.redis.demand import Demand
from gateway.ledger.redis.export import Copies
from gateway.ledger.redis.fields import STORED_FIELDS
from gateway.ledger.redis.forgetting import Retention
from gateway.ledger.redis.formats import Formats
from gateway.ledger.redis.inbox import Inbox
from gateway.ledger.redis.leases import Leases
from gateway.ledger.redis.marks import Marks
from gateway.ledger.redis.member import Member, Role, Terms
from gateway.ledger.redis.messages import Messages
from gateway.ledger.redis.outbox import Outbox
from gateway.ledger.redis.packing import Records
from gateway.ledger.redis.permissions import Permissions
from gateway.ledger.redis.server import Access, Server
from gateway.ledger.redis.usage import Usage
from gateway.ledger.redis.watches import Watches
from gateway.ledger.redis.work import Work
from gateway.ledger.redis.writing import Writer
from gateway.process.clock import Clock
from gateway.process.hosts import random_name


class RedisLedger:
    """See `gateway.ledger.roles.Ledger`.

    machine: as all processes of this machine call it (`gateway.process.hosts`); None for one that stands alone.
    records: of other fields, for tests.
    """

    works_beside = False

    def __init__(
        self,
        access: Access,
        clock: Clock,
        terms: Terms | None = None,
        *,
        role: Role = Role.NODE,
        machine: str | None = None,
        records: Records | None = None,
    ) -> None:
        self._clock = clock
        self._terms = terms = terms or Terms()
        self._place = f"its server, prefix {terms.prefix}"
        self._role = role
        node = (machine or random_name()) + random_name()
        server = Server(access, terms.replicas)
        self.member = member = Member(server, terms, records or Records(), node, serves=role is not Role.BESIDE)
        self._watches = watches = Watches()
        self.messages = Messages(member, clock)
        self.work = Work(member, watches)
        self.outbox = Outbox(member, watches)
        self.counters = Counters(member)
        self.usage = Usage(member)
        self.balances = Balances(member)
        self.accounts = AccountBook(member)
        self.retention = Retention(member)
        self.copies = Copies(member, clock)
        self.formats = Formats(member)
        self.marks = Marks(server, member.layout)
        self.acts = Acts(member, self.marks)
        self.permissions = Permissions(member, self.marks)
        self.leases = Leases(member, self.formats, self.marks)
        self.inbox = Inbox(server, member.layout)
        self.demand = Demand(server, member.layout, node)
        self._writer = Writer(member, lost=self.leases.drop)
        member.holding.taken = self._taken

    async def look(self) -> LedgerFacts:
        await self.member.server.open(load=False)
        try:
            return await self.marks.look(self._place)
        finally:
            await self.member.server.close()

    async def open(self, *, create: bool = True) -> None:
        server = self.member.server
        await server.open()
        try:
            if self._terms.max_skew_s is not None:
                await check_server(server, self._clock, self._terms.max_skew_s)
            await self._check_partitions(create=create)
            await self.marks.remember()
            await self.formats.check()
            await pack_small_records(server)
            if self._role is Role.ALONE:
                await self.leases.take_all()
            elif self._role is Role.NODE:
                await self.leases.join()
        except BaseException:
            await server.close()
            raise
        if self._role is not Role.BESIDE:
            self.leases.start()
        self.member.is_open = True

    async def _check_partitions(self, *, create: bool) -> None:
        """Messages are found by the number of partitions they were stored with. It has a sign once the format was
        raised, for nodes of the version before: they start on no other number than their own.
        """
        key, wanted = f"{self.member.layout.shared}:partitions", self._terms.partitions
        if create:
            await self.member.server.command("SET", key, wanted, "NX")
        said = await self.member.server.command("GET", key)
        if said is None:
            raise NothingThere(f"there is no ledger on {self._place}")
        found = abs(int(said))
        if found != wanted:
            raise UnfitServer(f"the ledger was begun with {found} partitions; the settings say {wanted}")

    async def close(self) -> None:
        if self.member.is_open:
            self.member.is_open = False
            await self.leases.leave()
            await self.member.server.close()

    def _taken(self, partition: int) -> None:
        self.work.touched((partition,))
        self.outbox.gained((partition,))

    def id_octets(self, size: int, /) -> bytes:
        """Random octets for a message's id, the first of which places it in a partition of ours."""
        drawn = self._clock.random(size)
        place = self.member.holding.place()
        return drawn if place is None else bytes((place,)) + drawn[1:]

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        if not batch:
            return []
        member = self.member
        member.need_open()
        try:
            results = await self._writer.apply(batch, self._clock.now_ms())
        except LedgerUnavailable as error:
            raise OutcomeUnknown(str(error)) from error
        finally:
            member.holding.turn()
            self._watches.note(batch)
        partition = member.layout.partition
        self.work.touched(partition(op.message.id) for op in batch if isinstance(op, Change | Accept))
        self.outbox.wrote(
            (partition(op.event.message), op.event.esme)
            for op in batch
            if isinstance(op, Change | Accept | Notify) and op.event is not None
        )
        return results

    async def durability_fault(self) -> str | None:
        """What the server has set so that it may lose what it acknowledged, in words; None for nothing.

        Raises LedgerUnavailable.
        """
        return None if self._terms.max_skew_s is None else await durability_fault(self.member.server)

    @property
    def connections(self) -> int:
        """How many were opened so far: another one may lead to another server."""
        return self.member.server.connections

    async def stored_fields(self) -> Sequence[str]:
        return STORED_FIELDS
