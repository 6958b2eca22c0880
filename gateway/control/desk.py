"""The verbs of desired state, for whoever has a hand on the gateway, and what stands and is applied.

A verb reads what is wanted, changes it, and writes it over what it read and nothing else, with its audit entry in the
same act. Where somebody else was quicker it raises `ChangedMeanwhile`: two people who steer the same thing at once
mean different things, so nothing is tried again. The version that it gives is what nodes say they have applied.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.profile import AccountSealer
from gateway.audit.acts import Act
from gateway.audit.entries import named
from gateway.control.book import Book
from gateway.control.book import Hand as Hand
from gateway.control.reports import Report, live_reports
from gateway.control.wanted import (
    ACCEPTING,
    DISPATCH,
    FASTEST_PER_S,
    KIND,
    SLOWEST_PER_S,
    NodeWanted,
    OperatorWanted,
    Switch,
    Wanted,
    of_node,
    of_operator,
    unpack,
)
from gateway.ledger.contract import ABSENT, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.times import LATEST_MS
from gateway.process.clock import Clock
from gateway.process.logs import logger

log = logger("gateway.control")


class Control:
    """ensure_key: makes the key durable under which reasons are sealed. operators: those that the settings name, of
    which alone something may be wanted. book: for what else may be wanted.
    """

    def __init__(
        self,
        acts: Acts,
        clock: Clock,
        *,
        sealer: AccountSealer,
        ensure_key: Callable[[], Awaitable[None]],
        operators: Sequence[str],
    ) -> None:
        self._acts = acts
        self._clock = clock
        self.book: Final = Book(acts, clock, sealer=sealer, ensure_key=ensure_key)
        self._operators = tuple(operators)

    @property
    def names(self) -> Sequence[str]:
        """Of the operators that the settings name."""
        return self._operators

    # ------------------------------------------------------------------------------------------------------ operators

    async def pause(self, name: str, hand: Hand) -> Wanted[OperatorWanted]:
        """Submit nothing to an operator until `resume`. What every verb raises: InvalidSetting, ChangedMeanwhile,
        `wanted.Unreadable` where another version wrote what stands, LedgerUnavailable.
        """
        return await self._operator(name, hand, Act.OPERATOR_PAUSE, {"state": "paused", "reroute_to": ""})

    async def drain(self, name: str, hand: Hand) -> Wanted[OperatorWanted]:
        """Choose other operators of the routes for what comes now, and send on what waits."""
        return await self._operator(name, hand, Act.OPERATOR_DRAIN, {"state": "draining", "reroute_to": ""})

    async def resume(self, name: str, hand: Hand) -> Wanted[OperatorWanted]:
        """The end of `pause`, `drain` and `reroute`; a throughput that was set stays."""
        return await self._operator(name, hand, Act.OPERATOR_RESUME, {"state": "on", "reroute_to": ""})

    async def reroute(self, name: str, to: str, hand: Hand) -> Wanted[OperatorWanted]:
        """Pause an operator, and give what waits for it, and comes for it, to another one.

        It is done over what is wanted of that one, too, whose version moves on: of two operators that are rerouted to
        each other at the same moment one is.
        """
        self._check(to)
        if to == name:
            raise InvalidSetting("an operator cannot be rerouted to itself")
        other = await self._acts.find(KIND, of_operator(to))
        if other is not None and unpack(other, OperatorWanted).value.state != "on":
            raise InvalidSetting("the other operator is paused or being drained itself")
        stays = (None, ABSENT) if other is None else (other.octets, other.version)
        changes = {"state": "paused", "reroute_to": to}
        beside = [DocumentWrite(KIND, of_operator(to), *stays)]
        return await self._operator(name, hand, Act.OPERATOR_REROUTE, changes, beside=beside)

    async def throughput(
        self, name: str, per_s: float | None, until_ms: int | None, hand: Hand
    ) -> Wanted[OperatorWanted]:
        """Another throughput than that of the settings, for each node; None for that again."""
        if per_s is not None and not SLOWEST_PER_S <= per_s <= FASTEST_PER_S:
            raise InvalidSetting(f"a throughput is from {SLOWEST_PER_S} to {FASTEST_PER_S:.0f} a second")
        if until_ms is not None and (per_s is None or not self._clock.now_ms() < until_ms <= LATEST_MS):
            raise InvalidSetting("the end of a throughput is to come, and of one that is set")
        changes: Mapping[str, object] = {"throughput_per_s": per_s, "throughput_until_ms": until_ms}
        numbers = {} if per_s is None else {"per_s": round(per_s)}
        return await self._operator(name, hand, Act.OPERATOR_THROUGHPUT, changes, numbers)

    async def rebind(self, name: str, hand: Hand) -> Wanted[OperatorWanted]:
        """Make every bind anew, once, on every node."""

        def change(standing: OperatorWanted) -> OperatorWanted:
            return msgspec.structs.replace(standing, rebinds=standing.rebinds + 1)

        self._check(name)
        return await self.book.change(
            of_operator(name), OperatorWanted, change, hand, Act.OPERATOR_REBIND, named("op", name)
        )

    async def operator(self, name: str) -> Wanted[OperatorWanted]:
        self._check(name)
        return await self.book.find(of_operator(name), OperatorWanted)

    async def operators(self) -> Mapping[str, Wanted[OperatorWanted]]:
        """What is wanted of each, in the order of the settings."""
        return {name: await self.book.find(of_operator(name), OperatorWanted) for name in self._operators}

    async def _operator(
        self,
        name: str,
        hand: Hand,
        act: Act,
        changes: Mapping[str, object],
        numbers: Mapping[str, int] = {},
        beside: Sequence[DocumentWrite] = (),
    ) -> Wanted[OperatorWanted]:
        def change(standing: OperatorWanted) -> OperatorWanted:
            return msgspec.structs.replace(standing, **changes)

        self._check(name)
        what, obj = of_operator(name), named("op", name)
        return await self.book.change(what, OperatorWanted, change, hand, act, obj, numbers, beside=beside)

    def _check(self, name: str) -> None:
        if name not in self._operators:
            raise InvalidSetting("the settings name no such operator")

    # -------------------------------------------------------------------------------------------- nodes, all of them

    async def drain_node(self, name: str, hand: Hand, *, draining: bool) -> Wanted[NodeWanted]:
        """Let a node take no more messages, and send what it has; or take them again."""

        def change(_standing: NodeWanted) -> NodeWanted:
            return NodeWanted(draining=draining)

        what = "on" if draining else "off"
        return await self.book.change(
            of_node(name), NodeWanted, change, hand, Act.NODE_DRAIN, named("node", name), word=what
        )

    async def node(self, name: str) -> Wanted[NodeWanted]:
        return await self.book.find(of_node(name), NodeWanted)

    async def set_accepting(self, hand: Hand, *, on: bool) -> Wanted[Switch]:
        """Whether any node takes messages."""
        return await self._turn(ACCEPTING, hand, Act.ACCEPTING, on)

    async def set_dispatch(self, hand: Hand, *, on: bool) -> Wanted[Switch]:
        """Whether any node sends messages; what is taken meanwhile is kept."""
        return await self._turn(DISPATCH, hand, Act.DISPATCH, on)

    async def accepting(self) -> Wanted[Switch]:
        return await self.book.find(ACCEPTING, Switch)

    async def dispatch(self) -> Wanted[Switch]:
        return await self.book.find(DISPATCH, Switch)

    async def reports(self) -> Sequence[Report]:
        """Of every process that is there, by node and worker."""
        return await live_reports(self._acts, self._clock.now_ms())

    async def _turn(self, what: str, hand: Hand, act: Act, on: bool) -> Wanted[Switch]:
        def change(_standing: Switch) -> Switch:
            return Switch(on=on)

        return await self.book.change(what, Switch, change, hand, act, "", word="on" if on else "off")
