"""What is held of a person, for whoever asks: records of messages, never a text, another person or a customer's own.

A number may have changed hands: nothing from before the horizon is shown, nor from before an operator said that nobody
has it, since a code proves who holds the number now.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.model.held_lane import operator_of
from gateway.model.message import Message, Status
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.rights.subjects import NO_ANSWER, Answer, DataSubject
from gateway.rights.tracing import Tracer
from redaction.egress import disclosed_fields

NOBODYS: Final = "0000000b"
"""The operator says that there is no such number (SMPP 3.4 §5.1.3, ESME_RINVDSTADR)."""
MOST: Final = 10_000
"""Messages of one answer."""


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A record, as its person may see it. Times are RFC 3339 UTC. operator, country: to whom `fields` were given, and
    where that is; None while it was given to nobody.
    """

    id: str
    customer: str
    direction: str
    message_class: str = msgspec.field(name="class")
    status: str
    segments: int
    accepted_at: str
    submitted_at: str | None
    final_at: str | None
    operator: str | None
    country: str | None
    fields: tuple[str, ...]
    content_until: str
    record_until: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """since: nothing older is shown. complete_since: from when on everything could be found; None where no key is left.
    complete: whether there is no more than this.
    """

    since: str
    complete_since: str | None
    complete: bool
    messages: list[HeldMessage]


class Accesses:
    """country_of: where an operator is. since_ms: from when on a customer's people can be named."""

    def __init__(
        self,
        tracer: Tracer,
        public_id: Callable[[int], str],
        country_of: Callable[[str], str | None],
        since_ms: Callable[[int], int | None],
    ) -> None:
        self._tracer = tracer
        self._public_id = public_id
        self._country_of = country_of
        self._since_ms = since_ms

    async def look(
        self, subjects: Sequence[DataSubject], since_ms: int, answer: Answer = NO_ANSWER, *, holder: bool = False
    ) -> Held:
        """Newest first. holder: only from whoever has the number now. Raises LedgerUnavailable and KeysWithheld."""
        all_found = await self._tracer.messages(subjects, answer)
        since_ms = max(since_ms, changed_hands_ms(all_found)) if holder else since_ms
        found = [each for each in all_found if each.accepted_ms >= since_ms]
        found.sort(key=lambda each: each.id, reverse=True)
        named = [self._since_ms(each.customer) for each in subjects]
        known = [each for each in named if each is not None]
        return Held(
            since=rfc3339(since_ms),
            complete_since=rfc3339(max(since_ms, *known)) if known and len(known) == len(named) else None,
            complete=len(found) <= MOST,
            messages=[self._view(each) for each in found[:MOST]],
        )

    def _view(self, message: Message) -> HeldMessage:
        operator = operator_of(message.operator) if message.disclosure else None
        return HeldMessage(
            id=message.id.hex(),
            customer=self._public_id(message.customer),
            direction="inbound" if message.status is Status.RECEIVED else "outbound",
            message_class=message.message_class,
            status=message.status,
            segments=message.segments,
            accepted_at=rfc3339(message.accepted_ms),
            submitted_at=rfc3339_or_none(message.submitted_ms),
            final_at=rfc3339_or_none(message.final_ms),
            operator=operator,
            country=None if operator is None else self._country_of(operator),
            fields=disclosed_fields(message.disclosure),
            content_until=rfc3339(message.content_until_ms),
            record_until=rfc3339(message.record_until_ms),
        )


def changed_hands_ms(messages: Sequence[Message]) -> int:
    """When an operator last said that nobody has the number, if messages were delivered to it since; 0 for never."""
    delivered_ms = max((each.accepted_ms for each in messages if each.status is Status.DELIVERED), default=0)
    nobodys = (each.accepted_ms for each in messages if each.error == NOBODYS and each.accepted_ms < delivered_ms)
    return max(nobodys, default=0)
