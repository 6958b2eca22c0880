"""One opener of a shared ledger: the server that it asks, how keys and records lie there, and the partitions it has."""

import enum
from typing import Final

import msgspec

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.held import Holding
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.packing import Records
from gateway.ledger.redis.server import Server

LEASE_S: Final = 6.0
PATIENCE_S: Final = 5.0


class Role(enum.Enum):
    """What an opener does with partitions: shares them with other nodes, needs them all, or leaves them alone."""

    NODE = "node"
    ALONE = "alone"
    BESIDE = "beside"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How a ledger is shared; alike for all who open it.

    prefix: of its keys. lease_s: how long a node that is not heard of keeps its partitions. patience_s: how long a
    write is repeated before it is unavailable. replicas: how many of them must have a write before it counts as
    durable. max_skew_s: largest difference from the server's clock; None spares the server every check, for tests.
    """

    prefix: str = "cg"
    partitions: int = 64
    lease_s: float = LEASE_S
    patience_s: float = PATIENCE_S
    replicas: int = 0
    max_skew_s: float | None = None


class Member:
    """node: its name among the nodes. serves: work is that of its own partitions; otherwise of all."""

    def __init__(self, server: Server, terms: Terms, records: Records, node: str, *, serves: bool) -> None:
        self.server: Final = server
        self.layout: Final = Layout(terms.prefix, terms.partitions)
        self.records: Final = records
        self.holding: Final = Holding()
        self.node: Final = node
        self.lease_s: Final = terms.lease_s
        self.lease_ms: Final = round(terms.lease_s * 1000)
        self.patience_s: Final = terms.patience_s
        self.serves: Final = serves
        self.is_open = False

    def need_open(self) -> None:
        """Raises LedgerUnavailable unless it is open."""
        if not self.is_open:
            raise LedgerUnavailable("the ledger is not open")

    def reach(self) -> "list[int] | range":
        """The partitions whose work is ours to see."""
        return self.holding.staying() if self.serves else range(self.layout.partitions)

    def has(self, identifier: bytes) -> bool:
        """Whether a message's partition is ours."""
        return self.layout.partition(identifier) in self.holding.partitions

    def takes(self, identifier: bytes) -> bool:
        """Whether its partition is ours and stays so."""
        held = self.holding.partitions.get(self.layout.partition(identifier))
        return held is not None and not held.giving
