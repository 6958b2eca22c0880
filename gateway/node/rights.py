"""The rights desk of a node: what it stands on, what it does by itself, and what it lets go of."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from config.settings import Settings
from gateway.audit.actor import NODE, Actor
from gateway.ledger.contract import LedgerUnavailable, Notify
from gateway.model.message import OutboxEvent
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import Stands, eraser
from gateway.rights.erasing import Eraser
from gateway.rights.letting_go import LettingGo
from redaction.errors import KeysWithheld

LOOK_S: Final = 0.5
RESUME_S: Final = 600.0


class RightsDuty:
    """Start `run` as a task, after `begin`. on: what the desk stands on."""

    def __init__(self, settings: Settings, stores: Stores, road: Road, clock: Clock) -> None:
        self._clock = clock
        self._road = road
        self._directory = stores.directory
        self.on: Final = Stands(
            settings=settings,
            ledger=stores.ledger,
            keystore=stores.keystore,
            keyring=stores.keyring,
            policies=RetentionPolicies(stores.rules, stores.directory.retention),
            clock=clock,
            installation=stores.opened.installation,
            public_id=stores.directory.public_id,
        )
        hands = (road.dispatch.withdrawals.let_go, road.deliverer.let_go, road.telling.let_go)
        self._letting_go = LettingGo(stores.ledger.acts, clock, hands)

    def eraser(self, actor: Actor) -> Eraser:
        return eraser(self.on, actor, self._publish)

    async def begin(self) -> None:
        """Finish what an earlier process began and did not end. Raises LedgerUnavailable."""
        with suppress(KeysWithheld):
            await self.eraser(NODE).resume()

    async def run(self) -> None:
        """Until cancelled."""
        resumes_s = self._clock.monotonic() + RESUME_S
        while True:
            with suppress(LedgerUnavailable, KeysWithheld):
                await self._letting_go.look()
                if self._clock.monotonic() >= resumes_s:
                    resumes_s = self._clock.monotonic() + RESUME_S
                    await self.eraser(NODE).resume()
            await asyncio.sleep(LOOK_S)

    async def _publish(self, events: Sequence[OutboxEvent]) -> None:
        """For customers that have an endpoint."""
        wanted = [each for each in events if self._directory.endpoint(each.customer) is not None]
        await asyncio.gather(*(self._road.journal.write(Notify(each)) for each in wanted))
