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
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import SALT, commitment, entry, named
from gateway.control.reports import Report, live_reports
from gateway.control.wanted import (
    ACCEPTING,
    DISPATCH,
    FASTEST_PER_S,
    KIND,
    SLOWEST_PER_S,
    NodeWanted,
    OperatorWanted,
    Said,
    Switch,
    W,
    Wanted,
    of_node,
    of_operator,
    pack,
    unpack,
)
from gateway.ledger.contract import ABSENT, ChangedMeanwhile, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.times import LATEST_MS
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.keys import PLATFORM
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

LONGEST_REASON: Final = 200
REASON: Final = "reason"
"""The sealed field that holds why something is wanted."""

log = logger("gateway.control")


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """Who does a verb, and why. reason: 1 to 200 characters. read: the version that the doer saw, None for any."""

    actor: Actor
    reason: MessageText
    read: int | None = None


class Control:
    """ensure_key: makes the key durable under which reasons are sealed. operators: those that the settings name, of
    which alone something may be wanted.
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
        self._sealer = sealer
        self._ensure_key = ensure_key
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
        return await self._change(
            of_operator(name), OperatorWanted, change, hand, Act.OPERATOR_REBIND, named("op", name)
        )

    async def operator(self, name: str) -> Wanted[OperatorWanted]:
        self._check(name)
        return await self._find(of_operator(name), OperatorWanted)

    async def operators(self) -> Mapping[str, Wanted[OperatorWanted]]:
        """What is wanted of each, in the order of the settings."""
        return {name: await self._find(of_operator(name), OperatorWanted) for name in self._operators}

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
        return await self._change(what, OperatorWanted, change, hand, act, obj, numbers, beside=beside)

    def _check(self, name: str) -> None:
        if name not in self._operators:
            raise InvalidSetting("the settings name no such operator")

    # -------------------------------------------------------------------------------------------- nodes, all of them

    async def drain_node(self, name: str, hand: Hand, *, draining: bool) -> Wanted[NodeWanted]:
        """Let a node take no more messages, and send what it has; or take them again."""

        def change(_standing: NodeWanted) -> NodeWanted:
            return NodeWanted(draining=draining)

        what = "on" if draining else "off"
        return await self._change(
            of_node(name), NodeWanted, change, hand, Act.NODE_DRAIN, named("node", name), word=what
        )

    async def node(self, name: str) -> Wanted[NodeWanted]:
        return await self._find(of_node(name), NodeWanted)

    async def set_accepting(self, hand: Hand, *, on: bool) -> Wanted[Switch]:
        """Whether any node takes messages."""
        return await self._turn(ACCEPTING, hand, Act.ACCEPTING, on)

    async def set_dispatch(self, hand: Hand, *, on: bool) -> Wanted[Switch]:
        """Whether any node sends messages; what is taken meanwhile is kept."""
        return await self._turn(DISPATCH, hand, Act.DISPATCH, on)

    async def accepting(self) -> Wanted[Switch]:
        return await self._find(ACCEPTING, Switch)

    async def dispatch(self) -> Wanted[Switch]:
        return await self._find(DISPATCH, Switch)

    async def versions(self) -> Mapping[str, int]:
        """Of everything that is wanted."""
        found: dict[str, int] = {}
        while page := await self._acts.of_kind(KIND, list(found)[-1] if found else ""):
            found |= {each.key: each.version for each in page}
        return found

    async def reports(self) -> Sequence[Report]:
        """Of every process that is there, by node and worker."""
        return await live_reports(self._acts, self._clock.now_ms())

    async def _turn(self, what: str, hand: Hand, act: Act, on: bool) -> Wanted[Switch]:
        def change(_standing: Switch) -> Switch:
            return Switch(on=on)

        return await self._change(what, Switch, change, hand, act, "", word="on" if on else "off")

    # -------------------------------------------------------------------------------------------------------- reasons

    def reason(self, wanted: Wanted[W], purpose: Purpose) -> MessageText | None:
        """Why it is wanted. Raises `redaction.errors.SealError`."""
        if wanted.said is None or not wanted.said.why:
            return None
        opened = self._sealer.open_account(Sealed(wanted.said.why), PLATFORM, REASON, wanted.what.encode(), purpose)
        return MessageText(opened[SALT:].decode())

    # ----------------------------------------------------------------------------------------------------------- all

    async def _find(self, what: str, kind: type[W]) -> Wanted[W]:
        document = await self._acts.find(KIND, what)
        return Wanted(what=what, value=kind()) if document is None else unpack(document, kind)

    async def _change(
        self,
        what: str,
        kind: type[W],
        change: Callable[[W], W],
        hand: Hand,
        act: Act,
        obj: str,
        numbers: Mapping[str, int] = {},
        word: str = "",
        beside: Sequence[DocumentWrite] = (),
    ) -> Wanted[W]:
        """beside: written in the same act."""
        reason = _checked(hand.reason)
        standing = await self._find(what, kind)
        if hand.read not in (None, standing.version):
            raise ChangedMeanwhile
        await self._ensure_key()
        now_ms, salt = self._clock.now_ms(), self._clock.random(SALT)
        said = Said(
            by=hand.actor,
            at_ms=now_ms,
            why=self._sealer.seal_account(salt + reason.encode(), PLATFORM, REASON, what.encode()),
        )
        written = entry(
            act,
            hand.actor,
            obj,
            now_ms=now_ms,
            why=commitment(salt, reason),
            what=word,
            numbers={"version": standing.version, **numbers},
        )
        value = change(standing.value)
        write = DocumentWrite(KIND, what, pack(value, said), standing.version or ABSENT)
        await self._acts.act([write, *beside], [written])
        log.info("wanted_changed", kind=act.value, actor=hand.actor.kind.value, version=standing.version)
        return await self._written(what, kind, value, said)

    async def _written(self, what: str, kind: type[W], value: W, said: Said) -> Wanted[W]:
        """With the version that it got; that of now where somebody has changed it since."""
        standing = await self._find(what, kind)
        return Wanted(what=what, value=value, version=standing.version, said=said)


def _checked(reason: MessageText) -> str:
    """Raises InvalidSetting."""
    text = reason.reveal(Purpose.ACCEPT)
    if not (text.strip() and text.isprintable() and len(text) <= LONGEST_REASON):
        raise InvalidSetting(f"a reason has 1 to {LONGEST_REASON} characters that can be printed")
    return text
