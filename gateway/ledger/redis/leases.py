"""Who has which partition: takes, renews, shares out and hands over leases.

A node sends several heartbeats in a lease's life. It takes free partitions, up to its fair share of those that
are alive, and hands over what it has beyond that, once what is under way there has ended. A node that dies is missed
when its leases run out: `lease_s` and a heartbeat later others have its partitions. After a time in which the server
was away all leases have run out, so each node first leaves the others time to renew theirs.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.ledger.contract import LedgerLocked, LedgerUnavailable
from gateway.ledger.redis.formats import Formats
from gateway.ledger.redis.held import fair_share
from gateway.ledger.redis.marks import Marks
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.packing import NEWEST
from gateway.ledger.redis.server import Call
from gateway.process.hosts import machine_of
from gateway.process.tasks import TaskOwner

BEATS: Final = 4
"""Heartbeats in the life of a lease."""
LOOK_AGAIN_S: Final = 0.1
STOP_S: Final = 2.0
HANDOVER_S: Final = 15.0

Partitions = Sequence[int]


class Follower(Protocol):
    """Who works on what this node has."""

    def gained(self, partitions: Partitions) -> None:
        """These are ours now."""

    def lost(self, partitions: Partitions) -> None:
        """These are not ours any more."""

    async def empty(self, partitions: Partitions) -> None:
        """Returns once nothing is under way in these, which are about to be handed over."""

    def renewed(self, until: float) -> None:
        """No other node can have our partitions before `until`, in monotonic seconds."""


class _Idle:
    """Follows a node that does not work yet."""

    def gained(self, partitions: Partitions) -> None: ...

    def lost(self, partitions: Partitions) -> None: ...

    async def empty(self, partitions: Partitions) -> None: ...

    def renewed(self, until: float) -> None: ...


class Leases:
    """This node's leases on partitions: taken, renewed, balanced among the nodes, handed over.

    marks: of the ledger that the partitions are of; when the server holds another one or none, nothing more is taken.
    """

    def __init__(self, member: Member, formats: Formats, marks: Marks) -> None:
        self._server = member.server
        self._layout = member.layout
        self._holding = member.holding
        self._node = member.node
        self._lease_s = member.lease_s
        self._lease_ms = member.lease_ms
        self._formats = formats
        self._marks = marks
        self._tasks: TaskOwner | None = None
        self._leaving = asyncio.Event()
        self._last_beat = float("-inf")
        self._take_after = 0.0
        self._follower: Follower = _Idle()
        self.nodes = 0
        self.machines = 0

    def follow(self, follower: Follower) -> None:
        """From now on this one hears of every change, beginning with how long the present leases last."""
        self._follower = follower
        follower.renewed(self._holding.until)

    async def take_all(self) -> None:
        """Be the only node. Raises LedgerLocked while another one is alive."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._lease_s * 1.2
        while len(self._holding.partitions) < self._layout.partitions:
            free = [each for each in range(self._layout.partitions) if each not in self._holding.partitions]
            await self._take(free, loop.time())
            if loop.time() > deadline:
                await self.leave()
                raise LedgerLocked
            if len(self._holding.partitions) < self._layout.partitions:
                await asyncio.sleep(LOOK_AGAIN_S)
        await self.beat()

    async def join(self) -> None:
        """Be one of the nodes, with the partitions that are free by now."""
        await self.beat()

    def start(self) -> None:
        """Send heartbeats until `leave`."""
        self._tasks = TaskOwner()
        self._tasks.start("leases", self._run())

    async def leave(self) -> None:
        """Give every partition back at once; call it when nothing is under way any more."""
        self._leaving.set()
        tasks, self._tasks = self._tasks, None
        if tasks is not None:
            await tasks.end(STOP_S)
        with contextlib.suppress(LedgerUnavailable):
            await self._server.call(Call("leave", self._layout.shared, (self._node,)))
            await self._release(list(self._holding.partitions))

    def failure(self) -> BaseException | None:
        """The exception that ended the heartbeat, or None."""
        tasks = self._tasks
        return tasks.failed.result() if tasks is not None and tasks.failed.done() else None

    async def _run(self) -> None:
        """A call under way is not cut off: its connection would have to be thrown away."""
        while not self._leaving.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease_s / BEATS):
                    await self._leaving.wait()
                return
            with contextlib.suppress(LedgerUnavailable):
                await self.beat()

    async def beat(self) -> None:
        """Renew what we have, and take or hand over what is due.

        Raises LedgerUnavailable, LedgerCorrupt when the ledger's format was raised beyond what we read, and
        StoreReplaced.
        """
        began = asyncio.get_running_loop().time()
        held = dict(self._holding.partitions)
        bases = self._layout.bases
        calls = [Call("beat", self._layout.shared, (self._node, self._lease_ms, NEWEST))]
        calls += [Call("lease_renew", bases[each], (lease.token, self._lease_ms)) for each, lease in held.items()]
        (now, nodes, written), *answers = _sound(await self._server.calls(calls))
        self._formats.heard(written)
        renewed = dict(zip(held, answers, strict=True))
        self.drop([each for each, is_ours in renewed.items() if not is_ours])
        await self._marks.check()
        self._holding.until = began + self._lease_s
        self._follower.renewed(self._holding.until)
        self.nodes, self.machines = len(nodes), len(set(map(machine_of, nodes)))
        await self._balance(int(now), nodes, began)

    def drop(self, partitions: Partitions) -> None:
        """These turned out to be another node's."""
        gone = [each for each in partitions if each in self._holding.partitions]
        if gone:
            self._holding.lose(gone)
            self._follower.lost(gone)

    async def _balance(self, now_ms: int, nodes: Sequence[bytes], began: float) -> None:
        if self._last_beat + self._lease_s / 2 < began and self._last_beat > 0:
            self._take_after = began + self._lease_s / 2
        self._last_beat = began
        share = fair_share(nodes, self._node.encode(), self._layout.partitions)
        ours = [each for each, held in self._holding.partitions.items() if not held.giving]
        if len(ours) < share and began >= self._take_after:
            free = await self._free(now_ms)
            await self._take(free[: share - len(ours)], began)
        elif len(ours) > share and self._tasks is not None and "handover" not in self._tasks.running():
            self._tasks.start("handover", self._hand_over(sorted(ours)[share:]))

    async def _free(self, now_ms: int) -> list[int]:
        """Free partitions, beginning at a place of our own so that nodes do not race for the same."""
        others = [each for each in range(self._layout.partitions) if each not in self._holding.partitions]
        leases = await self._server.read([Call("lease_read", self._layout.bases[each]) for each in others])
        free = [each for each, (_, until) in zip(others, leases, strict=True) if int(until) <= now_ms]
        start = int.from_bytes(self._node.encode()[-4:], "big") % (len(free) or 1)
        return free[start:] + free[:start]

    async def _take(self, partitions: Partitions, began: float) -> None:
        calls = [
            Call("lease_take", self._layout.bases[each], (self._node, self._lease_ms))
            for each in partitions
            if each not in self._holding.partitions
        ]
        taken = []
        for partition, token in zip(partitions, _sound(await self._server.calls(calls)), strict=True):
            if token != b"0":
                self._holding.take(partition, token.decode())
                taken.append(partition)
        if taken:
            self._holding.until = max(self._holding.until, began + self._lease_s)
            self._follower.gained(taken)

    async def _hand_over(self, partitions: Partitions) -> None:
        """Let go of partitions in order: nothing new, wait for what is under way, give the lease back."""
        self._holding.give(partitions)
        with contextlib.suppress(TimeoutError, LedgerUnavailable):
            async with asyncio.timeout(HANDOVER_S):
                await self._follower.empty(partitions)
                await self._release(partitions)
        for partition in partitions:
            self._holding.keep(partition)  # what could not be given is ours

    async def _release(self, partitions: Partitions) -> None:
        leases = [(each, held) for each in partitions if (held := self._holding.partitions.get(each)) is not None]
        self._holding.lose(partitions)
        self._follower.lost([each for each, _ in leases])
        calls = [Call("lease_give", self._layout.bases[each], (held.token,)) for each, held in leases]
        _sound(await self._server.calls(calls))


def _sound(answers: Sequence[Any]) -> list[Any]:
    """The answers, when all calls were answered. Raises LedgerUnavailable."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return list(answers)
