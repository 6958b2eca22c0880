"""Events of one message are delivered in order, whether they are in memory or only in the ledger. Pure.

The ledger gives only the first event of each message, so what comes from there is in order by itself. A fresh event may
skip the ledger only when no earlier one of its message can be waiting there: the message is not `behind`, and it was
accepted after the moment from which this memory is complete.
"""

from collections.abc import Callable
from typing import Final

from gateway.model.message import Message, OutboxEvent
from gateway.webhooks.delivery import Job

BEHIND_LIMIT: Final = 50_000
HELD: Final = 1 << 62
"""Counts as never waiting: events of disabled endpoints."""


class Order:
    """What is known of messages with untold events.

    When more than `limit` messages are behind, the memory starts afresh: messages accepted until then go by the ledger.
    """

    def __init__(self, limit: int = BEHIND_LIMIT) -> None:
        self._limit = limit
        self._heads: dict[bytes, Job] = {}
        self._behind: dict[bytes, tuple[int, int]] = {}  # last seq in the ledger, time of the oldest
        self._trusted_from_ms = 0

    def distrust(self, now_ms: int) -> None:
        """The ledger may hold events that this memory has not seen, of messages accepted until now."""
        self._trusted_from_ms = now_ms + 1
        self._behind.clear()

    def trust(self) -> None:
        """The ledger holds no event that this memory has not seen."""
        self._trusted_from_ms = 0

    def may_skip_ledger(self, event: OutboxEvent, message: Message) -> bool:
        """Whether a fresh event may be delivered from memory."""
        return message.accepted_ms >= self._trusted_from_ms and event.message not in self._behind

    def leave(self, event: OutboxEvent, now_ms: int, *, held: bool = False) -> None:
        """The event is in the ledger only."""
        last, oldest_ms = self._behind.get(event.message, (0, HELD))
        oldest_ms = HELD if held else min(oldest_ms, event.at_ms)
        self._behind[event.message] = (max(last, event.seq), oldest_ms)
        if len(self._behind) > self._limit:
            self.distrust(now_ms)

    def add(self, job: Job) -> bool:
        """Take an event into memory. Whether it is the first of its message, so that it may leave now."""
        tail = self._heads.setdefault(job.event.message, job)
        if tail is job:
            return True
        while tail.follower is not None:
            tail = tail.follower
        tail.follower = job
        return False

    def told(self, job: Job) -> Job | None:
        """The event is delivered; the one that may leave now, if it is in memory."""
        message = job.event.message
        follower = job.follower
        if follower is None:
            del self._heads[message]
        else:
            self._heads[message] = follower
        if self._behind and message in self._behind and self._behind[message][0] <= job.event.seq:
            del self._behind[message]
        return follower

    def put_back(self, job: Job, now_ms: int, *, held: bool = False) -> list[Job]:
        """The event is postponed: it and those after it leave the memory. All of them, it first."""
        del self._heads[job.event.message]
        leaving: list[Job] = []
        each: Job | None = job
        while each is not None:
            self.leave(each.event, now_ms, held=held)
            leaving.append(each)
            each = each.follower
        return leaving

    def cut(self, is_meant: Callable[[bytes], bool]) -> list[Job]:
        """Drop these messages' later events from memory: they are not delivered here."""
        leaving: list[Job] = []
        for message, head in self._heads.items():
            if is_meant(message):
                each, head.follower = head.follower, None
                while each is not None:
                    leaving.append(each)
                    each = each.follower
        return leaving

    def drop(self, job: Job) -> None:
        """The first event of its message is not delivered here."""
        del self._heads[job.event.message]

    def is_telling(self, is_meant: Callable[[bytes], bool]) -> bool:
        """Whether an event of these messages is in memory."""
        return any(is_meant(message) for message in self._heads)

    def oldest_ms(self) -> int | None:
        """Time of the oldest event known to be untold, those of disabled endpoints apart."""
        in_memory = min((job.event.at_ms for job in self._heads.values()), default=HELD)
        behind = min((oldest for _, oldest in self._behind.values()), default=HELD)
        oldest = min(in_memory, behind)
        return None if oldest == HELD else oldest
