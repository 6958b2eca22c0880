"""What delivery writes about messages: one place that hands a change to the journal and lets go of its message.

A message that memory works on stays in the active set until the change that ends the work is durable; otherwise the
ledger would hand it out a second time in between.
"""

from collections.abc import Container, Sequence
from typing import Final

from gateway.delivery.inflight import InFlight
from gateway.delivery.neighbours import NOBODY, Neighbours
from gateway.delivery.operator_ids import OperatorIds
from gateway.delivery.settler import Settler
from gateway.ledger.contract import Change, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Messages, Work
from gateway.model.message import Link, Message, Status


class _Either:
    """What is in one of two."""

    def __init__(self, first: Container[bytes], second: Container[bytes]) -> None:
        self._first = first
        self._second = second

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._first or identifier in self._second


class Records:
    """The ledger, its journal, what changes a message's state, and what memory holds of open messages.

    ids: how operators' ids are kept. neighbours: the other nodes on the ledger.
    """

    def __init__(
        self,
        *,
        work: Work,
        messages: Messages,
        journal: Journal,
        settler: Settler,
        inflight: InFlight,
        ids: OperatorIds,
        neighbours: Neighbours = NOBODY,
    ) -> None:
        self.work: Final = work
        self.messages: Final = messages
        self.journal: Final = journal
        self.settler: Final = settler
        self.inflight: Final = inflight
        self.ids: Final = ids
        self.neighbours: Final = neighbours

    async def claim_due(self, lane: str, until_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        """As of the ledger's work, but only what is confirmed; nothing while the store confirms nothing.

        Raises LedgerUnavailable.
        """
        if self.journal.in_doubt:
            return ()
        unconfirmed = self.journal.unconfirmed()
        excluded = _Either(exclude, unconfirmed) if unconfirmed else exclude
        found = await self.work.claim_due(lane, until_ms, limit, excluded)
        if self.journal.in_doubt:
            return ()
        unconfirmed = self.journal.unconfirmed()
        return [message for message in found if message.id not in unconfirmed] if unconfirmed else found

    def write(self, change: Change) -> None:
        """Write, and let the message out of the active set once that is durable."""
        self.journal.post(change, self._written)

    def end(
        self, message: Message, status: Status, error: str | None, now_ms: int, links: tuple[Link, ...] = ()
    ) -> None:
        """The message has reached `status` for good."""
        self.write(self.settler.final(message, status, error, now_ms, links))

    def let_go(self, message: Message) -> None:
        """Memory works on it no longer; what the ledger has of it holds."""
        self.inflight.active.pop(message.id, None)

    def _written(self, op: WriteOp | None, _applied: WriteResult) -> None:
        assert isinstance(op, Change)
        self.inflight.active.pop(op.message.id, None)
