"""What the admin API of a node is made of. Loaded where there is one: a node without it starts in half of the time."""

from functools import partial

from config.settings import PasskeySettings, Settings
from gateway.console.site import Site
from gateway.control.desk import Control
from gateway.control.reasons import Reasons
from gateway.control.reloads import Reloads
from gateway.http_api.admin.api import IDLE_S, AdminApi
from gateway.http_api.admin.sources import Sources
from gateway.http_api.consents import ConsentActs
from gateway.http_api.pages import Health
from gateway.keystore.platform_key import ensure_platform
from gateway.node import consenting
from gateway.node.admin_hands import hands
from gateway.node.judged import judged
from gateway.node.naming import naming
from gateway.node.operator_views import operator_views
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.node.trying_out import accounts
from gateway.people.passkeys import RelyingParty
from gateway.process.clock import Clock
from gateway.rights.desk import RightsDesk


def build_admin(
    settings: Settings, stores: Stores, road: Road, clock: Clock, health: Health, rights: RightsDesk
) -> AdminApi:
    """health: shared with the customers' listener."""

    ensure_key = partial(ensure_platform, stores.keystore, clock)

    def control() -> Control:
        return Control(
            stores.ledger.acts,
            clock,
            sealer=stores.sealer,
            ensure_key=ensure_key,
            operators=[each.name for each in road.standing.settings.operators],
        )

    sources = Sources(
        engine=settings.ledger.engine,
        ledger=stores.ledger,
        messages=stores.messages,
        directory=stores.directory,
        people=stores.people,
        accounts=partial(accounts, stores, clock),
        control=control,
        reasons=Reasons(stores.ledger.acts, clock, sealer=stores.sealer, ensure_key=ensure_key),
        reloads=lambda actor: Reloads(stores.ledger.acts, clock, actor),
        naming=naming(stores, road),
        router=road.ways.router,
        lookup=road.ways.lookup,
        consents=ConsentActs(
            consenting.source(stores, clock, lambda: road.standing.settings.messages.default_region), clock
        ),
        rights=rights,
        operators=lambda: operator_views(road),
        routes=lambda: road.ways.routes.lines,
        settings=lambda: road.standing.settings,
        differs=lambda: road.standing.differs(),  # noqa: PLW0108  another one is set later
        checks=health.checks,
        waiting=road.dispatch.lanes.waiting,
        judge=partial(judged, stores, road),
        packs=lambda: stores.messaging.packs.known,
        reveal_reference=road.addressing.reference,
        mask=road.addressing.mask,
        log_folder=lambda: None if stores.audit.writer is None else stores.audit.writer.folder,
        smallest_cell=settings.admin.small_cells,
        hands=hands(stores, road, clock),
        party=relying_party(settings.admin.passkeys),
    )
    return AdminApi(
        sources,
        settings.admin,
        health,
        clock,
        pages=Site,
        is_shared=settings.http.shared_port,
        trusted_proxies=settings.http.trusted_proxies,
        idle_s=min(IDLE_S, settings.memory.horizon_s / 2),
    )


def relying_party(settings: PasskeySettings) -> RelyingParty | None:
    """None where there are no passkeys."""
    return None if settings.origin is None else RelyingParty(settings.origin, settings.name)
