"""The support desk: tickets, what is written in them, who works at them.

What is written is masked before anything is stored (`intake`) and sealed under the key of its day (`sealing`), so that
it ends a year later in every copy, unless the settings say otherwise. The rest of a ticket is words of closed lists,
random ids and times. Each act has its audit entry, reading among them; an entry holds no words.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import DayKeys
from gateway.ledger.contract import ABSENT, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.people.notes import word_of
from gateway.people.signins import day_of
from gateway.process.clock import Clock
from gateway.support.intake import Taken, taken
from gateway.support.record import (
    MOST_POSTS,
    POST,
    TICKET,
    Post,
    State,
    Stored,
    StoredPost,
    Ticket,
    Topic,
    encode,
    fresh_id,
    is_message_id,
    post_key,
    read_post,
    read_ticket,
    typed_id,
)
from gateway.support.sealing import open_post, seal_post
from redaction.personal import MessageText

MOST_OPEN: Final = 50
"""Tickets that are not closed, of one customer; the platform's own are counted as one's."""
_ORDER: Final = {State.OPEN: 0, State.ANSWERED: 1, State.CLOSED: 2}


class Hand(msgspec.Struct, frozen=True):
    """Who acts. key: number of the person's own, 0 for whoever has none. customer: public id of whose person it is; ''
    for the platform's.
    """

    actor: Actor
    key: int = 0
    customer: str = ""

    @property
    def word(self) -> str:
        return word_of(self.actor)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """customer, number: of whose ticket it is; '' and 0 for the platform's. message: id of the one that it is about."""

    topic: Topic
    text: MessageText
    customer: str = ""
    number: int = 0
    message: str = ""


