"""The ledger's format: the newest that its records may have. Nodes write the oldest until an operator of the platform
raises it.

Each node says with its heartbeat up to which format it reads, and hears which one is written. So a format is raised
only while every node reads it, and one that comes later and does not is refused.
"""

from typing import Any, Final

from gateway.ledger.contract import FormatHeld, LedgerCorrupt, LedgerFormat, NodeFormat
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.packing import MASKS_SINCE, NEWEST, OLDEST, TAGS_SINCE
from gateway.ledger.redis.server import Call

HEARD_MS: Final = 10 * 60 * 1000
"""By then every node writes a format that was raised: it hears of it with its heartbeat, or has lost its lease."""


class Formats:
    """See `gateway.ledger.roles.Formats`."""

    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._layout = member.layout
        self._records = member.records
        self._lease_ms = member.lease_ms  # a node that is not heard of for so long counts as gone

    @property
    def tags_from_ms(self) -> int | None:
        return HEARD_MS if self._records.format >= TAGS_SINCE else None

    @property
    def masks_covered(self) -> bool:
        return self._records.format >= MASKS_SINCE

    def heard(self, number: int) -> None:
        """This is the ledger's format now. Raises LedgerCorrupt for one that this version does not read."""
        if number > NEWEST:
            raise LedgerCorrupt(f"the ledger has format {number}, this version reads up to {NEWEST}")
        if number != self._records.format:
            self._records.write(number)

    async def check(self) -> None:
        """Ask for the format, to write it. Raises LedgerCorrupt and LedgerUnavailable."""
        self.heard(int(await self._server.command("GET", f"{self._layout.shared}:format") or OLDEST))

    async def state(self) -> LedgerFormat:
        return _state(await self._server.call(Call("formats", self._layout.shared, (self._lease_ms,))))

    async def raise_to_newest(self) -> LedgerFormat:
        """Raises FormatHeld while a node that is alive does not read the newest format of this version."""
        words = (self._lease_ms, NEWEST)
        state = _state(await self._server.call(Call("format_raise", self._layout.shared, words)))
        if state.written < NEWEST:
            raise FormatHeld(sum(each.reads < NEWEST for each in state.nodes))
        self.heard(state.written)
        return state


def _state(answer: list[Any]) -> LedgerFormat:
    written, *rows = answer
    nodes = [NodeFormat(node.decode(), reads) for node, reads in zip(rows[::2], rows[1::2], strict=True)]
    return LedgerFormat(written=written, oldest=OLDEST, newest=NEWEST, nodes=tuple(nodes))
