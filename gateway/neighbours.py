"""Other nodes on the same ledger, as the steps of the road see them: what is theirs, and how news reaches them.

A node with a ledger of its own has none.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from operators.base import DeliveryReceipt


class Neighbours(Protocol):
    @property
    def are_there(self) -> bool:
        """Whether other nodes may write to the ledger at all."""

    def works_on(self, message: bytes) -> bool:
        """Whether this node has the message, and not another one."""

    async def locate(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[bytes | None]:
        """For each receipt the message that it is about if another node has that; None where none is known, or it is
        ours. Raises LedgerUnavailable.
        """

    async def forward(self, receipts: Sequence[tuple[DeliveryReceipt, bytes]]) -> None:
        """Leave receipts, each with its message's id, with those who have the messages; durable when this returns.

        Raises LedgerUnavailable.
        """


class _Nobody:
    are_there = False

    def works_on(self, message: bytes) -> bool:
        return True

    async def locate(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[bytes | None]:
        return [None] * len(receipts)

    async def forward(self, receipts: Sequence[tuple[DeliveryReceipt, bytes]]) -> None:
        """Nothing is anybody else's."""


NOBODY: Final[Neighbours] = _Nobody()


class Forwarded:
    """The handle of a receipt that another node left here. done: called once, with whether it is settled."""

    __slots__ = ("done",)

    def __init__(self, done: Callable[[bool], None]) -> None:
        self.done = done
