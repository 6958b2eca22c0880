"""What is wanted of each limit on each machine: one small hash, of which only what was said within seconds counts.

Every process has a field of its own, and says something while something is wanted there. What a dead one said is not
heard after `HEARD_MS`, by the server's clock; after `KEPT_MS` whoever asks takes it away, or the server the whole hash.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.server import Call, Server
from gateway.process.hosts import CHARACTERS, machine_of

HEARD_MS: Final = 2_000
KEPT_MS: Final = 60_000
_UNIT: Final = 1_000
"""Thousandths of a message a second, as whole numbers: they are shorter."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(dict[int, int]).decode


class Demand:
    """node: this process, whose name begins with its machine's."""

    def __init__(self, server: Server, layout: Layout, node: str) -> None:
        self._server = server
        self._layout = layout
        self._node = node

    async def exchange(self, wanted: Mapping[int, float]) -> Sequence[Mapping[int, float]]:
        """Say what is wanted in this process, in messages a second by owner; what is on each other machine where
        anything is. Raises LedgerUnavailable.
        """
        said = {owner: max(1, round(per_s * _UNIT)) for owner, per_s in wanted.items()}
        words = (self._node, CHARACTERS, HEARD_MS, KEPT_MS, _encode(said) if said else b"")
        machines: dict[bytes, dict[int, float]] = defaultdict(dict)
        for node, told in await self._server.call(Call("demand", self._layout.shared, words)):
            machine = machines[machine_of(node)]
            for owner, amount in _read(told).items():
                machine[owner] = machine.get(owner, 0.0) + amount / _UNIT
        return list(machines.values())


def _read(told: bytes) -> dict[int, int]:
    """What another version says in words of its own counts as nothing."""
    try:
        return _decode(told)
    except msgspec.MsgspecError:
        return {}
