"""Three nodes on one ledger, two of them cut off from their operator, under steady traffic of both kinds.

A reset ends the link at once. In a black hole nothing passes and nothing is refused: only unanswered enquire_links show
it, and what was swallowed arrives after all, once the way is free again. A proxy that reads the sequence numbers on
each link knows the segments whose answer never came: Law 3 allows these, and no others, to be submitted twice, or,
where the message must not be, to end as failed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from operators.simulator import Faults
from tests.acceptance.client import until
from tests.bounds import LIMIT_S
from tests.faults.doubt import Doubt
from tests.faults.nodes import OFFER, Scene, scene
from tests.faults.proxy import Proxy
from tests.integration.valkey_server import Valkey

WINDOW = 64
AWAY_S = 3.0


class Ways:
    """The first two nodes' ways to the operator, and what is in doubt on them; the third node's is never cut."""

    def __init__(self, play: Scene) -> None:
        self.play = play
        self.doubt = Doubt()
        self.proxies = [Proxy(play.smsc.port, self.doubt.watch) for _ in range(2)]
        self.noticed_s: list[float] = []

    async def open(self) -> None:
        for proxy in self.proxies:
            await proxy.start()
            await self.play.start(1, smsc_port=proxy.port)
        await self.play.start(1)

    async def reset(self, *places: int) -> None:
        """Both directions end at once; for a while nobody gets through."""
        for place in places:
            await self.proxies[place].cut()
        await asyncio.sleep(AWAY_S)
        before = self._said("operator_ready", places)
        for place in places:
            await self.proxies[place].start()
        await self._until_more("operator_ready", before)

    async def swallow(self, *places: int) -> None:
        """Nothing passes until each node has noticed and is at its next attempts to bind."""
        before = self._said("operator_down", places)
        began = asyncio.get_running_loop().time()
        for place in places:
            self.proxies[place].swallow()
        await self._until_more("operator_down", before)
        self.noticed_s.append(round(asyncio.get_running_loop().time() - began, 1))
        await asyncio.sleep(AWAY_S)
        before = self._said("operator_ready", places)
        for place in places:
            self.proxies[place].pass_on()
        await self._until_more("operator_ready", before)

    def _said(self, event: str, places: Iterable[int]) -> dict[int, int]:
        """How often the nodes at these places have."""
        return {place: len(self.play.cluster.nodes[place].said(event)) for place in places}

    async def _until_more(self, event: str, before: dict[int, int]) -> None:
        async with asyncio.timeout(LIMIT_S):
            await until(lambda: all(count > before[place] for place, count in self._said(event, before).items()))

    async def figures(self) -> dict[str, Any]:
        """Everything final and told, and every receipt with a message taken."""
        found = await self.play.settle(limit_s=60)
        doubtful = self.doubt.segments
        smsc = self.play.smsc
        async with asyncio.timeout(LIMIT_S):
            await until(lambda: len(smsc.given - smsc.acknowledged) <= doubtful)
        offers = Counter(each.short_message for each in smsc.received if each.short_message.startswith(OFFER.encode()))
        return found | {
            "in doubt": doubtful,
            "in doubt by link": [each for each in self.doubt.of_connections if each],
            "receipts not taken": len(smsc.given - smsc.acknowledged),
            "receipts sent again": smsc.tally.receipts_sent - len(smsc.given),
            "offers": len(offers),
            "offers twice": sum(offers.values()) - len(offers),
            "noticed after s": self.noticed_s,
        }

    def assert_law_3(self, figures: dict[str, Any]) -> None:
        self.play.assert_nothing_forgotten(figures, twice_at_most=figures["in doubt"])
        assert figures["in doubt"] > 0
        assert figures["submitted twice"] > 0
        assert figures["offers"] > 0
        assert figures["offers twice"] == 0
        assert set(figures["ends"]) <= {"delivered", "failed"}
        failed = {identifier for identifier, end in self.play.traffic.ends.items() if end == "failed"}
        texts = {identifier: text for text, identifier in self.play.traffic.taken.items()}
        assert all(texts[each].startswith(OFFER) for each in failed)
        assert len(failed) + figures["submitted twice"] <= figures["in doubt"]
        assert max(self.doubt.of_connections) <= WINDOW


@contextlib.asynccontextmanager
async def under_way(folder: Path, server: Valkey) -> AsyncIterator[Ways]:
    """Traffic flows; answers and receipts take a while, so that some are under way whenever a way is cut."""
    async with scene(folder, server.url, wishes=("--submitted",)) as play:
        play.smsc.faults = Faults(answer_delay_s=0.2, receipt_delay_s=0.3)
        ways = Ways(play)
        try:
            await ways.open()
            play.traffic.promotional_every = 4
            play.traffic.start()
            await play.traffic.answers(100)
            yield ways
        finally:
            for proxy in ways.proxies:
                await proxy.stop()


@pytest.mark.smpp("S-24")
async def test_nodes_cut_off_from_their_operator_repeat_only_what_was_in_doubt(tmp_path: Path, server: Valkey) -> None:
    async with under_way(tmp_path / "stage", server) as ways:
        await ways.reset(0)
        await ways.play.traffic.answers(50)
        await ways.swallow(1)
        await ways.play.traffic.answers(50)
        figures = await ways.figures()
        print(figures)
        ways.assert_law_3(figures)


@pytest.mark.slow
@pytest.mark.smpp("S-24")
async def test_many_cuts_between_nodes_and_their_operator(tmp_path: Path, server: Valkey) -> None:
    async with under_way(tmp_path / "stage", server) as ways:
        for _ in range(2):
            for places in ((0,), (1,), (0, 1)):
                await ways.reset(*places)
                await ways.play.traffic.answers(50)
            for places in ((0,), (0, 1)):
                await ways.swallow(*places)
                await ways.play.traffic.answers(50)
        figures = await ways.figures()
        print(figures)
        ways.assert_law_3(figures)
