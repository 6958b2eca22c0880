"""Where things lie: partitions, the slots of the tables, and the numbers of events. Pure.

Every key of a partition has the partition's hash tag, so one function call works on one slot and the ledger runs on a
cluster. Octet 8 of a message's id says its partition: ids are made with it (`gateway.model.message.message_id`).
"""

from hashlib import blake2b
from typing import Final

PLACE_OCTET: Final = 8
LINK_ROWS: Final = 512
DIGEST_ROWS: Final = 256
SEQ_STEP: Final = 256
_EPOCH_MS: Final = 1_577_836_800_000
_SEQ_PER_MS: Final = 16
_FIELD: Final = 6
"""With slot and group, 63 bits of a hash: two of 100,000,000 links are taken for each other in one of 1,800 ledgers."""


class Layout:
    """The keys of one installation."""

    def __init__(self, prefix: str, partitions: int) -> None:
        self.partitions = partitions
        self.shared = f"{{{prefix}}}"
        self.bases = tuple(f"{{{prefix}:{number}}}" for number in range(partitions))

    def partition(self, identifier: bytes) -> int:
        """Where a message lies."""
        return identifier[PLACE_OCTET] % self.partitions

    def link(self, operator: str, operator_message_id: str) -> tuple[int, int, bytes]:
        """Slot, row group and field of a link."""
        return self._spread(f"{operator}\0{operator_message_id}".encode(), LINK_ROWS)

    def digest(self, customer: int, digest: bytes) -> tuple[int, int, bytes]:
        """Slot, row group and field of an idempotency digest."""
        return self._spread(customer.to_bytes(8, "big") + digest, DIGEST_ROWS)

    def _spread(self, name: bytes, rows: int) -> tuple[int, int, bytes]:
        hashed = blake2b(name, digest_size=_FIELD + 4).digest()
        return (
            int.from_bytes(hashed[:2], "big") % self.partitions,
            int.from_bytes(hashed[2:4], "big") % rows,
            hashed[4:],
        )

    def seq_partition(self, seq: int) -> int:
        """The partition of an event."""
        return seq % SEQ_STEP % self.partitions


class Numbers:
    """Numbers for events, rising over all partitions of a node, and about in step with other nodes' by the clock."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, partition: int, now_ms: int) -> int:
        """A seq for an event of this partition."""
        self._last = max(self._last + 1, (now_ms - _EPOCH_MS) * _SEQ_PER_MS)
        return self._last * SEQ_STEP + partition


def position_of(identifier: bytes) -> int:
    """Time and counter of an id, 16 ids to a position; as in the Lua files."""
    at_ms, counter = int.from_bytes(identifier[:6], "big"), int.from_bytes(identifier[6:8], "big")
    return max(0, (at_ms - _EPOCH_MS) * 4096 + counter // 16)


def first_id(position: int) -> bytes:
    """The first id that has this position."""
    at_ms, counter = divmod(position, 4096)
    return (at_ms + _EPOCH_MS).to_bytes(6, "big") + (counter * 16).to_bytes(2, "big") + bytes(8)
