"""Where acts are written down: into the ledger, from which the sequencer takes them into the log.

An act on what the ledger keeps with its documents and accounts gives its entry along with the write (`entry`). Any
other act is written twice: as an intent before, durable, and with its outcome after (`around`). An intent whose outcome
was never written is closed as `aborted` (`close_open`).
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec

from gateway.audit.actor import NODE, Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock

INTENT: Final = "audit.intent"
"""Kind of the documents that stand for intents without an outcome."""
OPEN_MS: Final = 24 * 3600 * 1000
"""An act that began so long ago has ended, one way or another."""


class _Open(msgspec.Struct, frozen=True, array_like=True):
    """An intent, as far as its outcome repeats it."""

    act: str
    obj: str
    began_ms: int


class Outcome:
    """What the outcome's entry is to say besides: counts, digests."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}

    def say(self, *, numbers: Mapping[str, int] = {}, digests: Mapping[str, bytes] = {}) -> None:
        self.said = {"numbers": numbers, "digests": digests}


class AuditLog:
    """Entries of one actor."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor

    @property
    def actor_id(self) -> str:
        """Kind, and the random id where there is one."""
        return f"{self._actor.kind.value} {self._actor.id}".rstrip()

    def entry(self, act: Act, obj: str = "", **said: Any) -> bytes:
        """Of an act that takes place now; as `gateway.audit.entries.entry`."""
        return entry(act, self._actor, obj, now_ms=self._clock.now_ms(), **said)

    async def write(self, act: Act, obj: str = "", **said: Any) -> None:
        """An act that needs no intent, since it is over, or begins with this. Raises LedgerUnavailable."""
        await self._acts.act((), [self.entry(act, obj, **said)])

    @contextlib.asynccontextmanager
    async def around(self, act: Act, obj: str = "", **said: Any) -> AsyncIterator[Outcome]:
        """The intent is durable before, the outcome after: `ok`, or `refused:failed` when an error ends it.

        Raises LedgerUnavailable; before the act when the intent could not be written.
        """
        outcome = Outcome()
        intent, writes, entries = self.begun(act, obj, **said)
        await self._acts.act(writes, entries)
        try:
            yield outcome
        except BaseException:
            await self._end(act, obj, intent, result="refused:failed", **said)
            raise
        await self._end(act, obj, intent, **said | outcome.said)

    def begun(self, act: Act, obj: str = "", **said: Any) -> tuple[str, list[DocumentWrite], list[bytes]]:
        """An intent, for who writes it with what it needs to be finished by somebody else: its name, which `ended`
        takes, and what has to be written.
        """
        intent = self._clock.random(8).hex()
        standing = msgspec.msgpack.encode(_Open(act.value, obj, self._clock.now_ms()))
        noted = self.entry(act, obj, result="intent", intent=intent, **said)
        return intent, [DocumentWrite(INTENT, intent, standing, read=0)], [noted]

    def ended(self, act: Act, obj: str, intent: str, **said: Any) -> tuple[list[DocumentWrite], list[bytes]]:
        """The outcome of an intent: what has to be written."""
        return [DocumentWrite(INTENT, intent, None)], [self.entry(act, obj, intent=intent, **said)]

    async def _end(self, act: Act, obj: str, intent: str, **said: Any) -> None:
        await self._acts.act(*self.ended(act, obj, intent, **said))


async def close_open(acts: Acts, clock: Clock, *, before_ms: int) -> int:
    """Close intents from before that time as `aborted`: whoever had them has died; how many."""
    log, closed = AuditLog(acts, clock, NODE), 0
    for each in await acts.of_kind(INTENT):
        standing = msgspec.msgpack.decode(each.octets, type=_Open)
        if standing.began_ms < before_ms:
            ended = log.entry(Act(standing.act), standing.obj, result="aborted", intent=each.key)
            await acts.act([DocumentWrite(INTENT, each.key, None, read=each.version)], [ended])
            closed += 1
    return closed
