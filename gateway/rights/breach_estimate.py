"""How many people a breach may concern: counted from pseudonyms, which nobody needs a number for.

A person has another pseudonym in each epoch of six hours, so the count has two ends: no fewer than in the fullest
epoch, and no more than in all epochs together. Of few people it is not said how many, nor how many messages they got,
and of further groups neither until the sums do not tell it by subtraction.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from gateway.ledger.roles import Copies
from gateway.limits.small_cells import hidden_cells
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from redaction.search_epochs import epoch_of

FEWEST: Final = 5
STEP: Final = 2_000
"""Messages that are read at once."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """customer: public id. at_least, at_most: people. All None where people are fewer than the estimate says, or would
    tell that of another group.
    """

    customer: str
    tag: str
    messages: int | None = None
    at_least: int | None = None
    at_most: int | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Of messages that were accepted from `since_ms` on and before `until_ms`. fewest: people that are counted;
    of fewer all is None. groups: by customer and tag.
    """

    since_ms: int
    until_ms: int
    fewest: int
    messages: int | None
    at_least: int | None
    at_most: int | None
    groups: list[Group]


class _Tally:
    """Pseudonyms of a customer's messages of a tag, by epoch."""

    def __init__(self) -> None:
        self.messages = 0
        self.people: dict[int, set[bytes]] = {}

    def add(self, message: Message) -> None:
        self.messages += 1
        self.people.setdefault(epoch_of(message.due_ms or message.accepted_ms), set()).add(message.subject)

    @property
    def at_least(self) -> int:
        return max(map(len, self.people.values()))

    @property
    def at_most(self) -> int:
        return sum(map(len, self.people.values()))


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What may have been seen. customer: whose; None for all."""

    since_ms: int
    until_ms: int
    customer: int | None = None

    def holds(self, message: Message) -> bool:
        return self.since_ms <= message.accepted_ms < self.until_ms and self.customer in (None, message.customer)


async def estimate(copies: Copies, public_id: Callable[[int], str], span: Span, fewest: int = FEWEST) -> Estimate:
    """One walk of the ledger. Raises Refusal("invalid_value") for a span without time, and LedgerUnavailable."""
    if span.until_ms <= span.since_ms:
        raise Refusal("invalid_value", "until")
    tallies: dict[tuple[int, str], _Tally] = {}
    async for page in _pages(copies):
        for message in page:
            if span.holds(message):
                tallies.setdefault((message.customer, message.tag), _Tally()).add(message)
    people = {key: each.at_most for key, each in tallies.items()}
    hidden = hidden_cells(people, [list(people)], fewest)
    groups = [
        Group(customer=public_id(key[0]), tag=key[1])
        if key in hidden
        else Group(
            customer=public_id(key[0]),
            tag=key[1],
            messages=each.messages,
            at_least=each.at_least,
            at_most=each.at_most,
        )
        for key, each in sorted(tallies.items())
    ]
    few = 0 < sum(people.values()) < fewest
    return Estimate(
        since_ms=span.since_ms,
        until_ms=span.until_ms,
        fewest=fewest,
        messages=None if few else sum(each.messages for each in tallies.values()),
        at_least=None if few else max((each.at_least for each in tallies.values()), default=0),
        at_most=None if few else sum(people.values()),
        groups=groups,
    )


async def _pages(copies: Copies) -> AsyncIterator[Sequence[Message]]:
    cursor: bytes | None = None
    while True:
        page, cursor = await copies.messages(cursor, STEP)
        yield [each.message for each in page]
        if cursor is None:
            return
