"""Tells customers: takes due events from the outbox, posts them, and writes down what came of it.

The outbox in the ledger is the queue; memory holds only what is under way, at most `max_inflight`. The ledger hands out
the first event of each message only, so events of one message go out in order. An event leaves the outbox after a 2xx
answer; anything else puts it off by the retry schedule. An endpoint that fails for `disable_after_s` without a single
success is disabled: its events stay until retention removes them. 410 Gone disables at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from gateway.clock import Clock
from gateway.ledger.base import Ledger, LedgerUnavailable, TellLater, Told, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.logs import logger
from gateway.message import Message, OutboxEvent
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.connection import Answer, Result
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.signing import BadSecret, Signer
from redaction.personal import Purpose, Secret

GONE: Final = 410
READ_LIMIT: Final = 256
_JITTER: Final = 0.2

log = logger("gateway.webhooks")


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One request to make: where, signed with what (newest secret first), saying what."""

    url: Secret
    secrets: tuple[Secret, ...]
    body: bytes


class Addresses(Protocol):
    """Knows whom to tell. `None`: nobody, now and for good."""

    def delivery(self, event: OutboxEvent, message: Message) -> Delivery | None: ...

    def is_disabled(self, customer: int) -> bool: ...

    async def disable(self, customer: int) -> None:
        """Tell this customer nothing more until it sets its endpoint again."""


class Deliverer:
    """counters are plain numbers: told, failed, dropped, inflight."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        journal: Journal,
        addresses: Addresses,
        client: Callable[[], WebhookClient],
        settings: DeliverySettings,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._addresses = addresses
        self._make_client = client
        self._settings = settings
        self._clock = clock
        self._client: WebhookClient
        self._under_way: set[int] = set()
        self._failing_since_ms: dict[int, int] = {}
        self._to_disable: set[int] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self.told = 0
        self.failed = 0
        self.dropped = 0

    @property
    def inflight(self) -> int:
        return len(self._under_way)

    def poke(self) -> None:
        """New events are durable."""
        self._wake.set()

    async def run(self) -> None:
        """Post due events until cancelled."""
        self._client = self._make_client()
        try:
            while True:
                self._wake.clear()
                more = await self._post_due()
                await self._disable()
                if not more:
                    await self._pause()
        finally:
            self._client.close()

    async def stop(self, deadline_s: float) -> None:
        """Take up nothing new and wait for what is under way; what is not answered by then stays in the outbox."""
        self._stopping = True
        try:
            async with asyncio.timeout(deadline_s):
                while self._under_way:
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            log.info("webhooks_left", count=len(self._under_way))

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _post_due(self) -> bool:
        """Post one batch of due events; whether there may be more right now."""
        room = min(READ_LIMIT, self._settings.max_inflight - len(self._under_way))
        if room <= 0 or self._stopping:
            return False
        try:
            events = await self._ledger.outbox_due(self._clock.now_ms(), room, self._under_way)
            messages = await self._ledger.find_many([event.message for event in events])
        except LedgerUnavailable:
            return False
        for event, message in zip(events, messages, strict=True):
            self._under_way.add(event.seq)
            self._post(event, message)
        return len(events) == room

    def _post(self, event: OutboxEvent, message: Message | None) -> None:
        if self._addresses.is_disabled(event.customer):
            self._later(event, self._settings.retry_schedule_s[-1])
            return
        delivery = None if message is None else self._addresses.delivery(event, message)
        try:
            if delivery is None:
                self._drop(event)
                return
            signer = Signer(delivery.secrets)
        except BadSecret:
            self._drop(event)
            return
        name = f"{event.message.hex()}.{event.status}".encode()
        headers = signer.headers(name, self._clock.now_ms() // 1000, delivery.body)
        url = delivery.url.reveal(Purpose.INFORM_CUSTOMER)
        self._client.post(url, headers, delivery.body, lambda result: self._answered(event, result))

    def _answered(self, event: OutboxEvent, result: Result) -> None:
        if isinstance(result, Answer) and result.is_success:
            self.told += 1
            self._failing_since_ms.pop(event.customer, None)
            self._journal.post(Told(event.seq), self._settled)
            return
        self.failed += 1
        schedule = self._settings.retry_schedule_s
        self._note_failure(event.customer, gone=isinstance(result, Answer) and result.status == GONE)
        self._later(event, schedule[min(event.attempts, len(schedule) - 1)])

    def _later(self, event: OutboxEvent, wait_s: float) -> None:
        spread = int.from_bytes(self._clock.random(2), "big") / 65_536
        next_ms = self._clock.now_ms() + round(wait_s * (1 + _JITTER * spread) * 1000)
        self._journal.post(TellLater(event.seq, next_ms, event.attempts + 1), self._settled)

    def _drop(self, event: OutboxEvent) -> None:
        self.dropped += 1
        self._journal.post(Told(event.seq), self._settled)

    def _settled(self, op: WriteOp | None, _result: WriteResult) -> None:
        assert isinstance(op, Told | TellLater)
        self._under_way.discard(op.seq)
        self._wake.set()

    def _note_failure(self, customer: int, *, gone: bool) -> None:
        now_ms = self._clock.now_ms()
        since_ms = self._failing_since_ms.setdefault(customer, now_ms)
        if gone or now_ms - since_ms >= self._settings.disable_after_s * 1000:
            self._to_disable.add(customer)

    async def _disable(self) -> None:
        customers: Sequence[int] = tuple(self._to_disable)
        self._to_disable.clear()
        for customer in customers:
            if not self._addresses.is_disabled(customer):
                await self._addresses.disable(customer)
                log.warning("endpoint_disabled", customer=customer)
