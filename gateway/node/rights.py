"""The rights desk of a node: what it stands on, what it does by itself, and what it lets go of."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from config.settings import Settings
from gateway.audit.actor import NODE
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerUnavailable, Notify
from gateway.model.message import OutboxEvent
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import Stands, eraser
from gateway.rights.desk import RightsDesk
from gateway.rights.erasing import Eraser
from gateway.rights.letting_go import LettingGo
from redaction.errors import KeysWithheld
from redaction.keys import PEOPLE, PLATFORM

LOOK_S: Final = 0.5
RESUME_S: Final = 600.0


class RightsDuty:
    """Start `run` as a task, after `begin`. desk: for those who ask over HTTP."""

    def __init__(self, settings: Settings, stores: Stores, road: Road, clock: Clock) -> None:
        self._clock = clock
        self._road = road
        self._directory = stores.directory
        on = Stands(
            settings=settings,
            ledger=stores.ledger,
            keystore=stores.keystore,
            keyring=stores.keyring,
            policies=RetentionPolicies(stores.rules, stores.directory.retention),
            clock=clock,
            installation=stores.opened.installation,
            public_id=stores.directory.public_id,
        )
        self.desk: Final = RightsDesk(on, self._publish, lambda: customers_of(stores.keystore))
        hands = (road.dispatch.withdrawals.let_go, road.deliverer.let_go, road.telling.let_go)
        self._letting_go = LettingGo(stores.ledger.acts, clock, hands)

    def eraser(self) -> Eraser:
        """For what the node does by itself."""
        return eraser(self.desk.on, NODE, self._publish)

    async def begin(self) -> None:
        """Finish what an earlier process began and did not end. Raises LedgerUnavailable."""
        with suppress(KeysWithheld):
            await self.eraser().resume()

    async def run(self) -> None:
        """Until cancelled."""
        resumes_s = self._clock.monotonic() + RESUME_S
        while True:
            with suppress(LedgerUnavailable, KeysWithheld):
                await self._letting_go.look()
                if self._clock.monotonic() >= resumes_s:
                    resumes_s = self._clock.monotonic() + RESUME_S
                    await self.eraser().resume()
            await asyncio.sleep(LOOK_S)

    async def _publish(self, events: Sequence[OutboxEvent]) -> None:
        """For customers that have an endpoint."""
        wanted = [each for each in events if self._directory.endpoint(each.customer) is not None]
        await asyncio.gather(*(self._road.journal.write(Notify(each)) for each in wanted))


def customers_of(keystore: Keystore) -> list[int]:
    """Numbers of customers whose keys live: those of people and of days stand beside them."""
    return [each for each in keystore.state.customers() if PLATFORM < each < PEOPLE]
