"""A deliverer with everything real around it: ledger on disk, journal, client, sockets. Only time stands still."""

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from copy import copy
from pathlib import Path
from typing import Any

from gateway.ledger.contract import Accept, Change, StoredEndpoint
from gateway.ledger.journal import Journal
from gateway.ledger.outbox import OutboxReader
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.outbox import Outbox
from gateway.model.message import Message, OutboxEvent, Status
from gateway.process.clock import ManualClock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.deliverer import Deliverer
from gateway.webhooks.delivery import Delivery, Destination, signer_of
from gateway.webhooks.payload import event_body, other_body
from gateway.webhooks.settings import DeliverySettings
from redaction.personal import Secret
from redaction.sealed import Sealed
from tests.bounds import LIMIT_S
from tests.contract.records import mask_of
from tests.unit.gateway.webhooks.events import NOW_MS, event, message

SECRET = "whsec_" + "c2VjcmV0" * 4


class Book:
    """Who is told where: URLs by customer, callback URLs by message. broken: customers whose endpoint is beyond us."""

    def __init__(self) -> None:
        self.urls: dict[int, str] = {}
        self.callbacks: dict[bytes, str] = {}
        self.secret = SECRET
        self.batch = 1
        self.broken: set[int] = set()
        self._destinations: dict[tuple[str, bool, str, int], Destination] = {}

    def delivery(self, event: OutboxEvent, message: Message | None) -> Delivery | None:
        if event.customer in self.broken:
            raise UnicodeError
        callback = self.callbacks.get(event.message)
        url = callback or self.urls.get(event.customer)
        if url is None:
            return None
        body = other_body(event) if message is None else event_body(event, message, mask_of(message))
        return Delivery(self._destination(url, callback is None), body)

    def _destination(self, url: str, own: bool) -> Destination:
        """One object as long as nothing changes, as the app gives."""
        key = (url, own, self.secret, self.batch)
        if key not in self._destinations:
            batch = self.batch if own else 1
            self._destinations[key] = Destination(
                Secret(url), signer_of((Secret(self.secret),)), own_endpoint=own, batch=batch
            )
        return self._destinations[key]


class Stage:
    """See `staged`."""

    def __init__(
        self, path: Path, ledger: SqliteLedger, journal: Journal, deliverer: Deliverer, book: Book, clock: ManualClock
    ) -> None:
        self.path = path
        self.ledger = ledger
        self.journal = journal
        self.deliverer = deliverer
        self.book = book
        self.clock = clock

    async def store(self, *messages: Message, status: Status = Status.DELIVERED) -> list[tuple[OutboxEvent, Message]]:
        """Commit an event of each message, accepted before where it is new. What may be offered, if not told by now."""
        known = await self.ledger.messages.find_many([each.id for each in messages])
        for each, old in zip(messages, known, strict=True):
            if old is None:
                self.journal.post(Accept(message=_with(each, status=Status.ACCEPTED)))
        changed = [_with(each, status=status) for each in messages]
        for each in changed:
            at_ms = self.clock.now_ms()
            self.journal.post(Change(message=each, event=event(each, 0, at_ms=at_ms, next_ms=at_ms)))
        await self.journal.drain()
        newest = self._newest()
        return [
            (event(each, newest[each.id], at_ms=self.clock.now_ms()), each) for each in changed if each.id in newest
        ]

    def _newest(self) -> dict[bytes, int]:
        """Last seq by message, of what is still to be told."""
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(connection.execute("SELECT message, max(seq) FROM outbox GROUP BY message").fetchall())

    async def waiting(self) -> Sequence[OutboxEvent]:
        """First events of messages, as the ledger holds them, once everything written is durable."""
        await self.journal.drain()
        return await self.ledger.outbox.due(1 << 60, 100_000, ())

    async def save_endpoint(self, customer: int = 1, **changes: Any) -> None:
        fields: dict[str, Any] = {"customer": customer, "url": Sealed(b"u"), "secret": Sealed(b"s"), "settings": b"{}"}
        await self.ledger.accounts.save_endpoint(StoredEndpoint(**(fields | changes)))

    async def endpoint(self, customer: int = 1) -> StoredEndpoint:
        (found,) = [each for each in await self.ledger.accounts.endpoints() if each.customer == customer]
        return found

    async def run_out(self, seconds: float) -> None:
        """Let time pass in such steps, whenever nothing is under way, until everything is told."""
        async with asyncio.timeout(LIMIT_S):
            while await self.ledger.outbox.size():
                if not self.deliverer.held.inflight:
                    await self.journal.drain()
                    self.later(seconds)
                await asyncio.sleep(0.001)

    def later(self, seconds: float) -> None:
        """Let time pass and have the ledger looked at."""
        self.clock.advance(seconds)
        self.deliverer.poke()


def _with(message: Message, *, status: Status) -> Message:
    changed = copy(message)
    changed.status = status
    return changed


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for 20 seconds at most."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0.001)


async def until_all_told(stage: Stage) -> None:
    """Wait until the outbox is empty."""
    async with asyncio.timeout(LIMIT_S):
        while await stage.ledger.outbox.size():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    clock: ManualClock | None = None,
    tls: ssl.SSLContext | None = None,
    running: bool = True,
    outbox: type[Outbox] = Outbox,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """running: whether the deliverer reads the ledger; without it only what is offered is told."""
    chosen = DeliverySettings(**({"allow_loopback": True, "poll_s": 0.02} | settings))
    time, tasks, book = clock or ManualClock(NOW_MS), TaskOwner(), Book()
    ledger = SqliteLedger(folder / "ledger.db", time, synchronous="off")
    await ledger.open()
    journal = Journal(ledger, stored=lambda _: None)
    tasks.start("journal", journal.run())
    deliverer = Deliverer(
        reader=OutboxReader(outbox(ledger.reader), ledger.messages, journal, time),
        accounts=ledger.accounts,
        journal=journal,
        addresses=book,
        client=lambda: WebhookClient(chosen, clock=time, tasks=tasks, tls=tls),
        settings=chosen,
        clock=time,
        random=lambda: 0.0,
    )
    if running:
        tasks.start("webhooks", deliverer.run())
    try:
        yield Stage(folder / "ledger.db", ledger, journal, deliverer, book, time)
        if tasks.failed.done():
            raise tasks.failed.result()
    finally:
        await deliverer.stop(0)
        await tasks.stop()
        await ledger.close()


def messages(count: int, **changes: Any) -> list[Message]:
    return [message(number, **changes) for number in range(1, count + 1)]
