"""Other nodes on the same ledger, as the steps of the road see them: what is theirs, and how receipts reach them.

A node with a ledger of its own has none.
"""

import enum
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from operators.base import DeliveryReceipt


class Place(enum.Enum):
    """Where a receipt's message is: with this node as far as anybody knows, nowhere yet, or with another node that has
    the receipt by now.
    """

    HERE = enum.auto()
    NOWHERE = enum.auto()
    LEFT = enum.auto()


class Neighbours(Protocol):
    @property
    def are_there(self) -> bool:
        """Whether other nodes may write to the ledger at all."""

    def works_on(self, message: bytes) -> bool:
        """Whether this node has the message, and not another one."""

    async def pass_on(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        """Leave receipts of other nodes' messages with those; durable when this returns.

        Raises LedgerUnavailable: some may be left then, and have no second effect when they are left again.
        """


class _Nobody:
    are_there = False

    def works_on(self, message: bytes) -> bool:
        return True

    async def pass_on(self, receipts: Sequence[DeliveryReceipt]) -> Sequence[Place]:
        return [Place.HERE] * len(receipts)


NOBODY: Final[Neighbours] = _Nobody()


class Forwarded:
    """The handle of a receipt that another node left here. done: called once, with whether it is settled."""

    __slots__ = ("done",)

    def __init__(self, done: Callable[[bool], None]) -> None:
        self.done = done
