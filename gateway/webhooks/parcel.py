"""What goes in one request: one event as it is, or several in an envelope where the endpoint asked for batches.

A batch holds what waits when it leaves; it never waits to fill. Events of one message may follow each other in it,
in order. A batch that failed is tried again in halves, so that one event that an endpoint cannot take does not hold up
the others for ever, and an endpoint that is slow gets less at a time.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from gateway.model.message import STATUS_EVENT, OutboxEvent
from gateway.model.times import rfc3339
from gateway.webhooks.delivery import Addresses, Delivery, Destination, Job
from gateway.webhooks.lane import Lane
from gateway.webhooks.payload import BATCH_TYPE

MAX_BATCH_BYTES: Final = 262_144


class Parcel:
    """Events that leave together, in order. sent: monotonic seconds."""

    __slots__ = ("bodies", "destination", "jobs", "lane", "sent", "size_bytes")

    def __init__(self, lane: Lane, job: Job, delivery: Delivery, sent: float) -> None:
        self.lane = lane
        self.destination: Destination = delivery.destination
        self.sent = sent
        self.jobs = [job]
        self.bodies = [delivery.body]
        self.size_bytes = len(delivery.body)
        job.is_under_way = True

    def octets(self, now_ms: int) -> tuple[bytes, bytes]:
        """`webhook-id` and body. The same events in the same order have the same id."""
        if self.destination.batch == 1:
            return event_id(self.jobs[0].event), self.bodies[0]
        return envelope([event_id(job.event) for job in self.jobs], self.bodies, now_ms)

    def fill(self, addresses: Addresses) -> None:
        """Add what waits in the lane for the same destination, as far as there is room."""
        self._add_followers(self.jobs[0], addresses)
        waiting = self.lane.waiting
        while waiting and self._add(waiting[0], addresses):
            self._add_followers(waiting.popleft(), addresses)

    def _add_followers(self, job: Job, addresses: Addresses) -> None:
        follower = job.follower
        while follower is not None and self._add(follower, addresses):
            follower = follower.follower

    def _add(self, job: Job, addresses: Addresses) -> bool:
        attempts = max(job.event.attempts, self.jobs[0].event.attempts)
        if len(self.jobs) >= self.destination.batch >> attempts:
            return False
        try:
            delivery = addresses.delivery(job.event, job.message)
        except Exception:  # it is looked at again when it is the first
            return False
        if delivery is None or delivery.destination is not self.destination:
            return False
        size_bytes = self.size_bytes + len(delivery.body)
        if size_bytes > MAX_BATCH_BYTES:
            return False
        self.size_bytes = size_bytes
        self.jobs.append(job)
        self.bodies.append(delivery.body)
        job.is_under_way = True
        return True

    def heads(self) -> list[Job]:
        """The first event of each message: what follows it here goes where it goes."""
        followers = {id(job.follower) for job in self.jobs}
        return [job for job in self.jobs if id(job) not in followers]


def event_id(event: OutboxEvent) -> bytes:
    """An event's identity, the same whenever it is sent."""
    if event.kind != STATUS_EVENT:
        said = b"%b\0%d\0%b" % (event.message, event.at_ms, event.data)
        return f"{event.kind}.{sha256(said).hexdigest()[:32]}".encode()
    return f"{event.message.hex()}.{event.status}".encode()


def envelope(ids: Sequence[bytes], bodies: Sequence[bytes], now_ms: int) -> tuple[bytes, bytes]:
    """`webhook-id` and body of a batch: each event as it would be alone, and its own id."""
    entries = b",".join([b'{"id":"%b",%b' % (name, body[1:]) for name, body in zip(ids, bodies, strict=True)])
    head = f'{{"type":"{BATCH_TYPE}","timestamp":"{rfc3339(now_ms)}","data":['.encode()
    digest = sha256(b"\n".join(ids)).hexdigest()[:32]
    return f"{BATCH_TYPE}.{digest}".encode(), b"%b%b]}" % (head, entries)
