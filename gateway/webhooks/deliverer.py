"""Tells customers what became of their messages: at least once, in order per message, never lost.

Events wait in the ledger until the customer's endpoint has answered 2xx. Some are in memory, at most `max_inflight`:
fresh ones straight from their commit (`offer`), the rest read back when they fall due. Each customer has a lane with a
few requests at once, each with one event or a batch; an event costs no task. What fails is tried again after the pauses
of the schedule. An endpoint that fails for long, or answers 410, is disabled: its events stay in the ledger, are looked
at again every hour in case it was enabled, and go when retention removes their message. Events that nobody is to be
told of are dropped.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import Final, cast

from gateway.ledger.contract import Ledger, LedgerUnavailable, TellLater, Told, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.model.message import Message, OutboxEvent
from gateway.process.clock import Clock
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.connection import Answer, Failure, Result
from gateway.webhooks.delivery import Addresses, Job
from gateway.webhooks.endpoints import Endpoints
from gateway.webhooks.lane import Lane
from gateway.webhooks.order import Order
from gateway.webhooks.parcel import Parcel
from gateway.webhooks.pauses import Pauses
from gateway.webhooks.settings import DeliverySettings
from operators.contained import report
from redaction.errors import KeysWithheld
from redaction.personal import Purpose

READ_LIMIT: Final = 256
READ_PACE_S: Final = 50e-6
"""Pause before a read per event that the engine has to pass over, so that many slow requests do not make reads dear."""
SHARES: Final = 20
KEYLESS_MS: Final = 2_000
"""Pause of an event that cannot be opened while this node has no keys."""
GONE: Final = 410


class Deliverer:
    """Start `run` as a task, end with `stop`. client: makes the client, called once. random: 0 ≤ x < 1, for jitter.

    told, failed, dropped: events told, tries of events that failed, events without anybody to tell. inflight: events in
    memory. requests: what is on the wire. read_back: events that came by way of the ledger and not from their commit.
    active_until: monotonic time after which nothing is sent, because other nodes may be telling our events by then.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        journal: Journal,
        addresses: Addresses,
        client: Callable[[], WebhookClient],
        settings: DeliverySettings,
        clock: Clock,
        random: Callable[[], float] | None = None,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._addresses = addresses
        self._client = client()
        self._settings = settings
        self._clock = clock
        self._pauses = Pauses(settings.retry_schedule_s, random or partial(_random, clock))
        self._share = max(1, settings.max_inflight // SHARES)
        self._lanes: dict[int, Lane] = {}
        self._order = Order()
        self._order.distrust(clock.now_ms())
        self._backlog_learned = False
        self._failures = journal.failures
        self._loop = asyncio.get_running_loop()
        self._pumped: dict[int, Lane] = {}
        self._known: set[int] = set()  # in memory, or written about and not durable yet
        self._unsettled: set[bytes] = set()  # messages whose event is being put back
        self._left = False  # the ledger may hold events that memory had no room for
        self._crowded = False  # the last reading brought more than a quick lane had room for
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._stopping = False
        self.active_until = inf
        self.endpoints = Endpoints(ledger, clock, settings.disable_after_s)
        self.told = 0
        self.failed = 0
        self.dropped = 0
        self.inflight = 0
        self.requests = 0
        self.read_back = 0

    # ------------------------------------------------------------------------------------------------- what comes in

    def offer(self, events: Sequence[tuple[OutboxEvent, Message]]) -> None:
        """Fresh events, durable and with their seq, in order. Those for which there is no room stay in the ledger."""
        now_ms = self._clock.now_ms()
        if self._failures != self._journal.failures:  # what failed may have been stored all the same
            self._failures = self._journal.failures
            self.distrust()
        touched: dict[int, Lane] = {}
        for event, message in events:
            lane = self._lane(event.customer)
            if event.seq in self._known:
                continue
            if event.seq and self._has_room(lane, now_ms) and self._order.may_skip_ledger(event, message):
                self._take(lane, event, message)
                touched[event.customer] = lane
            else:
                self._leave(lane, event, now_ms)
        for lane in touched.values():
            self._pump(lane)
        if self._left:
            self._wake_with_room()

    def _leave(self, lane: Lane, event: OutboxEvent, now_ms: int) -> None:
        """A fresh event stays in the ledger; that of a lane which rests need not be read only to be put off."""
        self._order.leave(event, now_ms)
        if event.seq and lane.is_resting(now_ms):
            self._known.add(event.seq)
            self._post_later(event, self._pauses.rest_ms(now_ms, lane.rest_until_ms), event.attempts)
        else:
            self._left = True

    def poke(self) -> None:
        """Events are in the ledger that were not offered. Either all events of a message are offered, or none is."""
        self._left = True
        self._wake_with_room()

    def distrust(self) -> None:
        """The ledger got events from elsewhere, for example another node's: keep order by way of the ledger."""
        self._order.distrust(self._clock.now_ms())
        self.poke()

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Forget events of messages that are another node's now, but for those that are on the wire."""
        for lane in self._lanes.values():
            gone = [job for job in lane.waiting if has_gone(job.event.message)]
            for job in gone:
                lane.waiting.remove(job)
            leaving = [each for job in gone for each in self._order.cut(job.event.message.__eq__)] + gone
            for job in gone:
                self._order.drop(job)
            self._let_go_of(lane, leaving)
        for job in self._order.cut(has_gone):
            self._let_go_of(self._lane(job.event.customer), [job])
        self.distrust()

    def resume(self) -> None:
        """`active_until` lies ahead again."""
        for lane in self._lanes.values():
            self._pump(lane)
        self.poke()

    def is_telling(self, is_meant: Callable[[bytes], bool]) -> bool:
        """Whether an event of these messages is in memory."""
        return self._order.is_telling(is_meant)

    def _let_go_of(self, lane: Lane, jobs: Sequence[Job]) -> None:
        self.inflight -= len(jobs)
        lane.size -= len(jobs)
        self._known.difference_update(job.event.seq for job in jobs)

    def lag_ms(self) -> int:
        """Age of the oldest event that is known to wait; 0 when none does."""
        oldest_ms = self._order.oldest_ms()
        return 0 if oldest_ms is None else max(0, self._clock.now_ms() - oldest_ms)

    # -------------------------------------------------------------------------------------------------- start, stop

    async def run(self) -> None:
        """Read back what falls due, until stopped. A ledger that is away is waited for."""
        try:
            while not self._stopping:
                with suppress(LedgerUnavailable):
                    await self._learn_backlog()
                    await self.endpoints.refresh()
                    await self._read_back()
                await self._pause()
        except asyncio.CancelledError:
            self._client.close()
            raise

    async def stop(self, deadline_s: float) -> None:
        """Begin nothing new, wait for the answers under way, close. What has none by then stays in the ledger."""
        self._stopping = True
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self._quiet.wait()
        self._client.close()
        with suppress(LedgerUnavailable):
            await self.endpoints.refresh()

    async def _pause(self) -> None:
        """Until there is something to read, or a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.poll_s):
                await self._wake.wait()
        await asyncio.sleep(len(self._known) * READ_PACE_S)
        self._wake.clear()

    async def _learn_backlog(self) -> None:
        """Once: whether the ledger holds events from before this process."""
        if not self._backlog_learned:
            if not await self._ledger.outbox_size():
                self._order.trust()
            self._backlog_learned = True

    async def _read_back(self) -> None:
        """Fill memory from the ledger until nothing more is due or there is no room."""
        while not self._stopping:
            self._left = self._crowded = False
            limit = min(READ_LIMIT, self._settings.max_inflight - self.inflight)
            if limit <= 0:
                self._left = True
                return
            events = await self._ledger.outbox_due(self._clock.now_ms(), limit, self._known)
            if events:
                await self._take_back(events)
            if self._crowded:
                self._left = True
                return
            if len(events) < limit and not self._left:
                return
            await asyncio.sleep(0)  # an engine that answers at once must not keep the loop

    async def _take_back(self, events: Sequence[OutboxEvent]) -> None:
        fresh = [event for event in events if event.seq not in self._known and event.message not in self._unsettled]
        self._known.update(event.seq for event in fresh)
        try:
            messages = await self._ledger.find_many([event.message for event in fresh])
        except LedgerUnavailable:
            self._known.difference_update(event.seq for event in fresh)
            raise
        if self._stopping:
            return
        for event, message in zip(fresh, messages, strict=True):
            self.read_back += 1
            if message is None:
                self.dropped += 1
                self._journal.post(Told(event.seq), self._settled)
            else:
                self._sort_in(event, message)
        for customer in {event.customer for event in fresh}:
            self._pump(self._lane(customer))

    def _sort_in(self, event: OutboxEvent, message: Message) -> None:
        """Take an event of the ledger, or have it read again: once there is room, or later where that may take long."""
        lane = self._lane(event.customer)
        now_ms = self._clock.now_ms()
        if self._has_room(lane, now_ms):
            self._take(lane, event, message)
            return
        self._order.leave(event, now_ms)
        if lane.is_resting(now_ms):
            self._post_later(event, lane.rest_until_ms, event.attempts)
        elif lane.is_slow():
            self._post_later(event, lane.next_slot_ms(now_ms), event.attempts)
        else:
            self._known.discard(event.seq)
            self._crowded = True

    # ------------------------------------------------------------------------------------------------------ sending

    def _lane(self, customer: int) -> Lane:
        lane = self._lanes.get(customer)
        if lane is None:
            settings = self._settings
            lane = self._lanes[customer] = Lane(settings.connections_per_endpoint, settings.retry_schedule_s)
        return lane

    def _has_room(self, lane: Lane, now_ms: int) -> bool:
        """One customer may fill half of the memory; beyond that each has its share only."""
        most = self._settings.max_inflight
        fits = self.inflight < most // 2 or (self.inflight < most and lane.size < self._share)
        return fits and not self._stopping and not lane.is_resting(now_ms)

    def _take(self, lane: Lane, event: OutboxEvent, message: Message) -> None:
        self._known.add(event.seq)
        self.inflight += 1
        lane.size += 1
        job = Job(event, message)
        if self._order.add(job):
            lane.waiting.append(job)

    def _pump(self, lane: Lane) -> None:
        """Send as much as the lane allows now."""
        while lane.has_turn() and not self._stopping and self._clock.monotonic() < self.active_until:
            self._send(lane, lane.waiting.popleft())

    def _send(self, lane: Lane, job: Job) -> None:
        try:
            delivery = self._addresses.delivery(job.event, job.message)
        except KeysWithheld:
            self._put_back(lane, job, self._clock.now_ms() + KEYLESS_MS, job.event.attempts)
            return
        except Exception as error:
            report("delivery", error)
            self.failed += 1
            next_ms = self._pauses.retry_ms(self._clock.now_ms(), job.event.attempts, self._pauses.spread())
            self._put_back(lane, job, next_ms, job.event.attempts + 1)
            return
        if delivery is None:
            self._drop(lane, job)
            return
        destination = delivery.destination
        if destination.own_endpoint and self.endpoints.is_disabled(job.event.customer):
            self._hold(lane, job, self._pauses.hold_ms(self._clock.now_ms()))
            return
        parcel = Parcel(lane, job, delivery, self._clock.monotonic())
        if destination.batch > 1:
            parcel.fill(self._addresses)
        lane.active += 1
        self.requests += 1
        self._quiet.clear()
        self._post(parcel, partial(self._answered, parcel))

    def _post(self, parcel: Parcel, done: Callable[[Result], None]) -> None:
        destination, now_ms = parcel.destination, self._clock.now_ms()
        if destination.signer is None:
            self._loop.call_soon(done, Failure("target_refused", "secret"))
            return
        webhook_id, body = parcel.octets(now_ms)
        headers = destination.signer.headers(webhook_id, now_ms // 1000, body)
        self._client.post(destination.url.reveal(Purpose.INFORM_CUSTOMER), headers, body, done)

    # ------------------------------------------------------------------------------------------------------ answers

    def _answered(self, parcel: Parcel, result: Result) -> None:
        lane = parcel.lane
        lane.active -= 1
        lane.took(self._clock.monotonic() - parcel.sent, len(parcel.jobs))
        self.requests -= 1
        if not self.requests:
            self._quiet.set()
        if isinstance(result, Answer) and result.is_success:
            self._succeeded(lane, parcel)
        else:
            self._failed(lane, parcel, gone=isinstance(result, Answer) and result.status == GONE)
        if lane.waiting:
            self._pump_soon(lane)
        if self._left:
            self._wake_with_room()

    def _pump_soon(self, lane: Lane) -> None:
        """Once this turn of the loop has brought all its answers: requests that leave together are cheaper."""
        if not self._pumped:
            self._loop.call_soon(self._pump_all)
        self._pumped[id(lane)] = lane

    def _pump_all(self) -> None:
        lanes, self._pumped = self._pumped, {}
        for lane in lanes.values():
            self._pump(lane)

    def _succeeded(self, lane: Lane, parcel: Parcel) -> None:
        self.told += len(parcel.jobs)
        lane.succeeded()
        if parcel.destination.own_endpoint:
            self.endpoints.told(parcel.jobs[0].event.customer)
        for job in parcel.jobs:
            self._finish(lane, job)

    def _failed(self, lane: Lane, parcel: Parcel, *, gone: bool) -> None:
        self.failed += len(parcel.jobs)
        own, customer = parcel.destination.own_endpoint, parcel.jobs[0].event.customer
        if gone and not own:
            for job in parcel.jobs:
                self._drop(lane, job)
            return
        now_ms = self._clock.now_ms()
        rests = lane.failed(now_ms)
        if own:
            self._note_failure(customer, gone=gone)
        if own and self.endpoints.is_disabled(customer):
            until_ms = self._pauses.hold_ms(now_ms)
            for job in parcel.heads():
                self._hold(lane, job, until_ms)
        else:
            self._retry(lane, parcel, now_ms)
        if rests:
            self._rest(lane)

    def _note_failure(self, customer: int, *, gone: bool) -> None:
        if gone:
            self.endpoints.gone(customer)
        else:
            self.endpoints.failed(customer)
        if self.endpoints.is_disabled(customer):
            self._wake.set()  # to be written down

    def _retry(self, lane: Lane, parcel: Parcel, now_ms: int) -> None:
        """All at one time, so that they may go together again."""
        spread = self._pauses.spread()
        for job in parcel.heads():
            next_ms = max(self._pauses.retry_ms(now_ms, job.event.attempts, spread), lane.rest_until_ms)
            self._put_back(lane, job, next_ms, job.event.attempts + 1)

    def _rest(self, lane: Lane) -> None:
        """Nothing is sent for a while: the lane's events leave the memory."""
        now_ms = self._clock.now_ms()
        while lane.waiting:
            job = lane.waiting.popleft()
            self._put_back(lane, job, self._pauses.rest_ms(now_ms, lane.rest_until_ms), job.event.attempts)

    # ------------------------------------------------------------------------------------------- ends of a job

    def _finish(self, lane: Lane, job: Job) -> None:
        """Nobody needs this event any more; the next one of its message may go."""
        self._journal.post(Told(job.event.seq), self._settled)
        self.inflight -= 1
        lane.size -= 1
        follower = self._order.told(job)
        if follower is not None and not follower.is_under_way:
            lane.waiting.append(follower)

    def _drop(self, lane: Lane, job: Job) -> None:
        self.dropped += 1
        self._finish(lane, job)

    def _hold(self, lane: Lane, job: Job, until_ms: int) -> None:
        """Keep an event of a disabled endpoint."""
        self._put_back(lane, job, until_ms, job.event.attempts, held=True)

    def _put_back(self, lane: Lane, job: Job, next_ms: int, attempts: int, *, held: bool = False) -> None:
        """The event and those after it leave the memory; the ledger gives them again, it first, from `next_ms` on."""
        self._post_later(job.event, next_ms, attempts)
        leaving = self._order.put_back(job, self._clock.now_ms(), held=held)
        self.inflight -= len(leaving)
        lane.size -= len(leaving)
        for each in leaving[1:]:
            self._known.discard(each.event.seq)

    def _post_later(self, event: OutboxEvent, next_ms: int, attempts: int) -> None:
        self._unsettled.add(event.message)
        done = partial(self._settled_later, event.message)
        self._journal.post(TellLater(event.seq, next_ms, attempts), done)

    def _settled(self, op: WriteOp | None, _result: WriteResult) -> None:
        self._known.discard(cast("Told | TellLater", op).seq)

    def _settled_later(self, message: bytes, op: WriteOp | None, result: WriteResult) -> None:
        self._unsettled.discard(message)
        self._settled(op, result)

    def _wake_with_room(self) -> None:
        if self.inflight < self._settings.max_inflight // 2:
            self._wake.set()


def _random(clock: Clock) -> float:
    return int.from_bytes(clock.random(4), "big") / (1 << 32)
