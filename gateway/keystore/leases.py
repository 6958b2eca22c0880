"""The nodes of a key store on Redis: each has a lease there, and lets go of its keys when it could not renew it.

A node counts its lease from before it asked, so it ends here earlier than there. What the server forgets of a node, or
does not, is no danger: without an answer the node's own clock ends the lease.
"""

import contextlib
from collections.abc import Sequence
from typing import Final

from gateway.keystore.redis import KeyServer
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock
from redaction.customer_keys import LAYOUT

_READS: Final = f"{LAYOUT}:"
"""Names of nodes that read the present layout begin so."""
_MARGIN: Final = 0.9
"""Part of a lease after which the node ends it, for clocks that do not run alike."""


class Leases:
    """One node's place among the others. lease_s: time for which it may use its keys without word from the server."""

    def __init__(self, server: KeyServer, clock: Clock, lease_s: float) -> None:
        self._server = server
        self._clock = clock
        self._lease_s = lease_s
        self._name = _READS + clock.random(8).hex()
        self._version = 0
        self._ends = float("-inf")

    def acknowledge(self, version: int) -> None:
        self._version = version

    def attend(self, version: int) -> None:
        before = self._clock.monotonic()
        if self._server.attend(self._name, version, round(self._lease_s * 1000)):
            self._ends = before + self._lease_s * _MARGIN

    def leave(self) -> None:
        self._ends = float("-inf")
        with contextlib.suppress(LedgerUnavailable):  # then the lease ends by itself
            self._server.leave(self._name)

    def may_use_keys(self) -> bool:
        return self._clock.monotonic() < self._ends

    def have_all(self, version: int) -> bool:
        self.attend(self._version)
        return self._version >= version and all(held >= version for held in self.versions())

    def may_raise_layout(self) -> bool:
        return all(name.startswith(_READS) for _, _, name in self._server.nodes())

    def versions(self) -> Sequence[int]:
        return [held for held, _, _ in self._server.nodes()]


class Onlooker:
    """A command line beside the nodes. It holds keys for a moment and ends, so no destruction waits for it."""

    def __init__(self, server: KeyServer) -> None:
        self._server = server
        self._version = 0

    def acknowledge(self, version: int) -> None:
        self._version = version

    def attend(self, version: int) -> None:
        """It is no node."""

    def leave(self) -> None:
        """It never came."""

    def may_use_keys(self) -> bool:
        return True

    def have_all(self, version: int) -> bool:
        return self._version >= version and all(held >= version for held in self.versions())

    def may_raise_layout(self) -> bool:
        return False

    def versions(self) -> Sequence[int]:
        return [held for held, _, _ in self._server.nodes()]
