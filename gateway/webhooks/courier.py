"""Carries what is in memory to the endpoints: requests, their answers, and what follows from them.

Each customer's lane has a few requests at once, each with one event or a batch; an event costs no task. What fails is
tried again after the pauses of the schedule. An endpoint that fails for long, or answers 410, is disabled.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final

from gateway.process.clock import Clock
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.connection import Answer, Failure, Result, reason_of
from gateway.webhooks.delivery import Addresses, Job
from gateway.webhooks.endpoints import Endpoints
from gateway.webhooks.held import Held
from gateway.webhooks.lane import Lane
from gateway.webhooks.parcel import Parcel
from gateway.webhooks.pauses import Pauses
from operators.contained import report
from redaction.errors import KeysWithheld
from redaction.personal import Purpose

KEYLESS_MS: Final = 2_000
"""Pause of an event that cannot be opened while this node has no keys."""
GONE: Final = 410
BUSY: Final = (429, 503)
"""Statuses whose Retry-After counts."""


class Courier:
    """told, failed, dropped: events delivered, tries of events that failed, events that concern no endpoint. requests:
    what is on the wire. quiet: set while nothing is. active_until: monotonic time after which nothing is sent, because
    other nodes may be telling our events by then.
    """

    def __init__(
        self,
        held: Held,
        addresses: Addresses,
        client: WebhookClient,
        endpoints: Endpoints,
        pauses: Pauses,
        clock: Clock,
    ) -> None:
        self._held = held
        self._addresses = addresses
        self._client = client
        self._endpoints = endpoints
        self._pauses = pauses
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pumped: dict[int, Lane] = {}
        self.quiet: Final = asyncio.Event()
        self.quiet.set()
        self.active_until = inf
        self.told = 0
        self.failed = 0
        self.dropped = 0
        self.requests = 0

    # ------------------------------------------------------------------------------------------------------ sending

    def pump(self, lane: Lane) -> None:
        """Send as much as the lane allows now."""
        while lane.has_turn() and not self._held.is_closed and self._clock.monotonic() < self.active_until:
            self._send(lane, lane.waiting.popleft())

    def _pump_soon(self, lane: Lane) -> None:
        """Once this turn of the loop has brought all its answers: requests that leave together are cheaper."""
        if not self._pumped:
            self._loop.call_soon(self._pump_all)
        self._pumped[id(lane)] = lane

    def _pump_all(self) -> None:
        lanes, self._pumped = self._pumped, {}
        for lane in lanes.values():
            self.pump(lane)

    def _send(self, lane: Lane, job: Job) -> None:
        try:
            delivery = self._addresses.delivery(job.event, job.message)
        except KeysWithheld:
            self._held.put_back(lane, job, self._clock.now_ms() + KEYLESS_MS, job.event.attempts)
            return
        except Exception as error:
            report("delivery", error)
            self.failed += 1
            next_ms = self._pauses.retry_ms(self._clock.now_ms(), job.event.attempts, self._pauses.spread())
            self._held.put_back(lane, job, next_ms, job.event.attempts + 1)
            return
        if delivery is None:
            self._drop(lane, job)
            return
        destination = delivery.destination
        callback = None if destination.own_endpoint else destination.url.reveal(Purpose.INFORM_CUSTOMER)
        target = self._held.place(lane, job, callback)
        if not self._is_next(lane, target, job):
            return
        lane = target
        if destination.own_endpoint and self._endpoints.is_disabled(job.event.customer):
            self._hold(lane, job, self._pauses.hold_ms(self._clock.now_ms()))
            return
        parcel = Parcel(lane, job, delivery, self._clock.monotonic())
        if destination.batch > 1:
            parcel.fill(self._addresses)
        lane.active += 1
        self.requests += 1
        self.quiet.clear()
        self._post(parcel, partial(self._answered, parcel))

    def _is_next(self, lane: Lane, target: Lane, job: Job) -> bool:
        """Whether an event of this lane may leave by that one at once; else it waits there, or in the ledger."""
        now_ms = self._clock.now_ms()
        if target.is_resting(now_ms):
            self._held.put_back(target, job, self._pauses.rest_ms(now_ms, target.aside_until_ms), job.event.attempts)
        elif target is lane:
            return True
        elif self._held.is_crowded(job):
            self._held.put_back(target, job, target.next_slot_ms(now_ms), job.event.attempts)
        elif target.waiting or target.active >= target.limit:
            target.waiting.append(job)
            self._pump_soon(target)
        else:
            return True
        return False

    def _post(self, parcel: Parcel, done: Callable[[Result], None]) -> None:
        destination, now_ms = parcel.destination, self._clock.now_ms()
        if destination.signer is None:
            self._loop.call_soon(done, Failure("target_refused", "secret"))
            return
        webhook_id, body = parcel.octets(now_ms)
        headers = destination.signer.headers(webhook_id, now_ms // 1000, body)
        customer = parcel.jobs[0].event.customer
        url = destination.url.reveal(Purpose.INFORM_CUSTOMER)
        self._client.post(url, headers, body, done, customer, destination.shape)

    # ------------------------------------------------------------------------------------------------------ answers

    def _answered(self, parcel: Parcel, result: Result) -> None:
        lane = parcel.lane
        lane.active -= 1
        lane.took(self._clock.monotonic() - parcel.sent, len(parcel.jobs))
        self.requests -= 1
        if not self.requests:
            self.quiet.set()
        if isinstance(result, Answer) and result.is_success:
            self._succeeded(lane, parcel)
        else:
            self._failed(lane, parcel, result)
        if lane.waiting:
            self._pump_soon(lane)
        self._held.wake_if_left()

    def _succeeded(self, lane: Lane, parcel: Parcel) -> None:
        self.told += len(parcel.jobs)
        if lane.succeeded():
            self._held.bring_back(parcel.jobs[0].event.customer)
        if parcel.destination.own_endpoint:
            self._endpoints.told(parcel.jobs[0].event.customer)
        for job in parcel.jobs:
            self._held.finish(lane, job)

    def _failed(self, lane: Lane, parcel: Parcel, result: Result) -> None:
        self.failed += len(parcel.jobs)
        gone = isinstance(result, Answer) and result.status == GONE
        own, customer = parcel.destination.own_endpoint, parcel.jobs[0].event.customer
        if gone and not own:
            for job in parcel.jobs:
                self._drop(lane, job)
            return
        now_ms = self._clock.now_ms()
        rests = lane.failed(now_ms)
        asked_ms = self._asked_ms(result, now_ms)
        if asked_ms is not None and own:
            rests = lane.rest(asked_ms)
        if own:
            self._note_failure(customer, result, gone=gone)
        if own and self._endpoints.is_disabled(customer):
            until_ms = self._pauses.hold_ms(now_ms)
            for job in parcel.heads():
                self._hold(lane, job, until_ms)
        else:
            self._retry(lane, parcel, now_ms, asked_ms, probes=rests)
        if rests:
            self._held.empty(lane)

    def _note_failure(self, customer: int, result: Result, *, gone: bool) -> None:
        if gone:
            self._endpoints.gone(customer)
        else:
            self._endpoints.failed(customer, reason_of(result))
        if self._endpoints.is_disabled(customer):
            self._held.wake.set()  # to be written down

    def _asked_ms(self, result: Result, now_ms: int) -> int | None:
        """When an endpoint that has too much to do wants to be asked again, if it says so."""
        if not isinstance(result, Answer) or result.status not in BUSY or not result.retry_after:
            return None
        return self._pauses.asked_ms(now_ms, result.retry_after, self._pauses.spread())

    def _retry(self, lane: Lane, parcel: Parcel, now_ms: int, asked_ms: int | None, *, probes: bool) -> None:
        """All at one time, so that they may go together again; as the next probe, when the lane's rest is over."""
        spread = self._pauses.spread()
        for job in parcel.heads():
            if asked_ms is not None:
                next_ms = max(asked_ms, lane.rest_until_ms)
            elif probes:
                next_ms = self._pauses.rest_ms(now_ms, lane.rest_until_ms)
            else:
                next_ms = max(self._pauses.retry_ms(now_ms, job.event.attempts, spread), lane.aside_until_ms)
            self._held.put_back(lane, job, next_ms, job.event.attempts + 1)

    def _drop(self, lane: Lane, job: Job) -> None:
        self.dropped += 1
        self._held.finish(lane, job)

    def _hold(self, lane: Lane, job: Job, until_ms: int) -> None:
        """Keep an event of a disabled endpoint."""
        self._held.put_back(lane, job, until_ms, job.event.attempts, held=True)
