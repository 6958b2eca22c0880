"""Notifications (receipts, messages from people) go to customers' binds: at least once, in order per message, never
lost (S-53).

A notification waits in the ledger's outbox, under its account, until a bind has acknowledged it. An account without a
receiving bind costs nothing; when one binds, what waits is read, a bounded number at a time, and goes to the bind with
the most room in its window. While nothing waits in the ledger, fresh ones go out straight from their commit (`offer`).
What a bind did not acknowledge before it was lost goes to the next one; what it refused or let time out is put off in
the ledger. A slow reader fills its own windows only (S-54).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal, StoredEvent
from gateway.ledger.outbox import OutboxReader
from gateway.ledger.roles import Messages, Outbox
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.submission import INTERMEDIATE_BIT
from gateway.process.clock import Clock
from gateway.smpp_server.link import Link
from gateway.smpp_server.words import Forms, Words, Written
from gateway.smpp_server.words import News as News
from operators.contained import report
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.bind import RUN
from operators.smpp.session import TLVS_SINCE
from redaction.errors import KeysWithheld

POLL_S: Final = 1.0
READ_LIMIT: Final = 256
LEAST_IN_MEMORY: Final = 64
RETRY_S: Final[Sequence[float]] = (1.0, 5.0, 15.0, 60.0, 300.0)
"""Pauses after a notification was refused or not answered, one by one; the last one repeats."""
_NEVER: Final = frozenset({st.RX_P_APPN, st.RX_R_APPN})
"""Answers after which it must not be sent again (SMPP 3.4 §5.1.3)."""

Word = Callable[[OutboxEvent, Message], Words | Forms | None]
"""An event as the octets of a PDU, or as PDUs; None when there is nothing to deliver (any more).

