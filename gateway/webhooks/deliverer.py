"""Notifies customers of what became of their messages: at least once, in order per message, never lost.

Events wait in the ledger until the customer's endpoint has answered 2xx. Some are in memory (`held`), at most
`max_inflight`: fresh ones straight from their commit (`offer`), the rest read back when they fall due. The events of an
endpoint that is disabled stay in the ledger, are looked at again every hour in case it was enabled, and go when
retention removes their message. Events that concern no endpoint are dropped.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal, StoredEvent
from gateway.ledger.outbox import OutboxReader, Pair
from gateway.ledger.roles import AccountStore
from gateway.model.message import STATUS_EVENT
from gateway.process.clock import Clock
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.courier import Courier
from gateway.webhooks.delivery import Addresses
from gateway.webhooks.endpoints import Endpoints
from gateway.webhooks.held import Held
from gateway.webhooks.lane import Lane
from gateway.webhooks.pauses import Pauses
from gateway.webhooks.settings import DeliverySettings
from operators.renewal import Renewal

READ_LIMIT: Final = 256
RETURN_LIMIT: Final = 1024
READ_PACE_S: Final = 50e-6
"""Pause before a read per event that the engine has to pass over, so that many slow requests do not make reads dear."""


class Deliverer:
    """Start `run` as a task, end with `stop`. client: makes the client, called once. random: 0 ≤ x < 1, for jitter.

    read_back: events that came by way of the ledger and not from their commit. forgotten: those whose message was gone.
    """

    def __init__(
        self,
        *,
        reader: OutboxReader,
        accounts: AccountStore,
        journal: Journal,
        addresses: Addresses,
        client: Callable[[], WebhookClient],
        settings: DeliverySettings,
        clock: Clock,
        random: Callable[[], float] | None = None,
    ) -> None:
        self._journal = journal
        self._client = client()
        self._poll_s = settings.poll_s
        self._clock = clock
        self._reader = reader
        pauses = Pauses(settings.retry_schedule_s, random or partial(_random, clock))
        self.held: Final = Held(self._reader, pauses, settings, clock)
        self.endpoints: Final = Endpoints(accounts, clock, settings.disable_after_s, self.held.is_back)
        self.held.order.distrust(clock.now_ms())
        self.courier: Final = Courier(self.held, addresses, self._client, self.endpoints, pauses, clock)
        self.knows_backlog = False
        self._failures = journal.failures
        self.read_back = 0
        self.forgotten = 0

    def adopt(self, settings: DeliverySettings, trusted: Renewal | None) -> None:
        """Other numbers for what happens from now on. trusted: as of the client."""
        self._client.adopt(settings, trusted)
        self.held.adopt(settings)
        self.endpoints.adopt(settings.disable_after_s)

    # ------------------------------------------------------------------------------------------------- what comes in

    def offer(self, events: Sequence[StoredEvent]) -> None:
        """Fresh events, durable and with their seq, in order. Those for which there is no room stay in the ledger."""
        held, now_ms = self.held, self._clock.now_ms()
        if self._failures != self._journal.failures:  # what failed may have been stored all the same
            self._failures = self._journal.failures
            self.distrust()
        touched: dict[int, Lane] = {}
        for event, message in events:
            lane = held.lane(event.customer)
            if event.seq in self._reader.known:
                continue
            skips = message is not None and held.order.may_skip_ledger(event, message)
            if event.seq and skips and held.has_room(lane, message, now_ms):
                held.take(lane, event, message)
                touched[event.customer] = lane
            else:
                held.leave_fresh(lane, event, message, now_ms)
        for lane in touched.values():
            self.courier.pump(lane)
        held.wake_if_left()

    def poke(self) -> None:
        """Events are in the ledger that were not offered. Either all events of a message are offered, or none is."""
        self.held.has_left = True
        self.held.wake_if_left()

    def distrust(self) -> None:
        """The ledger got events from elsewhere, for example another node's: keep order by way of the ledger."""
        self.held.order.distrust(self._clock.now_ms())
        self.poke()

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Forget events of messages that are another node's now, but for those that are on the wire."""
        self.held.let_go(has_gone)
        self.distrust()

    def resume(self) -> None:
        """`courier.active_until` lies ahead again."""
        for lane in self.held.every_lane():
            self.courier.pump(lane)
        self.poke()

    # -------------------------------------------------------------------------------------------------- start, stop

    def forget(self) -> None:
        """What is known of URLs beside what is under way."""
        self._client.forget_targets()

    async def run(self) -> None:
        """Read back what falls due, until stopped. A ledger that is away is waited for."""
        try:
            while not self.held.is_closed:
                with suppress(LedgerUnavailable):
                    await self._learn_backlog()
                    await self.endpoints.refresh()
                    await self._read_back()
                    await self._bring_forward()
                await self._pause()
        except asyncio.CancelledError:
            self._client.close()
            raise

    async def stop(self, deadline_s: float) -> None:
        """Begin nothing new, wait for the answers under way, close. What has none by then stays in the ledger."""
        self.held.is_closed = True
        self.held.wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self.courier.quiet.wait()
        self._client.close()
        with suppress(LedgerUnavailable):
            await self.endpoints.refresh()

    async def _pause(self) -> None:
        """Until there is something to read, or a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self.held.wake.wait()
        await asyncio.sleep(len(self._reader.known) * READ_PACE_S)
        self.held.wake.clear()

    async def _learn_backlog(self) -> None:
        """Once: whether the ledger holds events from before this process."""
        if not self.knows_backlog:
            if not await self._reader.size():
                self.held.order.trust()
            self.knows_backlog = True

    async def _read_back(self) -> None:
        """Fill memory from the ledger until nothing more is due or there is no room."""
        held = self.held
        while not held.is_closed:
            limit = min(READ_LIMIT, held.room())
            held.has_left = limit <= 0
            if held.has_left:
                return
            reading = await self._reader.read(limit)
            if self._sort_in(reading.events):
                held.has_left = True
                return
            if not reading.is_full and not held.has_left:
                return
            await asyncio.sleep(0)  # an engine that answers at once must not keep the loop

    async def _bring_forward(self) -> None:
        """What was put off for endpoints that are back, some of it at a time and while there is room."""
        held = self.held
        if held.returning and held.room() > 0:
            customers = frozenset(held.returning)
            if await self._reader.bring_forward(customers, RETURN_LIMIT, held.wake.set):
                held.returning.difference_update(customers)

    def _sort_in(self, events: Sequence[Pair]) -> bool:
        """Take what was read, as far as there is room; whether a quick lane had none."""
        if self.held.is_closed:
            return False
        is_crowded, now_ms = False, self._clock.now_ms()
        touched: dict[int, Lane] = {}
        for event, message in events:
            self.read_back += 1
            lane = touched[event.customer] = self.held.lane(event.customer)
            if message is None and event.kind == STATUS_EVENT:
                self.forgotten += 1
                self._reader.told(event)
            elif self.held.has_room(lane, message, now_ms):
                self.held.take(lane, event, message)
            elif self.held.leave(lane, event, now_ms):
                is_crowded = True
        for lane in touched.values():
            self.courier.pump(lane)
        return is_crowded


def _random(clock: Clock) -> float:
    return int.from_bytes(clock.random(4), "big") / (1 << 32)
