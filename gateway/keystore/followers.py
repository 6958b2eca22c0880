"""Which nodes hold the keys in memory, as far as one of them can know, and whether this one may still use its own.

A destruction is certain when no process has the key any more. Nodes that share a key store therefore hold their keys on
a lease: it is renewed while a node has the newest version, and a node whose lease is over lets go of its keys.
"""

from collections.abc import Sequence
from typing import Protocol


class Followers(Protocol):
    """The nodes of one key store, seen from one of them."""

    def acknowledge(self, version: int) -> None:
        """This node has taken over `version`; keys that were destroyed up to it are out of its memory. Never waits."""

    def attend(self, version: int) -> None:
        """Notify the other nodes, and renew the lease if that is the newest version. Raises LedgerUnavailable."""

    def leave(self) -> None:
        """This node has no keys in memory any more. Notifies the other nodes if it can."""

    def may_use_keys(self) -> bool:
        """Whether the lease stands. Asked for every message."""

    def have_all(self, version: int) -> bool:
        """Whether every node has taken over `version` or a later one: what it destroyed is gone for certain.

        Raises LedgerUnavailable.
        """

    def may_raise_layout(self) -> bool:
        """Whether nobody holds the keys who could not read the present layout. Raises LedgerUnavailable."""

    def versions(self) -> Sequence[int] | None:
        """What each node with a lease has; None where nodes have none. Raises LedgerUnavailable."""


class OneNode:
    """Nobody else holds the keys. A command line beside a node is no follower: it ends.

    is_node: not a command line, beside which a node of the version before may run.
    """

    def __init__(self, *, is_node: bool = True) -> None:
        self._version = 0
        self._is_node = is_node

    def acknowledge(self, version: int) -> None:
        self._version = max(self._version, version)

    def attend(self, version: int) -> None:
        """No other node to notify."""

    def leave(self) -> None:
        """No other node to notify."""

    def may_use_keys(self) -> bool:
        return True

    def have_all(self, version: int) -> bool:
        return self._version >= version

    def may_raise_layout(self) -> bool:
        return self._is_node

    def versions(self) -> None:
        """It alone knows what it has."""
