"""The privacy notice of a node: the version that says what its settings say, and who got it."""

import asyncio
from typing import Final

from config.settings import Settings
from gateway.accounts.notices import NoticesGiven
from gateway.audit.actor import NODE
from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable
from gateway.node.road import Road
from gateway.node.stores import StartRefused, Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.transparency.notice import notice_of
from gateway.transparency.versions import PurposesNew, Version, Versions, VersionUnreadable
from operators.contained import report

LOOK_S: Final = 1.0
NOTE_S: Final = 3_600.0
"""How often it is looked who used the gateway since."""

log = logger("gateway.transparency")


class NoticeDuty:
    """Start `run` as a task, after `begin`. versions: oldest first, as far as this process has looked."""

    def __init__(self, settings: Settings, stores: Stores, road: Road, clock: Clock) -> None:
        self._settings = settings
        self._road = road
        self._packs = stores.messaging
        self._clock = clock
        acts = stores.ledger.acts
        self._store = Versions(acts, clock, NODE)
        self._given = NoticesGiven(acts, stores.ledger.usage, clock, NODE, stores.directory.public_id)
        self._told: Version | None = None
        self._is_behind = False
        self.versions: tuple[Version, ...] = ()

    async def begin(self) -> None:
        """Raises StartRefused when there are purposes of which nobody was told, or when it cannot be read of which, and
        LedgerUnavailable.
        """
        try:
            await self._look(self._settings)
        except (PurposesNew, VersionUnreadable) as refused:
            raise StartRefused(str(refused)) from None

    @property
    def version(self) -> Version:
        """The one that says what the settings say."""
        assert self._told is not None, "it has not begun"
        return self._told

    async def run(self) -> None:
        """Until cancelled. What fails is tried again with the next look."""
        notes_s = self._clock.monotonic()
        while True:
            try:
                await self._look_again(self._road.standing.settings)
                if self._clock.monotonic() >= notes_s:
                    notes_s = self._clock.monotonic() + NOTE_S
                    await self._given.note_use(self.version.number, self.version.since_ms)
            except (LedgerUnavailable, ChangedMeanwhile):
                pass
            except Exception as error:  # of one version or account, for which no message is to wait
                report("task", error)
            await asyncio.sleep(LOOK_S)

    async def _look_again(self, settings: Settings) -> None:
        """Where a build that knows fewer purposes wrote the newest version, this node goes on with the one that it
        told, until somebody publishes: what keeps a node from starting does not end one that serves.
        """
        try:
            await self._look(settings)
        except PurposesNew as new:
            if not self._is_behind:
                log.error("notice_behind", purposes=len(new.purposes))
            self._is_behind = True
        else:
            self._is_behind = False

    async def _look(self, settings: Settings) -> None:
        """Settings and the messaging rules of the day may have changed since the last look; purposes have not."""
        notice = notice_of(settings, self._packs.packs.at(self._clock.now_ms()))
        if self._told is not None and notice == self._told.notice:
            return
        kept = await self._store.keep(notice)
        self.versions = tuple(await self._store.all())
        self._told = kept
        log.info("notice", version=kept.number)


async def begin_notices(settings: Settings, stores: Stores, road: Road, clock: Clock) -> NoticeDuty | None:
    """None where no pages are served: then people are told elsewhere. Raises as `NoticeDuty.begin` does."""
    if not settings.pages.enabled:
        return None
    duty = NoticeDuty(settings, stores, road, clock)
    await duty.begin()
    return duty