class Tickets:
    """In one hand. keep_ms: how long what was written is kept. All raise LedgerUnavailable, ChangedMeanwhile where
    somebody else was faster, and Refusal with the code of what is not as it has to be.
    """

    def __init__(
        self, acts: Acts, days: DayKeys, sealer: AccountSealer, clock: Clock, hand: Hand, keep_ms: int
    ) -> None:
        self._acts = acts
        self._days = days
        self._sealer = sealer
        self._clock = clock
        self._hand = hand
        self._keep_ms = keep_ms
        self._audit: Final = AuditLog(acts, clock, hand.actor)

    async def open(self, asked: Asked) -> Ticket:
        """Raises Refusal: `too_many_tickets` among others."""
        if asked.message and not is_message_id(asked.message):
            raise Refusal("invalid_value", "message")
        said = taken(asked.text)
        theirs = (each for each in await self.all() if each.of.customer == asked.customer)
        if sum(each.of.state is not State.CLOSED for each in theirs) >= MOST_OPEN:
            raise Refusal("too_many_tickets")
        now_ms = self._clock.now_ms()
        stored = Stored(
            topic=asked.topic,
            state=State.OPEN,
            customer=asked.customer,
            number=asked.number,
            message=asked.message,
            by=self._hand.word,
            opened_ms=now_ms,
            changed_ms=now_ms,
        )
        ticket = Ticket(fresh_id(self._clock.random), ABSENT, stored)
        entry = self._audit.entry(Act.TICKET_OPEN, ticket.obj, what=asked.topic.value, **_about(ticket))
        post = await self._written(ticket, said, place=1, internal=False)
        await self._acts.act([DocumentWrite(TICKET, ticket.id, encode(stored), ABSENT), post], [entry])
        return await self.find(ticket.id)

    async def find(self, identifier: str) -> Ticket:
        """Raises Refusal: `not_found`."""
        word = typed_id(identifier)
        document = await self._acts.find(TICKET, word) if word else None
        found = None if document is None else read_ticket(document)
        if found is None:
            raise Refusal("not_found")
        return found

    async def all(self) -> list[Ticket]:
        """What waits for the platform comes first, and of that what has waited longest."""
        found, behind = list[Ticket](), ""
        while page := await self._acts.of_kind(TICKET, behind):
            found += [each for each in map(read_ticket, page) if each is not None]
            behind = page[-1].key
        return sorted(found, key=lambda each: (_ORDER[each.of.state], each.of.changed_ms, each.id))

    async def posts(self, ticket: Ticket) -> list[Post]:
        """What was written, the oldest first; of the platform's internal ones whoever is a customer's sees none.

        The audit log has that it was read. Raises `redaction.errors.SealError`.
        """
        shown = [each for each in map(self._shown, await self._documents(ticket.id)) if each is not None]
        await self._audit.write(Act.TICKET_STEP, ticket.obj, what="show", **_about(ticket))
        return [each for each in shown if not (each.internal and self._hand.customer)]

    async def write(self, identifier: str, text: MessageText, *, internal: bool = False) -> Ticket:
        """A further piece. It waits for the platform then, or for whoever asked. internal: for the platform alone; whom
        it waits for stays. Raises Refusal: `ticket_closed`, `ticket_full`, `not_allowed`.
        """
        ticket, said = await self._open_one(identifier), taken(text)
        if internal and self._hand.customer:
            raise Refusal("not_allowed")
        place = ticket.of.posts + 1
        if place > MOST_POSTS:
            raise Refusal("ticket_full")
        asks = self._hand.customer or self._hand.word == ticket.of.by
        state = ticket.of.state if internal else State.OPEN if asks else State.ANSWERED
        post = await self._written(ticket, said, place=place, internal=internal)
        return await self._step(ticket, "note" if internal else "write", [post], state=state, posts=place)

    async def assign(self, identifier: str, person: str) -> Ticket:
        """person: id of who works at it from now on; '' for nobody. Raises Refusal: `ticket_closed`."""
        return await self._step(await self._open_one(identifier), "assign", assigned=person)

    async def close(self, identifier: str) -> Ticket:
        """Nothing more is written in it. Raises Refusal: `ticket_closed`."""
        return await self._step(await self._open_one(identifier), "close", state=State.CLOSED)

    async def sweep(self) -> int:
        """Destroy the keys of days whose time is over, then what was sealed under them, and tickets that did not change
        for as long; how many documents went.
        """
        now_ms = self._clock.now_ms()
        await self._days.forget_before(day_of(now_ms - self._keep_ms))
        gone = 0
        for ticket in await self.all():
            if ticket.of.changed_ms + self._keep_ms <= now_ms:
                gone += await forget_ticket(self._acts, ticket)
            elif ticket.of.opened_ms + self._keep_ms <= now_ms:
                gone += await self._forget_posts(ticket, now_ms - self._keep_ms)
        return gone

    # --------------------------------------------------------------------------------------------------------- parts

    async def _open_one(self, identifier: str) -> Ticket:
        ticket = await self.find(identifier)
        if ticket.of.state is State.CLOSED:
            raise Refusal("ticket_closed")
        return ticket

    async def _step(self, ticket: Ticket, what: str, also: Sequence[DocumentWrite] = (), **changes: Any) -> Ticket:
        """One act over the ticket as it was read. also: written with it. changes: of what is stored."""
        changed = replace(ticket.of, changed_ms=self._clock.now_ms(), **changes)
        entry = self._audit.entry(Act.TICKET_STEP, ticket.obj, what=what, **_about(ticket))
        await self._acts.act([DocumentWrite(TICKET, ticket.id, encode(changed), ticket.version), *also], [entry])
        return await self.find(ticket.id)

    async def _written(self, ticket: Ticket, said: Taken, *, place: int, internal: bool) -> DocumentWrite:
        """The document of a piece; the key of the day is there then."""
        now_ms, key = self._clock.now_ms(), post_key(ticket.id, place)
        day = await self._days.ensure(day_of(now_ms))
        keys = [*(each for each in (self._hand.key, ticket.of.number) if each), day]
        post = StoredPost(
            by=self._hand.word,
            at_ms=now_ms,
            internal=internal,
            masked=said.masked,
            keys=keys,
            sealed=seal_post(self._sealer, said.text, keys, key),
        )
        return DocumentWrite(POST, key, encode(post), ABSENT)

    async def _documents(self, ticket: str) -> Sequence[Document]:
        found = await self._acts.of_kind(POST, f"{ticket}:", MOST_POSTS)
        return [each for each in found if each.key.startswith(f"{ticket}:")]

    def _shown(self, document: Document) -> Post | None:
        post = read_post(document)
        if post is None:
            return None
        text = open_post(self._sealer, post, document.key)
        return Post(by=post.by, at_ms=post.at_ms, internal=post.internal, masked=post.masked, text=text)

    async def _forget_posts(self, ticket: Ticket, before_ms: int) -> int:
        """Those of a living ticket that were written before; how many."""
        found = [(each, read_post(each)) for each in await self._documents(ticket.id)]
        due = [each for each, post in found if post is not None and post.at_ms <= before_ms]
        if not due:
            return 0
        with suppress(ChangedMeanwhile):  # by another node that does the same
            await self._acts.act([DocumentWrite(POST, each.key, None, each.version) for each in due])
        return len(due)


async def forget_ticket(acts: Acts, ticket: Ticket) -> int:
    """Ticket and what was written in it; how many documents. Somebody who writes in it meanwhile keeps it.

    Raises LedgerUnavailable.
    """
    pieces = [DocumentWrite(POST, post_key(ticket.id, each + 1), None) for each in range(ticket.of.posts)]
    try:
        await acts.act([DocumentWrite(TICKET, ticket.id, None, ticket.version), *pieces])
    except ChangedMeanwhile:
        return 0
    return 1 + len(pieces)


async def forget_tickets(acts: Acts, customer: str) -> int:
    """All of a customer that leaves, whose key is destroyed; how many documents. Raises LedgerUnavailable."""
    gone, behind = 0, ""
    while page := await acts.of_kind(TICKET, behind):
        for each in _of_customer(page, customer):
            gone += await forget_ticket(acts, each)
        behind = page[-1].key
    return gone


def _of_customer(page: Iterable[Document], customer: str) -> list[Ticket]:
    return [each for each in map(read_ticket, page) if each is not None and each.of.customer == customer]


def _about(ticket: Ticket) -> dict[str, Any]:
    return {"customer": known("cus", ticket.of.customer)} if ticket.of.customer else {}
