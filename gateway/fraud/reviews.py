"""What people decide on messages that controls against abuse hold: one document for a customer and a control.

Messages themselves wait in lanes of the ledger, by customer, control and operator; who decides sees how many they are,
and neither numbers nor texts.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.ledger.contract import ABSENT, ROW_FAULTS, DocumentWrite, LedgerUnavailable
from gateway.ledger.roles import Acts, Work
from gateway.model.fraud_controls import REVIEWED
from gateway.model.held_lane import reviewed
from gateway.model.times import EpochMs
from gateway.process.clock import Clock

KIND: Final = "fraud_review"
PAGE: Final = 1_000


class NothingHeld(LookupError):
    """This control holds no message of this customer."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """On what was accepted until then. releases: or it is dropped. version: of its document."""

    at_ms: int
    releases: bool
    version: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The octets of a document."""

    at_ms: EpochMs
    releases: bool


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """customer: its number. messages: that wait, over all operators."""

    customer: int
    control: str
    messages: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Stored).decode


class Reviews:
    """What a process knows of decisions; read when documents change, once a second."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._version: int | None = None
        self._known: Mapping[str, Decision] = {}

    async def run(self, interval_s: float = 1.0) -> None:
        """Until cancelled. While the ledger cannot be read, what was last known holds."""
        while True:
            with suppress(LedgerUnavailable):
                await self.look()
            await asyncio.sleep(interval_s)

    async def look(self) -> None:
        """Raises LedgerUnavailable."""
        version = await self._acts.version()
        if version == self._version:
            return
        found: dict[str, Decision] = {}
        after = ""
        while page := await self._acts.of_kind(KIND, after, PAGE):
            after = page[-1].key
            for each in page:
                with suppress(*ROW_FAULTS):
                    stored = _decode(each.octets)
                    found[each.key] = Decision(at_ms=stored.at_ms, releases=stored.releases, version=each.version)
        if found != self._known:
            self._known = found
        self._version = version

    @property
    def version(self) -> object:
        """Another object whenever anything else was decided."""
        return self._known

    def decided(self, customer: int, control: str) -> Decision | None:
        """The last decision on what this control holds of a customer."""
        return self._known.get(_key(customer, control))


async def held(work: Work) -> Sequence[Held]:
    """What waits for a decision, the most first. Raises LedgerUnavailable."""
    sums: dict[tuple[int, str], int] = {}
    for lane in await work.lanes():
        place = reviewed(lane)
        if place is not None:
            sums[place] = sums.get(place, 0) + await work.backlog(lane)
    found = [Held(customer=customer, control=control, messages=count) for (customer, control), count in sums.items()]
    return sorted(found, key=lambda each: -each.messages)


async def decide(
    acts: Acts, work: Work, clock: Clock, actor: Actor, place: tuple[int, str], owner: str, *, releases: bool
) -> None:
    """Send what waits, or drop it: all of the customer's that this control held until now; processes do it within
    seconds. place: the customer's number, and the control. owner: the customer's public id.

    Raises NothingHeld, ChangedMeanwhile where somebody else decides at this moment, LedgerUnavailable.
    """
    customer, control = place
    if not any((each.customer, each.control) == place for each in await held(work)):
        raise NothingHeld(control)
    now_ms = clock.now_ms()
    standing = await acts.find(KIND, _key(customer, control))
    octets = _encode(Stored(at_ms=now_ms, releases=releases))
    write = DocumentWrite(KIND, _key(customer, control), octets, ABSENT if standing is None else standing.version)
    word = f"{'release' if releases else 'drop'}_{control}"
    await acts.act([write], [entry(Act.FRAUD_REVIEW, actor, known("cus", owner), now_ms=now_ms, what=word)])


async def forget_reviews(acts: Acts, customer: int) -> None:
    """Of a customer that leaves. Raises LedgerUnavailable."""
    await acts.act([DocumentWrite(KIND, _key(customer, each), None) for each in REVIEWED.values()])


def _key(customer: int, control: str) -> str:
    return f"{customer}/{control}"
