"""Exact look-ups for messages, gathered: what is asked in one turn of the loop, and while a look-up is under way, is
looked up together. There is no task and no future for a message.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import msgspec

from gateway.consent.judgement import UNKNOWN, judge
from gateway.consent.rows import CONSENT_KEPT_MS, MONTH_MS, consent_name, suppression_name
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.permissions import Permission, PermissionName, PermissionWrite, prolong
from gateway.ledger.roles import Permissions
from gateway.model.verdict import Verdict
from gateway.process.clock import Clock

AT_ONCE: Final = 512
USED_MS: Final = MONTH_MS
"""A use is written down once a month."""

Answered = Callable[[Verdict | None], None]
"""Called once, and never before the question was asked; None: nothing stands in the way. Must not raise."""


class Contain(Protocol):
    """See `gateway.process.tasks.TaskOwner.contain`."""

    def __call__(self, kind: str, name: str, work: Coroutine[Any, Any, None], /) -> object: ...


class Question(msgspec.Struct, frozen=True, gc=False):
    """May a message of this purpose from this sender go to whom these tokens are of?"""

    customer: int
    consent: bytes
    suppression: bytes
    purpose: str
    sender: str

    def __repr__(self) -> str:
        return f"Question({self.customer}, {self.purpose})"


class Gate:
    """contain: where look-ups run. looked_up: questions that were answered."""

    def __init__(self, permissions: Permissions, clock: Clock, contain: Contain) -> None:
        self._permissions = permissions
        self._clock = clock
        self._contain = contain
        self._waiting: list[tuple[Question, Answered]] = []
        self._is_working = False
        self._works = 0
        self.looked_up = 0

    def ask(self, question: Question, answered: Answered) -> None:
        """See `Answered`. When nothing can be looked up, the verdict says so."""
        self._waiting.append((question, answered))
        if not self._is_working:
            self._is_working = True
            self._works += 1
            self._contain("request", f"consent {self._works}", self._work())

    async def look_up(self, question: Question) -> Verdict | None:
        """What would be answered, for whoever asks without sending: that is no use of a consent, and prolongs none."""
        try:
            consents, suppressions = await self._permissions.find(_names(question))
        except LedgerUnavailable:
            return UNKNOWN
        verdict, _ = judge(consents, suppressions, question.purpose, question.sender, self._clock.now_ms())
        return verdict

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._answer(batch)
        finally:
            self._is_working = False

    async def _answer(self, batch: list[tuple[Question, Answered]]) -> None:
        names = [name for question, _ in batch for name in _names(question)]
        try:
            found = await self._permissions.find(names)
        except LedgerUnavailable:
            for _, answered in batch:
                answered(UNKNOWN)
            return
        now_ms, used = self._clock.now_ms(), dict[tuple[bytes, str], Permission]()
        for at, (question, answered) in enumerate(batch):
            verdict, by = judge(found[2 * at], found[2 * at + 1], question.purpose, question.sender, now_ms)
            if by is not None and by.ends_ms < now_ms + CONSENT_KEPT_MS - USED_MS:
                used[by.name.token, by.word] = by
            answered(verdict)
        self.looked_up += len(batch)
        await self._use([prolong(row, now_ms + CONSENT_KEPT_MS) for row in used.values()])

    async def _use(self, writes: list[PermissionWrite]) -> None:
        """A use that cannot be written down is written with the next one."""
        if writes:
            try:
                await self._permissions.change(writes)
            except LedgerUnavailable:
                return


def _names(question: Question) -> tuple[PermissionName, PermissionName]:
    """Of the rows that answer it: consents, then suppressions."""
    return (
        consent_name(question.customer, question.consent),
        suppression_name(question.customer, question.suppression),
    )