Raises KeysWithheld.
"""


class Outlet:
    """The receiving binds of one account, and the notifications in memory for them. wake: called when more may be read.

    left: the ledger may hold more behind `after`, the last event that was read; others become due before it (`again`):
    put off, or behind another of their message.
    """

    __slots__ = ("_first", "_limit", "_wake", "account", "after", "again", "left", "links", "reader", "ready")

    def __init__(
        self,
        outbox: Outbox,
        messages: Messages,
        journal: Journal,
        clock: Clock,
        account: int,
        wake: Callable[[], None],
    ) -> None:
        self._wake = wake
        self._first: set[int] = set()  # delivered, and the next event of their message may wait for that to be durable
        self.reader: Final = OutboxReader(outbox, messages, journal, clock, account, self._settled)
        self.account: Final = account
        self.links: list[Link] = []
        self.ready: deque[News] = deque()
        self.left = True
        self.after = 0
        self.again = False
        self._limit = LEAST_IN_MEMORY

    def wants_more(self) -> bool:
        return (self.left or self.again) and len(self.ready) < LEAST_IN_MEMORY and self.room() > 0

    def room(self) -> int:
        """How many more events memory should hold."""
        return self._limit - len(self.reader.known)

    def join(self, link: Link) -> None:
        """One bind more, from which everything is to be looked at again."""
        self.links.append(link)
        self.again = self.left = True
        self._resize()

    def part(self, link: Link) -> None:
        """One bind less."""
        self.links.remove(link)
        self._resize()

    def _resize(self) -> None:
        """Memory holds twice what the windows do, and as many events whose end is being written."""
        windows = sum(link.session.window.size for link in self.links)
        self._limit = max(LEAST_IN_MEMORY, 4 * windows)

    def roomiest(self) -> Link | None:
        """The bind with the most free window; None when all are full or not reading."""
        open_links = [link for link in self.links if link.receives()]
        return max(open_links, key=lambda link: link.session.window.room(), default=None)

    def gives_up(self, event: OutboxEvent, next_ms: int) -> bool:
        """Whether the account wants no receipt any more that is sent again at this time."""
        esme = self.links[0].esme if self.links else None
        limit_s = None if esme is None else esme.profile.receipt_retry_s
        return limit_s is not None and next_ms > event.at_ms + limit_s * 1000

    def leave(self) -> None:
        """Fresh events are in the ledger only."""
        self.left = True
        self._wake()

    def finish(self, event: OutboxEvent) -> None:
        """The event is done with. The next one of its message may be read once that is durable."""
        if event.status is Status.SUBMITTED:
            self._first.add(event.seq)
        self.reader.told(event)

    def _settled(self, seq: int) -> None:
        if seq in self._first:
            self._first.discard(seq)
            self.again = True
        if self.wants_more():
            self._wake()


class Telling:
    """Start `run` as a task.

    told, refused, unanswered, dropped: events, for metrics; dropped had nothing to deliver.
    """

    def __init__(self, *, outbox: Outbox, messages: Messages, journal: Journal, word: Word, clock: Clock) -> None:
        self._outbox = outbox
        self._messages = messages
        self._journal = journal
        self._word = word
        self._clock = clock
        self._outlets: dict[int, Outlet] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self.told = 0
        self.refused = 0
        self.unanswered = 0
        self.dropped = 0

    # ------------------------------------------------------------------------------------------------- what comes in

    def offer(self, events: Sequence[StoredEvent]) -> None:
        """Fresh events, durable and with their seq, in order. Those for which there is no room stay in the ledger."""
        touched: dict[int, Outlet] = {}
        for event, message in events:
            outlet = self._outlets.get(event.esme)
            if outlet is None or event.seq in outlet.reader.known:
                continue
            if not event.seq or outlet.left or outlet.room() <= 0 or message is None or _has_forerunner(event, message):
                outlet.leave()
            else:
                outlet.after = event.seq
                outlet.reader.known.add(event.seq)
                self._take(outlet, event, message)
                touched[event.esme] = outlet
        for outlet in touched.values():
            self.pump(outlet)

    def bound(self, link: Link) -> None:
        """A bind that receives stands."""
        assert link.esme is not None
        outlet = self._outlets.setdefault(link.esme.id, self._new_outlet(link.esme.id))
        outlet.join(link)
        self._wake.set()

    def lost(self, link: Link) -> None:
        """It is gone, and has handed back what it had not acknowledged."""
        outlet = None if link.esme is None else self._outlets.get(link.esme.id)
        if outlet is None or link not in outlet.links:
            return
        outlet.part(link)
        if not outlet.links:
            del self._outlets[outlet.account]

    def is_bound(self, account: int) -> bool:
        """Whether this account's notifications can be delivered now."""
        return account in self._outlets

    def in_memory(self) -> int:
        return sum(len(outlet.reader.known) for outlet in self._outlets.values())

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Deliver nothing that waits here of these messages: they were erased."""
        for outlet in self._outlets.values():
            gone = [each for each in outlet.ready if has_gone(each.event.message)]
            for each in gone:
                outlet.ready.remove(each)
            outlet.reader.release([each.event for each in gone])

    def stop(self) -> None:
        """Send nothing more; answers are still taken."""
        self._stopping = True

    # ------------------------------------------------------------------------------------------------------- reading

    async def run(self) -> None:
        """Read what is due, a part for each account in turn, until cancelled. A ledger that is away is waited for."""
        look_again = self._clock.monotonic() + POLL_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()
            self._wake.clear()
            if self._clock.monotonic() >= look_again:
                look_again = self._clock.monotonic() + POLL_S
                for outlet in self._outlets.values():
                    outlet.again = True
            with suppress(LedgerUnavailable):
                await self._read_round()

    async def _read_round(self) -> None:
        for outlet in list(self._outlets.values()):
            if outlet.wants_more() and not self._stopping:
                await self._read(outlet)
                await asyncio.sleep(0)  # an engine that answers at once must not keep the loop

    async def _read(self, outlet: Outlet) -> None:
        """What came since, or, now and then, whatever became due meanwhile."""
        again, limit = outlet.again, min(READ_LIMIT, outlet.room())
        outlet.again = False
        outlet.left = outlet.left and again
        try:
            reading = await outlet.reader.read(limit, 0 if again else outlet.after)
        except LedgerUnavailable:
            outlet.again = outlet.left = True
            raise
        for event, message in reading.events:
            self._take(outlet, event, message)
        if reading.last and not again:
            outlet.after = reading.last
            outlet.left = outlet.left or reading.is_full
        self.pump(outlet)
        if outlet.wants_more():
            self._wake.set()

    def _take(self, outlet: Outlet, event: OutboxEvent, message: Message | None) -> None:
        try:
            pdu = None if message is None else self._word(event, message)
        except KeysWithheld:
            self._put_off(outlet, event)
            return
        except Exception as error:
            report("delivery", error)
            self._put_off(outlet, event)
            return
        if pdu is None:
            self.dropped += 1
            outlet.finish(event)
        else:
            outlet.ready.append(News(event, pdu))

    # ------------------------------------------------------------------------------------------------------- sending

    def drained(self, link: Link) -> None:
        """The bind reads again, or has room."""
        outlet = None if link.esme is None else self._outlets.get(link.esme.id)
        if outlet is not None:
            self.pump(outlet)

    def pump(self, outlet: Outlet) -> None:
        """Send as much as the binds take now."""
        while outlet.ready and not self._stopping:
            link = outlet.roomiest()
            if link is None:
                return
            window = link.session.window
            for _ in range(min(max(1, window.size // RUN), len(outlet.ready), window.room())):
                self._send(outlet, link, outlet.ready.popleft())

    def _send(self, outlet: Outlet, link: Link, news: News) -> None:
        session = link.session
        knows_tlvs = session.peer_version >= TLVS_SINCE
        pdu = news.pdu if isinstance(news.pdu, Words) else _next(news, news.pdu, knows_tlvs=knows_tlvs)
        try:
            if isinstance(pdu, Words):
                body = pdu.body + pdu.tlvs if knows_tlvs else pdu.body
                session.request_octets(pdu.command_id, body, news, link.now())
            else:
                session.request(pdu, news, link.now())
        except p.EncodeError:  # no bind can be told
            self.dropped += 1
            outlet.finish(news.event)
        else:
            link.flush_soon()

    # ------------------------------------------------------------------------------------------------------- answers

    def answered(self, link: Link, news: News, status: int, *, late: bool) -> None:
        """The peer answered a notification. A late acknowledgement still counts (S-23).

        The caller calls `drained` once all of one read are answered.
        """
        outlet = self._outlet(link)
        if status == st.OK and news.done + 1 < len(news.forms):
            if not late:  # a late answer is to a part of what is put off, and comes again as a whole
                news.done += 1
                self._go_on(outlet, link, news)
        elif status == st.OK or status in _NEVER:
            self.told += status == st.OK
            self.refused += status != st.OK
            outlet.finish(news.event)
        elif not late:
            self.refused += 1
            self._put_off(outlet, news.event)

    def _go_on(self, outlet: Outlet, link: Link, news: News) -> None:
        """The next part, over the same bind where that takes it now."""
        if link.receives() and not self._stopping:
            self._send(outlet, link, news)
        else:
            outlet.ready.appendleft(news)

    def unanswered_by(self, link: Link, news: News, *, lost: bool) -> None:
        """Outcome unknown: it goes to another bind, or waits a little (at least once)."""
        outlet = self._outlet(link)
        self.unanswered += 1
        if not lost:
            self._put_off(outlet, news.event)
            return
        others = [each for each in outlet.links if each is not link]
        if others:
            news.forms, news.done = (), 0  # the other bind gets every part
            outlet.ready.appendleft(news)
            asyncio.get_running_loop().call_soon(self.pump, outlet)

    def _outlet(self, link: Link) -> Outlet:
        """The account's; a detached one when its last bind is gone."""
        assert link.esme is not None
        return self._outlets.get(link.esme.id) or self._new_outlet(link.esme.id)

    def _new_outlet(self, account: int) -> Outlet:
        return Outlet(self._outbox, self._messages, self._journal, self._clock, account, self._wake.set)

    def _put_off(self, outlet: Outlet, event: OutboxEvent) -> None:
        pause_s = RETRY_S[min(event.attempts, len(RETRY_S) - 1)]
        next_ms = self._clock.now_ms() + round(pause_s * 1000)
        if event.status is not Status.RECEIVED and outlet.gives_up(event, next_ms):
            self.dropped += 1
            outlet.finish(event)
            return
        outlet.reader.put_off(event, next_ms, event.attempts + 1)


def _next(news: News, forms: Forms, *, knows_tlvs: bool) -> Written:
    """The PDU that is to be sent next over such a bind."""
    news.forms = forms.now if knows_tlvs else forms.old
    news.done = min(news.done, len(news.forms) - 1)
    return news.forms[news.done]


def _has_forerunner(event: OutboxEvent, message: Message) -> bool:
    """Whether another event of its message may be delivered before it."""
    return bool(message.notify & INTERMEDIATE_BIT) and event.status is not Status.SUBMITTED
