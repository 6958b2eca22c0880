"""Records that somebody else changed: seen by their tags whenever a record is read, counted, and destroyed.

Nothing that such a record says is believed, its customer included, so nobody is notified of it: the platform's own line
and metric say that it was there. Its content is out of reach with its row.
"""

from collections.abc import Container, Sequence
from typing import Final

import msgspec

from gateway.keystore.record_tags import RecordTags, Verdict
from gateway.ledger.contract import Accept, Change, Found, LedgerUnavailable, Page, Replace, WriteOp, WriteResult
from gateway.ledger.roles import Commits, Messages, Retention, Work
from gateway.model.message import OPEN, Message, Status
from gateway.process.logs import logger
from redaction.sealed import Pseudonym

log = logger("gateway.retention.integrity")

_WRONG: Final = Verdict.WRONG


class Integrity:
    """broken: how many records were wrong since the start."""

    def __init__(self, tags: RecordTags, retention: Retention) -> None:
        self.tags: Final = tags
        self._retention = retention
        self.broken = 0

    async def right(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Those that are not wrong, in their order; the others are destroyed."""
        check = self.tags.check
        wrong = [each for each in messages if check(each) is _WRONG]
        if not wrong:
            return messages
        await self._destroy(wrong)
        gone = {each.id for each in wrong}
        return [each for each in messages if each.id not in gone]

    async def _destroy(self, wrong: Sequence[Message]) -> None:
        """What the store cannot do now is done when they are read again."""
        self.broken += len(wrong)
        for each in wrong:
            log.error("integrity_error", field="record", message_id=each.id.hex())
        try:
            await self._retention.forget_these([each.id for each in wrong], counted=False)
        except LedgerUnavailable as error:
            log.warning("wrong_record_stays", count=len(wrong), reason=str(error))


class TaggedCommits:
    """See `gateway.ledger.roles.Commits`. Gives each record that is written its tag."""

    def __init__(self, commits: Commits, tags: RecordTags) -> None:
        self._commits = commits
        self._tags = tags

    @property
    def works_beside(self) -> bool:
        return self._commits.works_beside

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        self._give(batch)
        return await self._commits.apply(batch)

    def _give(self, batch: Sequence[WriteOp]) -> None:
        """Before anything waits: a record is written as it is now. A change that a later one takes in never is."""
        tag = self._tags.tag
        later: dict[bytes, Change] = {}
        for op in reversed(batch):
            if isinstance(op, Change):
                message = op.message
                identifier = message.id
                after = later.get(identifier)
                if after is None or not _takes_in(after, op):
                    message.record_tag = tag(message)
                later[identifier] = op
            elif isinstance(op, (Accept, Replace)):
                message = op.message
                later.pop(message.id, None)
                message.record_tag = tag(message)


def _takes_in(later: Change, earlier: Change) -> bool:
    """Whether every engine writes both as one: an engine may do so in more cases."""
    return (
        earlier.event is None
        and not (earlier.only_waiting or later.only_waiting or later.over_unknown)
        and earlier.message.status in OPEN
    )


class CheckedMessages:
    """See `gateway.ledger.roles.Messages`. What is wrong is not there."""

    def __init__(self, messages: Messages, integrity: Integrity) -> None:
        self._messages = messages
        self._integrity = integrity

    async def find(self, customer: int, message: bytes) -> Message | None:
        """One that is theirs no more, or over, because somebody changed it is seen here, too."""
        found = await self._messages.find(customer, message)
        if found is None:
            await self.find_many([message])
            return None
        return found if await self._integrity.right([found]) else None

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        found = await self._messages.find_many(messages)
        there = [each for each in found if each is not None]
        right = await self._integrity.right(there)
        if right is there:
            return found
        by_id = {each.id: each for each in right}
        return [None if each is None else by_id.get(each.id) for each in found]

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        page = await self._messages.list_messages(
            customer, status=status, since_ms=since_ms, cursor=cursor, limit=limit
        )
        return msgspec.structs.replace(page, messages=tuple(await self._integrity.right(page.messages)))

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        return await self._integrity.right(await self._messages.list_subject(customer, subjects, limit))


class CheckedWork:
    """See `gateway.ledger.roles.Work`. What is wrong is not there."""

    def __init__(self, work: Work, integrity: Integrity) -> None:
        self._work = work
        self._integrity = integrity

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        return await self._integrity.right(await self._work.claim_due(operator, now_ms, limit, exclude))

    async def lanes(self) -> Sequence[str]:
        return await self._work.lanes()

    async def backlog(self, operator: str) -> int:
        return await self._work.backlog(operator)

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        found = await self._work.correlate(receipts)
        there = [each.message for each in found if each is not None]
        right = await self._integrity.right(there)
        if right is there:
            return found
        ids = {each.id for each in right}
        return [each if each is not None and each.message.id in ids else None for each in found]
