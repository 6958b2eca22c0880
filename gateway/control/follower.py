"""What is wanted, as a node or a worker knows it: read when documents changed, twice a second, and applied at once.

The first reading is before anything is opened, so that a process which was not there when something was set begins
with it. While the ledger cannot be read, what was last known holds.
"""

from collections.abc import Callable, Mapping
from math import inf
from typing import Final

import msgspec

from gateway.control.wanted import (
    ACCEPTING,
    DISPATCH,
    KIND,
    EsmeWanted,
    NodeWanted,
    OperatorWanted,
    RouteWanted,
    Switch,
    Unreadable,
    W,
    esme_in,
    of_node,
    operator_in,
    route_in,
    unpack,
)
from gateway.ledger.contract import Document
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.process.logs import logger

PAGE: Final = 1_000

log = logger("gateway.control")


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for this process now. operators: by name; of one that is not here nothing is wanted.
    disconnects: by account, how often its binds were to end, ever. routes: by the id of a line.

    versions: of the documents that it is made of, by what they are about.
    """

    accepting: bool = True
    dispatching: bool = True
    draining: bool = False
    operators: Mapping[str, OperatorWanted] = {}
    disconnects: Mapping[int, int] = {}
    routes: Mapping[str, RouteWanted] = {}
    versions: Mapping[str, int] = {}


class Follower:
    """node: the name of this process's node. shares: by operator, which part of its node's throughput is this
    process's; all of it for one that is not named.
    """

    def __init__(self, acts: Acts, clock: Clock, node: str, shares: Mapping[str, float] = {}) -> None:
        self._acts = acts
        self._clock = clock
        self.node: Final = node
        self._shares = shares
        self._version: int | None = None
        self._documents: Mapping[str, Document] = {}
        self._known: dict[str, object] = {}
        self._complained: dict[str, int] = {}
        self._until_ms = inf
        self._appliers: list[Callable[[Desired], None]] = []
        self.desired = Desired()

    def follow(self, apply: Callable[[Desired], None]) -> None:
        """Call this with what holds, now and whenever it changed. It must not raise."""
        self._appliers.append(apply)
        apply(self.desired)

    async def refresh(self) -> None:
        """Look whether anything changed, or is over. Raises LedgerUnavailable; what was known before then stands."""
        version = await self._acts.version()
        if version != self._version:
            self._documents = await self._read()
            self._version = version
        elif self._clock.now_ms() < self._until_ms:
            return
        desired = self._made()
        if desired != self.desired:
            self.desired = desired
            for apply in self._appliers:
                apply(desired)

    async def _read(self) -> Mapping[str, Document]:
        found: dict[str, Document] = {}
        after = ""
        while page := await self._acts.of_kind(KIND, after, PAGE):
            found |= {each.key: each for each in page}
            after = page[-1].key
        return found

    def _made(self) -> Desired:
        now_ms, operators = self._clock.now_ms(), dict[str, OperatorWanted]()
        self._until_ms = inf
        for key in self._documents:
            name = operator_in(key)
            if name is not None:
                wanted = self._value(key, OperatorWanted).at(now_ms, self._shares.get(name, 1.0))
                operators[name] = wanted
                self._until_ms = min(self._until_ms, wanted.throughput_until_ms or inf)
        return Desired(
            accepting=self._value(ACCEPTING, Switch).on,
            dispatching=self._value(DISPATCH, Switch).on,
            draining=self._value(of_node(self.node), NodeWanted).draining,
            operators=operators,
            disconnects={
                account: self._value(key, EsmeWanted).disconnects
                for key in self._documents
                if (account := esme_in(key)) is not None
            },
            routes={
                route: self._value(key, RouteWanted) for key in self._documents if (route := route_in(key)) is not None
            },
            versions={key: document.version for key, document in self._documents.items()},
        )

    def _value(self, key: str, kind: type[W]) -> W:
        """As it is stored; what was there before where this version cannot read what is."""
        document = self._documents.get(key)
        if document is None:
            return kind()
        try:
            value = unpack(document, kind).value
        except Unreadable:
            if self._complained.get(key) != document.version:
                self._complained[key] = document.version
                log.error("wanted_unreadable", kind=key)
            known = self._known.get(key)
            return known if isinstance(known, kind) else kind()
        self._known[key] = value
        return value
