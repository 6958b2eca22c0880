"""The rights desk of a node: what it stands on, what it does by itself, and what it lets go of."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from config.settings import Settings
from gateway.accounts.administration import Accounts
from gateway.audit.actor import NODE, Actor
from gateway.audit.log import AuditLog
from gateway.http_api.subject_requests import RightsSource
from gateway.keystore.platform_key import ensure_platform
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerUnavailable, Notify
from gateway.model.message import OutboxEvent
from gateway.model.times import rfc3339
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import (
    Stands,
    cases,
    certificates,
    departures,
    disclosures,
    eraser,
    holds,
    own_tickets,
    packages,
)
from gateway.rights.case_clocks import keeping_of
from gateway.rights.case_record import Case
from gateway.rights.case_states import Kind
from gateway.rights.certificates import KEPT_MS as CERTIFICATES_KEPT_MS
from gateway.rights.certificates import Destroyed, forget_certificates
from gateway.rights.desk import RightsDesk
from gateway.rights.erasing import Eraser
from gateway.rights.forwarding import ForwardedRequests
from gateway.rights.holds import waiting_until_ms
from gateway.rights.letting_go import LettingGo
from gateway.rights.own_messages import OwnMessages
from gateway.rights.public_side import proving, public_requests
from gateway.rights.unattended import unattended
from redaction.errors import KeysWithheld
from redaction.keys import PEOPLE, PLATFORM

LOOK_S: Final = 0.5
RESUME_S: Final = 600.0
DAY_MS: Final = 86_400_000

log = logger("gateway.rights")


class RightsDuty:
    """Start `run` as a task, after `begin`. desk: for those who ask over HTTP. proving: codes that prove a number.
    public: what people ask for by themselves. unattended: has a `run` of its own. under_way: cases that wait for an
    answer.
    """

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
        sender = settings.rights.sender
        self.proving: Final = proving(on, OwnMessages(road.door, sender).send_code if sender else None)
        self.public: Final = public_requests(self.desk, stores.sealer, self.proving)
        accounts = Accounts(
            stores.ledger.accounts,
            clock,
            NODE,
            sealer=stores.sealer,
            ensure_keys=stores.keyring.ensure_customer,
            digest=stores.keyring.credential_digest,
            epoch=stores.keyring.credential_epoch,
        )
        hands = (road.dispatch.withdrawals.let_go, road.deliverer.let_go, road.telling.let_go)
        self._accounts = accounts
        self._sealer = stores.sealer
        self._vault = stores.vault
        self._holds_version: int | None = None
        self.under_way: Sequence[Case] = ()
        self._day, self._digest = 0, b""
        self._swept: dict[str, int] = {}
        self.unattended: Final = unattended(self.desk, stores.sealer, stores.directory.number_of)
        self._letting_go = LettingGo(stores.ledger.acts, clock, hands)

    @property
    def source(self) -> RightsSource:
        """For customers, over their API."""
        return RightsSource(self.desk, self._forwarded, self.unattended)

    def eraser(self) -> Eraser:
        """For what the node does by itself."""
        return eraser(self.desk.on, NODE, self._publish)

    async def begin(self) -> None:
        """Finish what an earlier process began and did not end. Raises LedgerUnavailable."""
        with suppress(KeysWithheld):
            if self.proving.is_on:
                await ensure_platform(self.desk.on.keystore, self._clock)
            await self._tidy()

    async def run(self) -> None:
        """Until cancelled."""
        resumes_s = self._clock.monotonic() + RESUME_S
        while True:
            with suppress(LedgerUnavailable, KeysWithheld):
                await self._letting_go.look()
                await self._look_at_holds()
                await self._certify_the_day()
                if self._clock.monotonic() >= resumes_s:
                    resumes_s = self._clock.monotonic() + RESUME_S
                    await self._tidy()
            await asyncio.sleep(LOOK_S)

    async def _tidy(self) -> None:
        """Finish and end what nobody else does."""
        audit = self._audit()
        await self.eraser().resume()
        await departures(self.desk.on, self._accounts, audit).resume()
        await holds(self.desk.on, self._sealer, audit).sweep()
        self.under_way = await cases(self.desk.on, self._sealer, NODE).sweep()
        self.unattended.find_left(self.under_way)
        await packages(self.desk.on, self._sealer, NODE).sweep()
        await own_tickets(self.desk.on, self._sealer, NODE).sweep()
        on = self.desk.on
        kept_ms = keeping_of(on.settings.rights).record_ms
        await disclosures(on, self._sealer, self._vault, NODE).sweep(self._clock.now_ms() - kept_ms)
        await self.proving.sweep()
        await self.public.sweep()
        day_ms = self._clock.now_ms() - CERTIFICATES_KEPT_MS
        await forget_certificates(self.desk.on.ledger.acts, rfc3339(max(0, day_ms)))

    def cases_by_kind(self, *, overdue: bool) -> dict[str, float]:
        """Cases under way, or those of them whose time to answer is over."""
        now_ms = self._clock.now_ms()
        found = [each for each in self.under_way if each.is_overdue(now_ms) or not overdue]
        return {kind.value: float(sum(each.of.kind is kind for each in found)) for kind in Kind}

    async def _look_at_holds(self) -> None:
        """Keys wait for holds that are being placed, and then no more."""
        acts = self.desk.on.ledger.acts
        version = await acts.version()
        keyring, now_ms = self.desk.on.keyring, self._clock.now_ms()
        if version != self._holds_version:
            keyring.destroys_from_ms, self._holds_version = await waiting_until_ms(acts), version
        if 0 < keyring.destroys_from_ms <= now_ms:
            log.error("hold_overdue")
            keyring.destroys_from_ms = 0

    async def _certify_the_day(self) -> None:
        """Once a day, a certificate of what the sweeps of this process destroyed."""
        day = self._clock.now_ms() // DAY_MS
        if day == self._day:
            return
        certificates_of = certificates(self.desk.on, self._audit())
        swept = msgspec.structs.asdict(self._road.sweeper.totals)
        counts = {name: count - self._swept.get(name, 0) for name, count in swept.items()}
        if self._day and any(counts.values()):
            issued = certificates_of.issue(
                Destroyed(
                    what="retention",
                    why="retention",
                    digest_before=self._digest,
                    counts=counts,
                    techniques=("period_key_destroyed", "rows_deleted", "log_emptied"),
                )
            )
            await self.desk.on.ledger.acts.act(issued.writes, issued.entries)
        self._day, self._swept, self._digest = day, swept, certificates_of.digest()

    def _forwarded(self, actor: Actor) -> ForwardedRequests:
        return ForwardedRequests(cases(self.desk.on, self._sealer, actor), self.proving)

    def _audit(self) -> AuditLog:
        return AuditLog(self.desk.on.ledger.acts, self._clock, NODE)

    async def _publish(self, events: Sequence[OutboxEvent]) -> None:
        """For customers that have an endpoint."""
        wanted = [each for each in events if self._directory.endpoint(each.customer) is not None]
        await asyncio.gather(*(self._road.journal.write(Notify(each)) for each in wanted))


def customers_of(keystore: Keystore) -> list[int]:
    """Numbers of customers whose keys live: those of people and of days stand beside them."""
    return [each for each in keystore.state.customers() if PLATFORM < each < PEOPLE]
