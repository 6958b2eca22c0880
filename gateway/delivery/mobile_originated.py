"""Messages from people on their way in (S-49): the owner of the number is found, and then it is the road of the door:

    minimised → tagged → pseudonymised → sealed → queued for the commit, with the news for the customer beside it

The SMSC is answered after that commit and not before (Law 2). A crash in between makes it send again, so a customer may
be told twice, under two ids. A number that nobody owns is refused, so that the SMSC does not send again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from gateway.accounts.customers import Owner
from gateway.ledger.contract import Accept, WriteOp, WriteResult
from gateway.ledger.journal import Journal, JournalFull
from gateway.model.message import Message, MessageClass, OutboxEvent, Part, Status
from gateway.model.numbers import digits_of, parse_number
from gateway.process.clock import Clock
from gateway.retention.minimise import Minimiser
from gateway.vault.vault import Received
from operators.base import MoMessage, Operator
from redaction.errors import KeysWithheld
from redaction.personal import Msisdn, Purpose
from redaction.retention import TRANSACTIONAL, content_until_ms, record_until_ms

LIMIT: Final = 5_000
"""Messages that may wait for their commit; beyond it operators are asked to send again."""
KEYWORD_LIMIT: Final = 32


class IncomingCounters:
    """Plain numbers for the metrics; see `gateway.node.report`."""

    def __init__(self) -> None:
        self.received = 0
        self.incomplete = 0
        self.unowned = 0
        self.pushed_back = 0


class Incoming:
    """owner: of a number, given the message's first word. default_region: of senders that an operator writes without a
    country code. limit: messages that may wait for their commit.
    """

    def __init__(
        self,
        *,
        operators: Mapping[str, Operator],
        owner: Callable[[str, str], Owner | None],
        minimiser: Minimiser,
        journal: Journal,
        clock: Clock,
        default_region: str,
        limit: int = LIMIT,
    ) -> None:
        self._operators = operators
        self._owner = owner
        self._minimiser = minimiser
        self._journal = journal
        self._clock = clock
        self._default_region = default_region
        self._limit = limit
        self._uncommitted = 0
        self.counters = IncomingCounters()

    def on_messages(self, messages: Sequence[MoMessage]) -> None:
        """Messages as one read of an operator brought them."""
        for message in messages:
            self._take(message)

    def waiting(self) -> int:
        """Messages that are not answered yet."""
        return self._uncommitted

    def _take(self, message: MoMessage) -> None:
        owner = self._owner(message.destination, first_word(message))
        if owner is None:
            self.counters.unowned += 1
            self._operators[message.operator].reject((message.handle,))
            return
        if self._uncommitted >= self._limit:
            self._push_back(message)
            return
        try:
            record = self._minimise(message, owner)
        except KeysWithheld:
            self._push_back(message)
            return
        try:
            self._journal.offer(Accept(record, event=_event(record, owner)), partial(self._committed, message))
        except JournalFull:
            self._push_back(message)
            return
        self._uncommitted += 1

    def _push_back(self, message: MoMessage) -> None:
        self.counters.pushed_back += 1
        self._operators[message.operator].acknowledge((message.handle,), False)

    def _committed(self, message: MoMessage, _op: WriteOp | None, durable: WriteResult) -> None:
        self._uncommitted -= 1
        if not isinstance(durable, bytes):
            self._push_back(message)
            return
        self.counters.received += 1
        self.counters.incomplete += bool(message.missing)
        self._operators[message.operator].acknowledge((message.handle,), True)

    def _minimise(self, message: MoMessage, owner: Owner) -> Message:
        """The record: what is kept of a message, and nothing else."""
        now_ms = self._clock.now_ms()
        source = self._source(message)
        rule = self._minimiser.policies.of(owner.customer, TRANSACTIONAL)
        identifier, subject = self._minimiser.identify(owner.customer, source, now_ms)
        content = self._minimiser.vault.seal_received(
            Received(source=source, destination=message.destination, text=message.text, missing=message.missing),
            customer=owner.customer,
            message_id=identifier,
            tag=TRANSACTIONAL,
            leaf=subject.leaf,
            now_ms=now_ms,
        )
        return Message(
            id=identifier,
            customer=owner.customer,
            key_id=0,
            subject=subject.pseudonym,
            country=source.country,
            last_two=_last_two(source),
            message_class=MessageClass.PERSONAL,
            tag=TRANSACTIONAL,
            status=Status.RECEIVED,
            segments=message.segments,
            encoding=message.encoding,
            operator=message.operator,
            accepted_ms=now_ms,
            due_ms=None,
            expires_ms=now_ms,
            content_until_ms=content_until_ms(rule, now_ms, now_ms),
            record_until_ms=record_until_ms(rule, now_ms),
            content=content,
            final_ms=now_ms,
            error="incomplete" if message.missing else None,
            parts=_parts(message),
            notify=1 if owner.esme else 0,
        )

    def _source(self, message: MoMessage) -> Msisdn:
        """The sender in E.164 form where it is a number, and as it is where it is a name."""
        raw = digits_of(message.source)
        spelled = f"+{raw.removeprefix('+')}" if message.international else raw
        return parse_number(spelled, self._default_region) or message.source


def first_word(message: MoMessage) -> str:
    """The word that may be a keyword, as `gateway.accounts.customers.keyword` writes it; '' where there is none."""
    words = message.text.reveal(Purpose.ACCEPT)[: 4 * KEYWORD_LIMIT].split(None, 1)
    return words[0] if words and len(words[0]) <= KEYWORD_LIMIT else ""


def _parts(message: MoMessage) -> bytes:
    missing = frozenset(message.missing)
    return bytes(
        Part.UNKNOWN if number in missing else Part.DELIVERED for number in range(1, max(1, message.segments) + 1)
    )


def _last_two(source: Msisdn) -> int:
    """For the mask; 0 for a sender that is a name."""
    shown = digits_of(source)[-2:]
    return int(shown) if shown.isascii() and shown.isdigit() else 0


def _event(record: Message, owner: Owner) -> OutboxEvent | None:
    if not owner.is_told:
        return None
    return OutboxEvent(
        customer=record.customer,
        message=record.id,
        status=record.status,
        at_ms=record.accepted_ms,
        next_ms=record.accepted_ms,
        esme=owner.esme,
    )
