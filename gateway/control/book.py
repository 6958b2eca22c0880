"""Where it is written what is wanted: read, changed, and written over what was read and nothing else.

Each change is one act with its audit entry, under a reason that is sealed beside it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import SALT, commitment, entry
from gateway.control.reasons import FIELD, checked
from gateway.control.wanted import KIND, Said, W, Wanted, pack, unpack
from gateway.ledger.contract import ABSENT, ChangedMeanwhile, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.keys import PLATFORM
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

log = logger("gateway.control")


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """Who does a verb, and why. reason: 1 to 200 characters. read: the version that the doer saw, None for any."""

    actor: Actor
    reason: MessageText
    read: int | None = None


class Book:
    """ensure_key: makes the key durable under which reasons are sealed."""

    def __init__(
        self, acts: Acts, clock: Clock, *, sealer: AccountSealer, ensure_key: Callable[[], Awaitable[None]]
    ) -> None:
        self._acts = acts
        self._clock = clock
        self._sealer = sealer
        self._ensure_key = ensure_key

    async def versions(self) -> Mapping[str, int]:
        """Of everything that is wanted."""
        found: dict[str, int] = {}
        while page := await self._acts.of_kind(KIND, list(found)[-1] if found else ""):
            found |= {each.key: each.version for each in page}
        return found

    def reason(self, wanted: Wanted[W], purpose: Purpose) -> MessageText | None:
        """Why it is wanted. Raises `redaction.errors.SealError`."""
        if wanted.said is None or not wanted.said.why:
            return None
        opened = self._sealer.open_account(Sealed(wanted.said.why), PLATFORM, FIELD, wanted.what.encode(), purpose)
        return MessageText(opened[SALT:].decode())

    async def find(self, what: str, kind: type[W]) -> Wanted[W]:
        document = await self._acts.find(KIND, what)
        return Wanted(what=what, value=kind()) if document is None else unpack(document, kind)

    async def change(
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
        customer: str = "",
    ) -> Wanted[W]:
        """beside: written in the same act."""
        reason = checked(hand.reason)
        standing = await self.find(what, kind)
        if hand.read not in (None, standing.version):
            raise ChangedMeanwhile
        await self._ensure_key()
        now_ms, salt = self._clock.now_ms(), self._clock.random(SALT)
        said = Said(
            by=hand.actor,
            at_ms=now_ms,
            why=self._sealer.seal_account(salt + reason.encode(), PLATFORM, FIELD, what.encode()),
        )
        written = entry(
            act,
            hand.actor,
            obj,
            now_ms=now_ms,
            why=commitment(salt, reason),
            what=word,
            customer=customer,
            numbers={"version": standing.version, **numbers},
        )
        value = change(standing.value)
        write = DocumentWrite(KIND, what, pack(value, said), standing.version or ABSENT)
        await self._acts.act([write, *beside], [written])
        log.info("wanted_changed", kind=act.value, actor=hand.actor.kind.value, version=standing.version)
        return await self._written(what, kind, value, said)

    async def _written(self, what: str, kind: type[W], value: W, said: Said) -> Wanted[W]:
        """With the version that it got; that of now where somebody has changed it since."""
        standing = await self.find(what, kind)
        return Wanted(what=what, value=value, version=standing.version, said=said)
