"""The HTTP API in front of the whole road: real door, ledger, keys and dispatch behind real sockets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from config.settings import HttpSettings
from gateway.accounts.directory import Directory
from gateway.control.reports import live_reports
from gateway.http_api.api import HttpApi
from gateway.http_api.records import Sources
from gateway.http_api.searching import Naming, NumberSearch, OwnSearch
from gateway.http_api.sending import SendPath
from gateway.http_api.subject_requests import RightsSource
from gateway.keystore.naming import named_since_ms
from gateway.ledger.contract import StoredCustomer, StoredKey
from gateway.limits.admission import Admission
from gateway.model.message import Message, MessageClass
from gateway.node.revocation import Revocation
from gateway.rights.building import cases
from gateway.rights.desk import RightsDesk
from gateway.rights.forwarding import ForwardedRequests
from gateway.rights.public_side import proving
from gateway.rights.unattended import unattended
from redaction.errors import SealError
from redaction.personal import Purpose
from tests.unit.gateway.rights.desk import Rights
from tests.unit.gateway.road import CUSTOMER, Road, running_road
from tests.unit.gateway.stage import LOOP, Stage, api_key, customer, digest

EVERY = tuple(each.value for each in MessageClass)


@asynccontextmanager
async def api_on_road(
    folder: Path,
    *,
    keys: Sequence[StoredKey] | None = None,
    customers: Sequence[StoredCustomer] | None = None,
    settings: HttpSettings | None = None,
    **road_settings: Any,
) -> AsyncIterator[tuple[Stage, Road]]:
    """A customer 1 with one key for every class, unless others are given."""
    async with running_road(folder, **road_settings) as road:
        for each in customers or (customer(),):
            await road.ledger.accounts.save_customer(each)
        for key in keys or (api_key(classes=EVERY),):
            await road.ledger.accounts.save_key(key)
        directory = Directory(road.ledger.accounts, digest)
        await directory.refresh()
        rights = Rights(road)
        desk = RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER])
        admission = Admission(road.ledger.counters, road.journal, road.clock, max_inflight=5_000)
        api = HttpApi(
            SendPath(road.door, road.ledger.messages, admission, road.clock, road.masks.of),
            Sources(
                messages=road.ledger.messages,
                usage=road.ledger.usage,
                canceller=Revocation(road.dispatch.withdrawals, road.door, road.clock, None),
                reveal_reference=partial(_reference, road),
                mask=road.masks.of,
                operators=lambda: [LOOP],
                search=OwnSearch(NumberSearch(road.ledger.messages, _naming(road)), road.ledger.acts, road.clock),
                reports=lambda: live_reports(road.ledger.acts, road.clock.now_ms()),
            ),
            directory,
            settings or HttpSettings(port=0),
            road.clock,
            checks=lambda: {"ledger": True},
            rights=RightsSource(
                desk,
                lambda actor: ForwardedRequests(cases(rights.on, road.sealer, actor), proving(rights.on, None)),
                unattended(desk, road.sealer, directory.number_of),
            ),
        )
        await api.start()
        try:
            ledger: Any = road.ledger
            yield Stage(api, ledger, road.journal, directory, admission, road.clock, [], {}), road
        finally:
            await api.stop(1.0)


def _reference(road: Road, message: Message) -> str | None:
    try:
        reference = road.vault.open_private(message).reference
    except SealError:
        return None
    return None if reference is None else reference.reveal(Purpose.INFORM_CUSTOMER)


def _naming(road: Road) -> Naming:
    return Naming(
        names=road.keyring.former_leaves,
        since_ms=lambda customer: named_since_ms(road.keyring.state, customer),
        region=lambda: "SA",
    )
