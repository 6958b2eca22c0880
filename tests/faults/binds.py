"""A customer over SMPP with a bind at several nodes, which goes to another node when one is lost.

It asks for a notification when an operator has a message, and for its receipt, and writes down in which order they
come, over whichever bind.
"""

import asyncio
import contextlib
import itertools
import re
from collections import Counter, defaultdict
from typing import Any, Final

from operators.smpp import status as st
from tests.bounds import LIMIT_S
from tests.faults.nodes import Cluster
from tests.integration.smpp_stage import Peer, submit

BOTH: Final = 0x11
"""registered_delivery: a receipt, and a notification before."""
NOTIFICATION: Final = 0x20
_ID: Final = re.compile(rb"id:([0-9a-f]{32})")
_PAUSE_S: Final = 0.02
_AGAIN_S: Final = 0.1


class Binds:
    """taken: ids of messages that were answered. late: those whose notification came first after their receipt.

    repeated: news that came again.
    """

    def __init__(self, cluster: Cluster, account: tuple[str, str]) -> None:
        self._cluster = cluster
        self._account = account
        self._turn = itertools.count()
        self._seen: defaultdict[str, list[int]] = defaultdict(list)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False
        self.taken: set[str] = set()
        self.late: list[str] = []
        self.repeated = 0
        self.binds = 0

    def start(self, binds: int) -> None:
        self._tasks = [asyncio.create_task(self._keep_bound(number)) for number in range(binds)]

    async def answers(self, count: int) -> None:
        """Return after so many more messages were taken."""
        goal = len(self.taken) + count
        async with asyncio.timeout(LIMIT_S):
            while len(self.taken) < goal:
                await asyncio.sleep(_PAUSE_S)

    async def settle(self, limit_s: float) -> dict[str, Any]:
        """Submit nothing more, and wait until every message taken was told of twice; the figures."""
        self._stopped = True
        async with asyncio.timeout(limit_s):
            while any(len(self._seen[each]) < 2 for each in self.taken):
                await asyncio.sleep(_PAUSE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        kinds = Counter(kind for each in self.taken for kind in self._seen[each])
        return {
            "taken": len(self.taken),
            "binds": self.binds,
            "notifications": kinds[NOTIFICATION],
            "receipts": kinds[0x04],
            "told twice": self.repeated,
            "out of order": len(self.late),
        }

    async def _keep_bound(self, number: int) -> None:
        while True:
            nodes = self._cluster.serving()
            node = nodes[next(self._turn) % len(nodes)]
            peer = Peer(node.smpp_port, self._note)
            with contextlib.suppress(OSError, TimeoutError):
                await peer.bind(self._account)
                if peer.bound is not None:
                    self.binds += 1
                    await self._submit(peer, number)
                peer.close()
            await asyncio.sleep(_AGAIN_S)

    async def _submit(self, peer: Peer, number: int) -> None:
        """Until the bind is lost. What was not answered then is not ours to follow."""
        for index in itertools.count():
            if self._stopped:
                await peer.until_ended()
            if peer.ended:
                return
            text = b"Message %d of bind %d.%d" % (index, number, self.binds)
            sent = peer.send(submit(text, registered_delivery=BOTH))
            await peer.until(lambda sent=sent: sent in peer.answers or peer.ended)  # type: ignore[misc]
            answer = peer.answers.get(sent)
            if answer is not None and answer.status == st.OK:
                self.taken.add(answer.message_id)
            await asyncio.sleep(_PAUSE_S)

    def _note(self, news: Any) -> int:
        kind, found = news.esm_class & 0x3C, _ID.search(news.short_message)
        assert found is not None
        identifier = found[1].decode()
        seen = self._seen[identifier]
        if kind in seen:
            self.repeated += 1
        else:
            if kind == NOTIFICATION and seen:
                self.late.append(identifier)
            seen.append(kind)
        return st.OK
