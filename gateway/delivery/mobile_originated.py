"""Messages from people on their way in (S-49): the owner of the number is found, and then it is the road of the door:

    minimised → tagged → pseudonymised → sealed → queued for the commit, with the customer's notification beside it

The SMSC is answered after that commit and not before (Law 2). A crash in between makes it send again, so a customer may
be told twice, under two ids. A number without an owner is refused, so that the SMSC does not send again. Long messages
come part by part (`gateway.delivery.gatherings`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from gateway.accounts.customers import Owner
from gateway.consent.replies import last_word
from gateway.consent.wishes import NO_WISHES, Wishes
from gateway.delivery.gatherings import Gatherings
from gateway.delivery.received import Recorder, first_word
from gateway.ledger.contract import Accept, WriteOp, WriteResult
from gateway.ledger.journal import Journal, JournalFull
from gateway.ledger.roles import Work
from gateway.model.message import Message
from gateway.process.clock import Clock
from operators.base import MoMessage, Operator
from redaction.errors import KeysWithheld

LIMIT: Final = 5_000
"""Messages and parts that may wait for their commit; beyond it operators are asked to send again."""


class IncomingCounters:
    """Plain numbers for the metrics; see `gateway.node.report`."""

    def __init__(self) -> None:
        self.received = 0
        self.received_from: dict[str, int] = {}
        self.incomplete = 0
        self.unowned = 0
        self.pushed_back = 0


class Numbers(Protocol):
    """Whose a number is."""

    def owner(self, number: str, word: str, /) -> Owner | None:
        """Who is written to by a message to this number with this first word."""

    def has_keywords(self, number: str, /) -> bool:
        """Whether the first word matters."""


class Incoming:
    """limit: messages and parts that may wait for their commit. wishes: hears what people ask for by single words."""

    def __init__(
        self,
        *,
        operators: Mapping[str, Operator],
        numbers: Numbers,
        recorder: Recorder,
        journal: Journal,
        work: Work,
        clock: Clock,
        limit: int = LIMIT,
        wishes: Wishes = NO_WISHES,
    ) -> None:
        self._operators = operators
        self._numbers = numbers
        self._recorder = recorder
        self.wishes: Final = wishes
        self._journal = journal
        self._limit = limit
        self._uncommitted = 0
        self._gatherings = Gatherings(
            operators=operators,
            recorder=recorder,
            owner=numbers.owner,
            journal=journal,
            work=work,
            clock=clock,
            answer=self._answer_part,
            ended=self._count,
        )
        self.counters = IncomingCounters()

    def adopt(self, default_region: str) -> None:
        """Of senders without a country code, from now on."""
        self._recorder.adopt(default_region)

    def leave(self, operator: str) -> None:
        """See `Gatherings.leave`."""
        self._gatherings.leave(operator)

    def on_messages(self, messages: Sequence[MoMessage]) -> None:
        """Messages as one read of an operator brought them."""
        for message in messages:
            try:
                self._take(message)
            except (KeysWithheld, JournalFull):
                self._push_back(message)

    def waiting(self) -> int:
        """Messages and parts that are not answered yet."""
        return self._uncommitted

    async def run(self) -> None:
        """See `Gatherings.run`."""
        await self._gatherings.run()

    def _take(self, message: MoMessage) -> None:
        if message.handle is not None and self._uncommitted >= self._limit:
            self._push_back(message)
            return
        gathering = self._gatherings.of(message) if message.gathering else None
        if gathering is not None:
            self._gatherings.go_on(gathering, message)
        elif message.handle is None or self._lacks_keyword(message):
            self._push_back(message)
            return
        elif not self._begin(message):
            return
        self._uncommitted += message.handle is not None

    def _lacks_keyword(self, message: MoMessage) -> bool:
        """The part that says whose it is has to come first."""
        return message.gathering > 0 and 1 in message.missing and self._numbers.has_keywords(message.destination)

    def _begin(self, message: MoMessage) -> bool:
        """Whether it is on its way to the ledger."""
        owner = self._owner(message)
        if owner is None:
            self.counters.unowned += 1
            operator = self._operators.get(message.operator)
            if operator is not None:
                operator.reject((message.handle,))
            return False
        if message.gathering:
            self._gatherings.begin(message, owner)
        else:
            record, event = self._recorder.whole(message, owner)
            self._journal.offer(Accept(record, event=event), partial(self._committed, record, message, owner))
        return True

    def _push_back(self, message: MoMessage) -> None:
        if message.handle is not None:
            self.counters.pushed_back += 1
            self._acknowledge(message, False)

    def _owner(self, message: MoMessage) -> Owner | None:
        """By its first word; of a word such as STOP with a keyword behind it by that."""
        owner, last = self._numbers.owner, last_word(message.text)
        found = owner(message.destination, first_word(message.text))
        return owner(message.destination, last) if found is None and last else found

    def _committed(
        self, record: Message, message: MoMessage, owner: Owner, _op: WriteOp | None, durable: WriteResult
    ) -> None:
        if not isinstance(durable, bytes):
            self._answer_part(message, False)
            return
        self._count(record)
        answer = partial(self._answer_part, message)
        if not self.wishes.hear(self._recorder.person(message), message.destination, message.text, owner, answer):
            answer(True)

    def _answer_part(self, message: MoMessage, taken: bool) -> None:
        self._uncommitted -= 1
        if taken:
            self._acknowledge(message, True)
        else:
            self._push_back(message)

    def _acknowledge(self, message: MoMessage, taken: bool) -> None:
        """One whose operator has gone is sent again by it, should it come back."""
        operator = self._operators.get(message.operator)
        if operator is not None:
            operator.acknowledge((message.handle,), taken)

    def _count(self, record: Message) -> None:
        counters, operator = self.counters, record.operator
        counters.received += 1
        counters.received_from[operator] = counters.received_from.get(operator, 0) + 1
        counters.incomplete += record.error is not None
