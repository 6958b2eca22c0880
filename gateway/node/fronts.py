"""Where a node is spoken to: HTTP, SMPP and the listener for metrics."""

import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from config.settings import HttpSettings, Settings
from gateway.http_api.api import HttpApi
from gateway.http_api.metrics_listener import MetricsApi
from gateway.http_api.pages import Health
from gateway.http_api.records import Reports
from gateway.http_api.replies import Replies
from gateway.http_api.sending import SendPath
from gateway.metrics.exposition import Exposition
from gateway.node.noticing import NoticeDuty
from gateway.node.record_sources import record_sources
from gateway.node.rights import RightsDuty
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.process.tasks import TaskOwner
from gateway.rights.asking import PublicRequests
from gateway.smpp_server.errands import Errands
from gateway.smpp_server.intake import Intake
from gateway.smpp_server.news import NewsWriter
from gateway.smpp_server.server import SmppServer
from operators.entrance import Place

if TYPE_CHECKING:
    from gateway.http_api.admin.api import AdminApi
    from gateway.pages.site import PublicPages

Readiness = Callable[[], Mapping[str, bool]]

log = logger("gateway")


class Fronts(msgspec.Struct, frozen=True, kw_only=True):
    """Built; `listen` opens them. metrics, admin, pages: where the settings want them; pages stand on `http`."""

    http: HttpApi
    intake: Intake
    smpp_server: SmppServer
    exposition: Exposition
    metrics: MetricsApi | None
    admin: "AdminApi | None"
    pages: "PublicPages | None"


def build_fronts(
    settings: Settings,
    stores: Stores,
    road: Road,
    clock: Clock,
    tasks: TaskOwner,
    *,
    rights: RightsDuty,
    notices: NoticeDuty | None,
    metrics_socket: socket.socket | None,
    reports: Reports,
) -> Fronts:
    """tasks: where errands of binds run. notices: None where no pages are served. metrics_socket: listens for them
    already, if it is not None. reports: what the processes of this installation say of themselves.
    """
    readiness = _readiness(stores, road, clock)
    pages = None if notices is None else _pages(settings, road, clock, notices, rights.public, readiness)
    http = _http(settings, stores, road, clock, rights, readiness, pages, reports)
    intake = Intake(road.door, road.admission, clock)
    exposition = Exposition(of_process=True)
    return Fronts(
        http=http,
        intake=intake,
        smpp_server=SmppServer(
            settings=settings.smpp_server,
            directory=stores.directory,
            clock=clock,
            intake=intake,
            errands=Errands(
                stores.messages,
                road.revocation,
                tasks.contain,
                senders=NewsWriter(stores.vault, stores.directory.profile).senders,
                clock=clock,
            ),
            telling=road.telling,
        ),
        exposition=exposition,
        metrics=(
            _metrics(settings, stores, clock, exposition, http.health, metrics_socket)
            if settings.metrics.enabled
            else None
        ),
        admin=_admin(settings, stores, road, clock, http.health, rights),
        pages=pages,
    )


def http_settings(settings: Settings) -> HttpSettings:
    """A quiet connection ends within half of the memory horizon: a parser keeps its last request."""
    return msgspec.structs.replace(settings.http, idle_s=min(settings.http.idle_s, settings.memory.horizon_s / 2))


def _readiness(stores: Stores, road: Road, clock: Clock) -> Readiness:
    """What `/readyz` reports, by name."""

    def readiness() -> Mapping[str, bool]:
        return {
            "ledger": road.troubles.ledger_is_well and not road.journal.stuck,
            "durability": road.troubles.is_durable,
            "accounts": stores.directory.fresh,
            "keys": stores.keyring.attended,
            "clock": clock.is_sound,
            "in_service": not stores.follower.desired.draining,
        }

    return readiness


def _pages(
    settings: Settings,
    road: Road,
    clock: Clock,
    notices: NoticeDuty,
    requests: PublicRequests,
    readiness: Readiness,
) -> "PublicPages":
    from gateway.node.public_pages import build_pages

    return build_pages(settings, road, clock, notices, requests, readiness)


def _http(
    settings: Settings,
    stores: Stores,
    road: Road,
    clock: Clock,
    rights: RightsDuty,
    readiness: Readiness,
    pages: "PublicPages | None",
    reports: Reports,
) -> HttpApi:
    return HttpApi(
        SendPath(road.door, stores.messages, road.admission, clock, road.addressing.mask),
        record_sources(stores, road, clock, None if pages is None else pages.routes, reports),
        stores.directory,
        http_settings(settings),
        clock,
        checks=readiness,
        max_validity_s=settings.messages.max_validity_s,
        rights=rights.source,
    )


def _admin(
    settings: Settings, stores: Stores, road: Road, clock: Clock, health: Health, rights: RightsDuty
) -> "AdminApi | None":
    if settings.admin.port is None:
        return None
    from gateway.node.admin_front import build_admin

    return build_admin(settings, stores, road, clock, health, rights.desk)


def _metrics(
    settings: Settings,
    stores: Stores,
    clock: Clock,
    exposition: Exposition,
    health: Health,
    inherited: socket.socket | None,
) -> MetricsApi:
    return MetricsApi(
        render=exposition.render,
        health=health,
        checkpoint=stores.audit.checkpoint,
        replies=Replies(clock),
        place=Place(host=settings.metrics.host, port=settings.metrics.port, inherited=inherited),
    )


async def listen(fronts: Fronts, settings: Settings, tasks: TaskOwner, stack: contextlib.AsyncExitStack) -> None:
    """From now on messages come in."""
    await fronts.http.start()
    if settings.smpp_server.port is not None:
        await fronts.smpp_server.start()
        tasks.start("smpp binds", fronts.smpp_server.run())
        log.info("smpp_listening", address=settings.smpp_server.host, port=fronts.smpp_server.port)
    if fronts.metrics is not None:
        await fronts.metrics.start()
        stack.push_async_callback(fronts.metrics.stop)
        log.info("metrics", port=fronts.metrics.listener.port)
    if fronts.admin is not None:
        await fronts.admin.start()
        stack.push_async_callback(fronts.admin.stop)
        log.info("admin_listening", address=settings.admin.host, port=fronts.admin.listener.port)
