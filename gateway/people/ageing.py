"""What is kept of people goes on time: sessions, sign-ins, requests, tokens, and the accounts of those who left.

One loop per node; nodes that share a ledger do the same work, and whoever comes second finds nothing left to do. An
account without a key was being erased when a process died, a key without an account was made for somebody who was
being added then. Either is cleared away once it was found in two rounds: ledger and keys of nodes that share them reach
each of them one after the other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Final

from gateway.audit.actor import NODE
from gateway.ledger.contract import ChangedMeanwhile, Document, DocumentWrite, LedgerUnavailable
from gateway.people.challenges import CHALLENGE, challenge_is_over
from gateway.people.erasing import clear, erase
from gateway.people.locking import LOCK, lock_is_over
from gateway.people.record import PERSON, Person, stored_number
from gateway.people.registry import Registry, UnknownPerson
from gateway.people.requests import Requests
from gateway.people.sessions import SESSION, over_at_ms
from gateway.people.signins import NOBODY, SIGNIN, SignIns, first_whole_day, owner_of
from gateway.people.tokens import TOKEN, token_is_over
from gateway.process.logs import logger
from operators.contained import report
from redaction.errors import IntegrityError, KeyDestroyed, SealError

INTERVAL_S: Final = 600.0
ACCOUNT_MS: Final = 30 * 24 * 3600 * 1000
"""For how long an account is kept after its owner left."""
STEP: Final = 100
"""Documents of one act."""

log = logger("gateway.people.ageing")

IsOver = Callable[[Document, int], bool]
_PLAIN: Final[Sequence[tuple[str, IsOver]]] = (
    (SESSION, lambda document, now_ms: now_ms >= over_at_ms(document)),
    (LOCK, lock_is_over),
    (CHALLENGE, challenge_is_over),
    (TOKEN, token_is_over),
)
"""Kinds of which a document goes once it is over, and nothing else happens."""


class Ageing:
    """total: documents cut down or deleted, and accounts erased, since the start. failed: rounds that were not done."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._clock = registry.clock
        self._signins = SignIns(registry)
        self._requests = Requests(registry)
        self._strays: frozenset[int] = frozenset()
        self._keyless: frozenset[str] = frozenset()
        self.total = 0
        self.failed = 0

    async def run(self) -> None:
        """Round after round, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.sweep()
            except (LedgerUnavailable, ChangedMeanwhile, SealError):
                self.failed += 1
                log.warning("sweep_failed", kind="people")
            except Exception as error:  # of one account or record, for which no message is to wait
                self.failed += 1
                report("task", error)

    async def sweep(self) -> int:
        """Everything that is due now; how many. Nothing by a clock that has jumped.

        Raises LedgerUnavailable, ChangedMeanwhile and `redaction.errors.SealError`; what was done by then stands.
        """
        if not self._clock.is_sound:
            return 0
        now_ms = self._clock.now_ms()
        people = await self._accounts(now_ms)
        count = await self._write(self._over(now_ms))
        count += await self._write(self._cuts({NOBODY, *people}, now_ms))
        count += await self._registry.keys.forget_days(first_whole_day(now_ms))
        count += await self._requests.sweep(now_ms)
        self.total += count
        return count

    async def _accounts(self, now_ms: int) -> set[str]:
        """Erase who left long enough ago, and clear what erasing left behind. Ids of who is there."""
        people = set[str]()
        numbers, keyless = set[int](), set[str]()
        for document in [each async for each in self._registry.documents(PERSON)]:
            try:
                person = self._registry.seals.read(document)
            except KeyDestroyed:
                keyless.add(document.key)
                continue
            except IntegrityError:
                log.error("person_unreadable", account=document.key)
                numbers |= _number_in(document)
                continue
            numbers.add(person.number)
            left_ms = person.standing.left_ms
            if left_ms is not None and now_ms >= left_ms + ACCOUNT_MS:
                await self._erase(person)
            else:
                people.add(person.id)
        await self._clear(frozenset(keyless))
        await self._destroy_strays(numbers)
        return people

    async def _erase(self, person: Person) -> None:
        """Unless another node does so at this moment."""
        try:
            await erase(self._registry, NODE, person)
        except UnknownPerson:
            return
        self.total += 1

    async def _clear(self, keyless: frozenset[str]) -> None:
        """Accounts that opened nothing in this round and in the one before."""
        for identifier in sorted(keyless & self._keyless):
            await clear(self._registry, NODE, identifier)
            self.total += 1
        self._keyless = keyless

    async def _destroy_strays(self, known: set[int]) -> None:
        """Keys that nobody had in this round and in the one before."""
        strays = frozenset(self._registry.keys.people()) - known
        for number in strays & self._strays:
            await self._registry.keys.forget_person(number)
        self._strays = strays

    async def _over(self, now_ms: int) -> AsyncIterator[DocumentWrite]:
        for kind, is_over in _PLAIN:
            async for document in self._registry.documents(kind):
                if is_over(document, now_ms):
                    yield DocumentWrite(kind, document.key, None, document.version)

    async def _cuts(self, known: Collection[str], now_ms: int) -> AsyncIterator[DocumentWrite]:
        """known: owners of which it is certain that they are there."""
        async for document in self._registry.documents(SIGNIN):
            owner = owner_of(document)
            cut = self._signins.cut(document, now_ms)
            if cut is None and owner not in known and await self._registry.acts.find(PERSON, owner) is None:
                cut = DocumentWrite(SIGNIN, document.key, None, document.version)
            if cut is not None:
                yield cut

    async def _write(self, writes: AsyncIterator[DocumentWrite]) -> int:
        """In steps; a document that was changed meanwhile is looked at in the next round."""
        gathered, count = [], 0
        async for each in writes:
            gathered.append(each)
            if len(gathered) >= STEP:
                count += await self._step(gathered)
                gathered = []
        return count + await self._step(gathered)

    async def _step(self, writes: Sequence[DocumentWrite]) -> int:
        if not writes:
            return 0
        try:
            await self._registry.acts.act(writes)
        except ChangedMeanwhile:
            if len(writes) == 1:
                return 0
            half = len(writes) // 2
            return await self._step(writes[:half]) + await self._step(writes[half:])
        return len(writes)


def _number_in(document: Document) -> set[int]:
    try:
        return {stored_number(document)}
    except IntegrityError:
        return set()
