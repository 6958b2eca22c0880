"""Events in memory: a lane for each customer, bounded together, in order per message; and their way back to the ledger.

One customer may fill half of the memory; beyond that each has its share only.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.ledger.outbox import OutboxReader
from gateway.model.message import Message, OutboxEvent
from gateway.process.clock import Clock
from gateway.webhooks.callbacks import Callbacks
from gateway.webhooks.delivery import Job
from gateway.webhooks.lane import Lane
from gateway.webhooks.order import Order
from gateway.webhooks.pauses import Pauses
from gateway.webhooks.settings import DeliverySettings

SHARES: Final = 20
APART: Final = 4
"""One customer's callback URLs may have that part of the memory."""


class Held:
    """inflight: events in memory. is_closed: no more are taken. has_left: the ledger may hold events that memory had no
    room for. wake: set when the ledger is to be looked into. returning: customers whose endpoints are back: what was
    put off for them is due.
    """

    def __init__(self, reader: OutboxReader, pauses: Pauses, settings: DeliverySettings, clock: Clock) -> None:
        self._reader = reader
        self._pauses = pauses
        self._clock = clock
        self._bound(settings)
        self.lanes: Final[dict[int, Lane]] = {}
        self.callbacks: Final = Callbacks(settings.connections_per_endpoint, settings.retry_schedule_s, clock.random)
        self.order: Final = Order()
        self.wake: Final = asyncio.Event()
        self.inflight = 0
        self.is_closed = False
        self.has_left = False
        self.returning: Final[set[int]] = set()

    def adopt(self, settings: DeliverySettings) -> None:
        """For events from now on; those in memory stay there."""
        self._bound(settings)
        self._pauses.adopt(settings.retry_schedule_s)
        self.callbacks.adopt(settings.connections_per_endpoint, settings.retry_schedule_s)
        for lane in self.lanes.values():
            lane.adopt(settings.connections_per_endpoint, settings.retry_schedule_s)

    def _bound(self, settings: DeliverySettings) -> None:
        self._settings = settings
        self._share = max(1, settings.max_inflight // SHARES)
        self._apart_limit = max(1, settings.max_inflight // APART)

    def lane(self, customer: int) -> Lane:
        lane = self.lanes.get(customer)
        if lane is None:
            settings = self._settings
            lane = self.lanes[customer] = Lane(settings.connections_per_endpoint, settings.retry_schedule_s)
        return lane

    def room(self) -> int:
        """Events that may be taken, whoever's they are."""
        return self._settings.max_inflight - self.inflight

    def wake_if_left(self) -> None:
        """Have the ledger looked into when it holds more and half of the memory is free."""
        if self.has_left and self.inflight < self._settings.max_inflight // 2:
            self.wake.set()

    def has_room(self, lane: Lane, message: Message | None, now_ms: int) -> bool:
        """Whether an event of this customer may be taken. One whose message may have a URL of its own is, though the
        endpoint rests: where it goes is known once it is opened.
        """
        most = self._settings.max_inflight
        fits = self.inflight < most // 2 or (self.inflight < most and lane.own < self._share)
        return fits and not self.is_closed and not self._has_to_rest(lane, message, now_ms)

    @staticmethod
    def _has_to_rest(lane: Lane, message: Message | None, now_ms: int) -> bool:
        return lane.is_resting(now_ms) and (message is None or message.private is None)

    def take(self, lane: Lane, event: OutboxEvent, message: Message | None) -> None:
        self._reader.known.add(event.seq)
        self.inflight += 1
        lane.size += 1
        job = Job(event, message)
        if self.order.add(job):
            lane.waiting.append(job)

    def is_back(self, customer: int) -> None:
        """The endpoint is to be tried as if it took events again: what was put off for it is due."""
        lane = self.lanes.get(customer)
        if lane is not None:
            lane.begin_anew()
        self.bring_back(customer)

    def bring_back(self, customer: int) -> None:
        """A target of this customer takes events again: what was put off is due."""
        self.returning.add(customer)
        self.wake.set()

    # ------------------------------------------------------------------------------------------- callback URLs

    def every_lane(self) -> list[Lane]:
        return [*self.lanes.values(), *self.callbacks.lanes()]

    def place(self, lane: Lane, job: Job, callback: str | None) -> Lane:
        """The lane in which the event goes on, now that its target is known. callback: its own URL, if it has one."""
        home = self.lane(job.event.customer)
        target = home if callback is None else self.callbacks.lane(job.event.customer, callback)
        self._count(lane, -1, home)
        self._count(target, 1, home)
        return target

    def is_crowded(self, job: Job) -> bool:
        """Whether its customer's callback URLs have all the memory that they may have."""
        return self.lane(job.event.customer).apart > self._apart_limit

    @staticmethod
    def _count(lane: Lane, events: int, home: Lane) -> None:
        if lane is not home:
            home.apart += events

    # ---------------------------------------------------------------------------------- what there is no room for

    def leave_fresh(self, lane: Lane, event: OutboxEvent, message: Message | None, now_ms: int) -> None:
        """A fresh event stays in the ledger; that of a lane which rests need not be read only to be put off."""
        self.order.leave(event, now_ms)
        if event.seq and self._has_to_rest(lane, message, now_ms):
            self._reader.put_off(event, self._pauses.rest_ms(now_ms, lane.aside_until_ms), event.attempts)
        else:
            self.has_left = True

    def leave(self, lane: Lane, event: OutboxEvent, now_ms: int) -> bool:
        """One that was read is read again: once there is room, which is said, or later where that may take long."""
        self.order.leave(event, now_ms)
        if lane.is_resting(now_ms):
            self._reader.put_off(event, lane.aside_until_ms, event.attempts)
        elif lane.is_slow():
            self._reader.put_off(event, lane.next_slot_ms(now_ms), event.attempts)
        else:
            self._reader.release((event,))
            return True
        return False

    # -------------------------------------------------------------------------------------------- ends of a job

    def finish(self, lane: Lane, job: Job) -> None:
        """The event is done with; the next one of its message may go."""
        home = self.lane(job.event.customer)
        self._reader.told(job.event)
        self.inflight -= 1
        home.size -= 1
        self._count(lane, -1, home)
        follower = self.order.told(job)
        if follower is not None and not follower.is_under_way:
            self._count(lane, 1, home)
            lane.waiting.append(follower)

    def put_back(self, lane: Lane, job: Job, next_ms: int, attempts: int, *, held: bool = False) -> None:
        """The event and those after it leave the memory; the ledger gives them again, it first, from `next_ms` on.

        held: its endpoint is disabled.
        """
        self._reader.put_off(job.event, next_ms, attempts)
        leaving = self.order.put_back(job, self._clock.now_ms(), held=held)
        home = self.lane(job.event.customer)
        self.inflight -= len(leaving)
        home.size -= len(leaving)
        self._count(lane, -1, home)
        self._reader.release([each.event for each in leaving[1:]])

    def empty(self, lane: Lane) -> None:
        """Nothing is sent for a while: the lane's events leave the memory."""
        now_ms = self._clock.now_ms()
        while lane.waiting:
            job = lane.waiting.popleft()
            self.put_back(lane, job, self._pauses.rest_ms(now_ms, lane.aside_until_ms), job.event.attempts)

    # -------------------------------------------------------------------------------------------- other nodes' events

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Forget events of messages that are another node's now, but for those that are on the wire."""
        for lane in self.every_lane():
            gone = [job for job in lane.waiting if has_gone(job.event.message)]
            for job in gone:
                lane.waiting.remove(job)
            leaving = [each for job in gone for each in self.order.cut(job.event.message.__eq__)] + gone
            for job in gone:
                self.order.drop(job)
                self._count(lane, -1, self.lane(job.event.customer))
            self._forget(leaving)
        self._forget(self.order.cut(has_gone))

    def _forget(self, jobs: Sequence[Job]) -> None:
        self.inflight -= len(jobs)
        for job in jobs:
            self.lane(job.event.customer).size -= 1
        self._reader.release([job.event for job in jobs])

    def lag_ms(self) -> int:
        """Age of the oldest event that is known to wait; 0 when none does."""
        oldest_ms = self.order.oldest_ms()
        return 0 if oldest_ms is None else max(0, self._clock.now_ms() - oldest_ms)
