"""A node of the version before, as far as a rolling upgrade sees it: it asks the server what that version asked."""

from collections.abc import Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import redis

from gateway.model.message import Message, OutboxEvent
from tests.integration.before import packing

FUNCTIONS: Final = Path(__file__).with_name("functions.lua").read_text(encoding="utf-8")
DIGEST: Final = "8612b976265002e0d44cdde6f5c124857f7011934b6497430d869345cc45d7d1"
"""Of the functions, as that version records it."""
assert sha256(FUNCTIONS.encode()).hexdigest() == DIGEST

ACCEPT, CHANGE, TOLD = 1, 2, 4
OPEN_BELOW: Final = 3
_EPOCH_MS: Final = 1_577_836_800_000


class NotStarted(Exception):
    """The node refuses to start; what it says is the text."""


class NodeBefore:
    """name: as it is known among the nodes. lease_ms: how long it has what it takes without a beat."""

    def __init__(self, url: str, prefix: str, *, name: str, partitions: int = 8, lease_ms: int = 1_000) -> None:
        self._client: Any = redis.Redis.from_url(url)
        self._shared = f"{{{prefix}}}"
        self._bases = [f"{{{prefix}:{number}}}" for number in range(partitions)]
        self._name = name
        self._lease_ms = lease_ms
        self._seq = 0
        self.has_left = False
        self.tokens: dict[int, bytes] = {}
        self.batches: dict[int, int] = {}

    def start(self) -> None:
        """Raises NotStarted, and what the server says."""
        self._client.execute_command("FUNCTION", "LOAD", "REPLACE", FUNCTIONS)
        key, wanted = f"{self._shared}:partitions", len(self._bases)
        self._client.set(key, wanted, nx=True)
        found = int(self._client.get(key))
        if found != wanted:
            raise NotStarted(f"the ledger was begun with {found} partitions; the settings say {wanted}")
        self.beat()

    def beat(self) -> list[bytes]:
        """Be alive and keep what is taken; the names of all nodes."""
        _, nodes = self._call("beat", self._shared, self._name, self._lease_ms)
        for partition, token in list(self.tokens.items()):
            if not self._call("lease_renew", self._bases[partition], token, self._lease_ms):
                del self.tokens[partition]
        return list(nodes)

    def take(self, *partitions: int) -> bool:
        """Whether all of these are this node's now."""
        for partition in partitions:
            token = self._call("lease_take", self._bases[partition], self._name, self._lease_ms)
            if token != b"0":
                self.tokens[partition], self.batches[partition] = token, 0
        return all(each in self.tokens for each in partitions)

    def leave(self) -> None:
        self.has_left = True
        self._call("leave", self._shared, self._name)
        for partition, token in self.tokens.items():
            self._call("lease_give", self._bases[partition], token)
        self.tokens.clear()

    # ------------------------------------------------------------------------------------------------------- messages

    def partition(self, identifier: bytes) -> int:
        return identifier[8] % len(self._bases)

    def accept(self, message: Message, now_ms: int) -> bytes:
        """The letter that the server gives."""
        return self._apply(
            self.partition(message.id),
            now_ms,
            [ACCEPT, _octets(message.id), _octets(packing.pack_message(message)), False, False],
        )

    def change(self, message: Message, now_ms: int, *, links: Sequence[str] = (), tell: bool = False) -> bytes:
        """Write the message's state, with these ids of its operator, and an event of its status."""
        partition = self.partition(message.id)
        for segment, each in enumerate(links):
            slot, row, field = self._link(message.operator, each)
            rows = msgspec.msgpack.encode([(row, _octets(field), _octets(message.id + bytes((segment,))))])
            self._call("table_put", self._bases[slot], "k", rows)
        event: Any = False
        if tell:
            event = [self._next_seq(partition, now_ms), 0, _octets(packing.pack_event(_event(message, now_ms)))]
        return self._apply(
            partition,
            now_ms,
            [
                CHANGE,
                _octets(message.id),
                OPEN_BELOW,
                False,
                packing.STATUS_CODE[message.status],
                message.due_ms or 0,
                message.content_until_ms,
                message.segments,
                _octets(packing.pack_state(message)),
                event,
            ],
        )

    def find(self, identifier: bytes) -> Message | None:
        (record,) = self._call("get", self._bases[self.partition(identifier)], identifier)
        return None if record is None else packing.unpack_message(identifier, record)

    def due(self, lane: str, now_ms: int) -> list[bytes]:
        """Ids of what waits in the lane, in the partitions of this node."""
        answers = [self._call("due", self._bases[each], lane, now_ms, 0, 512) for each in sorted(self.tokens)]
        return [rows[at] for _, rows in answers for at in range(0, len(rows), 2)]

    def correlate(self, operator: str, identifier: str) -> tuple[bytes, int] | None:
        """The message and segment that an operator's id leads to."""
        slot, row, field = self._link(operator, identifier)
        rows = msgspec.msgpack.encode([(row, _octets(field))])
        (value,) = self._call("table_get", self._bases[slot], "k", rows)
        return None if value is None else (value[:16], value[16])

    def news(self, now_ms: int) -> list[OutboxEvent]:
        """What webhooks are still to be told, of the partitions of this node."""
        answers = [self._call("outbox", self._bases[each], 0, now_ms, 0, 256) for each in sorted(self.tokens)]
        return [packing.unpack_event(member, 0) for *_, members in answers for member in members]

    def told(self, event: OutboxEvent, now_ms: int) -> bytes:
        return self._apply(event.seq % 256 % len(self._bases), now_ms, [TOLD, event.seq])

    def forget(self, now_ms: int) -> int:
        """How many records went, of the partitions of this node."""
        gone = [
            self._call("forget_records", self._bases[each], token, now_ms, 100) for each, token in self.tokens.items()
        ]
        return sum(len(each) // 2 for each in gone)

    # --------------------------------------------------------------------------------------------------------- asking

    def _apply(self, partition: int, now_ms: int, operation: list[Any]) -> bytes:
        self.batches[partition] += 1
        words = (self.tokens[partition], self.batches[partition], now_ms, msgspec.msgpack.encode([operation]))
        letters: bytes = self._call("apply", self._bases[partition], *words)
        return letters

    def _call(self, name: str, base: str, *words: object) -> Any:
        return self._client.execute_command("FCALL", f"cg1_{name}", 1, base, *words)

    def _link(self, operator: str, identifier: str) -> tuple[int, int, bytes]:
        hashed = blake2b(f"{operator}\0{identifier}".encode(), digest_size=10).digest()
        slot, row = int.from_bytes(hashed[:2], "big"), int.from_bytes(hashed[2:4], "big")
        return slot % len(self._bases), row % 512, hashed[4:]

    def _next_seq(self, partition: int, now_ms: int) -> int:
        self._seq = max(self._seq + 1, (now_ms - _EPOCH_MS) * 16)
        return self._seq * 256 + partition


def _event(message: Message, now_ms: int) -> OutboxEvent:
    return OutboxEvent(
        customer=message.customer, message=message.id, status=message.status, at_ms=now_ms, next_ms=now_ms
    )


def _octets(raw: bytes) -> msgspec.Raw:
    """As text of MessagePack, which is all that the server's reader knows."""
    size = len(raw)
    if size < 32:
        return msgspec.Raw(bytes((0xA0 | size,)) + raw)
    if size < 65_536:
        return msgspec.Raw(b"\xda" + size.to_bytes(2, "big") + raw)
    return msgspec.Raw(b"\xdb" + size.to_bytes(4, "big") + raw)
