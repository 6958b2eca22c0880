"""Long messages from people, part by part: each is durable before its operator is answered, whatever the others do.

    first part   Accept, as an open message of the gathering lane      answered once durable
    further one  Replace, with all that is there                       answered once durable
    end          Change, to a message that was received, with its news

What a crash leaves behind is due in its lane: it is ended with what is there, by whichever node has it then.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Final

from gateway.accounts.customers import Owner
from gateway.delivery.received import Recorder, first_word
from gateway.ledger.contract import Accept, LedgerUnavailable, Replace, WriteOp, WriteResult, Written
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Work
from gateway.model.gathering_lane import gathered_from, gathering_lane
from gateway.model.message import Message
from gateway.process.clock import Clock
from operators.base import MoMessage
from redaction.errors import KeysWithheld, SealError

LEFT_S: Final = 5.0
"""How often what nobody gathers any more is looked for."""
LEFT_AT_ONCE: Final = 100


class Gathering:
    """A message whose parts are coming. leaf: that it is sealed under. writing: parts that are not durable yet."""

    __slots__ = ("is_ending", "leaf", "owner", "record", "writing")

    def __init__(self, record: Message, leaf: int, owner: Owner) -> None:
        self.record = record
        self.leaf: Final = leaf
        self.owner: Final = owner
        self.writing = 0
        self.is_ending = False


class Gatherings:
    """answer: an operator about a part; without `taken` it sends it again. ended: told of each end that is durable."""

    def __init__(
        self,
        *,
        operators: Iterable[str],
        recorder: Recorder,
        owner: Callable[[str, str], Owner | None],
        journal: Journal,
        work: Work,
        clock: Clock,
        answer: Callable[[MoMessage, bool], None],
        ended: Callable[[Message], None],
    ) -> None:
        self._recorder = recorder
        self._owner = owner
        self._journal = journal
        self._work = work
        self._clock = clock
        self._answer = answer
        self._ended = ended
        self._open: dict[tuple[str, int], Gathering] = {}
        self._busy: set[bytes] = set()
        self._operators = operators
        self._lanes: set[str] = set()

    def of(self, message: MoMessage) -> Gathering | None:
        """What is kept of this message so far."""
        return self._open.get((message.operator, message.gathering))

    def begin(self, message: MoMessage, owner: Owner) -> None:
        """Its first part. Raises redaction.errors.KeysWithheld, gateway.ledger.journal.JournalFull."""
        record, leaf = self._recorder.begun(message, owner)
        gathering = Gathering(record, leaf, owner)
        self._journal.offer(Accept(record), partial(self._written, gathering, message))
        gathering.writing += 1
        gathering.is_ending = message.is_last
        self._open[message.operator, message.gathering] = gathering
        self._busy.add(record.id)

    def leave(self, operator: str) -> None:
        """Its link is gone, and the one in its place numbers anew: what is there of each message is ended in its time,
        as after a crash.
        """
        for place, gathering in list(self._open.items()):
            if place[0] == operator:
                del self._open[place]
                self._busy.discard(gathering.record.id)

    def go_on(self, gathering: Gathering, message: MoMessage) -> None:
        """A further part, or the end of the time for it. Raises redaction.errors.KeysWithheld."""
        if message.handle is not None:
            gathering.record = self._recorder.grown(gathering.record, gathering.leaf, message)
            self._journal.post(Replace(gathering.record), partial(self._written, gathering, message))
            gathering.writing += 1
        gathering.is_ending = gathering.is_ending or message.is_last
        self._end_when_written(gathering, message)

    def _written(self, gathering: Gathering, message: MoMessage, op: WriteOp | None, result: WriteResult) -> None:
        gathering.writing -= 1
        is_durable = isinstance(result, bytes) or result is Written.DONE
        self._answer(message, is_durable)
        if not is_durable:  # another node has it by now, or the store did not take it: what comes begins anew
            self._forget(gathering, message)
            return
        self._end_when_written(gathering, message)

    def _end_when_written(self, gathering: Gathering, message: MoMessage) -> None:
        """A batch does what ends a message before what gives it another text."""
        if not gathering.is_ending or gathering.writing or self.of(message) is not gathering:
            return
        del self._open[message.operator, message.gathering]
        self._end(gathering.record, gathering.owner)

    def _end(self, record: Message, owner: Owner | None) -> None:
        change = self._recorder.ended(record, owner)
        self._journal.post(change, partial(self._ended_durably, change.message))

    def _ended_durably(self, record: Message, _op: WriteOp | None, result: WriteResult) -> None:
        self._busy.discard(record.id)
        if result is Written.DONE:
            self._ended(record)

    def _forget(self, gathering: Gathering, message: MoMessage) -> None:
        self._busy.discard(gathering.record.id)
        if self.of(message) is gathering:
            del self._open[message.operator, message.gathering]

    # ----------------------------------------------------------------------------------------------- after a crash

    async def run(self) -> None:
        """End what nobody gathers any more, until cancelled."""
        knows_all = False
        while True:
            with suppress(LedgerUnavailable, KeysWithheld):
                if not knows_all:  # of operators that are no more, too
                    found = [gathered_from(lane) for lane in await self._work.lanes()]
                    self._lanes |= {name for name in found if name is not None}
                    knows_all = True
                for operator in sorted(self._lanes.union(self._operators)):
                    await self._end_left(operator)
            await asyncio.sleep(LEFT_S)

    async def _end_left(self, operator: str) -> None:
        lane, now_ms = gathering_lane(operator), self._clock.now_ms()
        for record in await self._work.claim_due(lane, now_ms, LEFT_AT_ONCE, self._busy):
            if record.id not in self._busy:
                owner = self._owner_of(record)
                self._busy.add(record.id)
                self._end(record, owner)

    def _owner_of(self, record: Message) -> Owner | None:
        """Who is told of it, as the number's claims stand now, if that is still its customer."""
        try:
            received = self._recorder.open(record)
        except KeysWithheld:
            raise
        except SealError:
            return None
        owner = self._owner(received.destination, first_word(received.text))
        return owner if owner is not None and owner.customer == record.customer else None
