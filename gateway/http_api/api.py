"""The customers' HTTP API on its listener."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from config.settings import HttpSettings
from gateway.accounts.directory import Directory
from gateway.http_api.answering import Answering
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.express_send import SendDesk
from gateway.http_api.facades.desk import FacadeDesk
from gateway.http_api.facades.lane import FacadeLane
from gateway.http_api.facades.opendsr.signing import signing_of
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.places import FacadePlaces
from gateway.http_api.facades.registry import wanted
from gateway.http_api.further_routes import further_routes
from gateway.http_api.listener import Listener
from gateway.http_api.messages import Limits, SendEndpoints
from gateway.http_api.openapi import describe
from gateway.http_api.pages import Health, Pages
from gateway.http_api.records import RecordEndpoints, Sources
from gateway.http_api.replies import Replies
from gateway.http_api.routes import RouteTable
from gateway.http_api.sending import SendPath
from gateway.http_api.subject_requests import RightsSource
from gateway.http_api.table import message_routes, page_routes
from gateway.http_api.traffic import Traffic
from gateway.http_api.usage import UsageEndpoint
from gateway.process.clock import Clock
from gateway.process.tls import Identity, identity
from operators.entrance import Place
from operators.seats import Seats

LAST_LOOKS_S: Final = 0.1
"""At the end, for repeats whose clients are cut off already."""


class HttpApi:
    """One API on one listener.

    sending: the way of every submission. sources: of what is looked up. checks: what readiness depends on.
    max_validity_s: named in the description; the door judges. rights: None where nothing is answered about people.
    """

    def __init__(
        self,
        sending: SendPath,
        sources: Sources,
        directory: Directory,
        settings: HttpSettings,
        clock: Clock,
        *,
        checks: Callable[[], Mapping[str, bool]],
        max_validity_s: int | None = None,
        rights: RightsSource | None = None,
    ) -> None:
        self._identity = shown = identity(settings.tls_certificate, settings.tls_key)
        tls = None if shown is None else shown.context
        self._sending = sending
        self._replies = replies = Replies(clock, secure=tls is not None or settings.tls_terminated_upstream)
        self.health = Health(replies, checks)
        self.traffic = Traffic()
        self.gatekeeper = gatekeeper = Gatekeeper(directory, clock, settings.trusted_proxies)
        self._pages = pages = Pages(replies)
        self._endpoints = endpoints = SendEndpoints(sending, gatekeeper, replies, _limits(settings))
        records = RecordEndpoints(sources, gatekeeper, replies, clock)
        table = RouteTable(
            [
                *message_routes(
                    endpoints,
                    records,
                    UsageEndpoint(sources.usage, sending.standing, gatekeeper, replies, clock),
                ),
                *further_routes(sources, rights, records, gatekeeper, replies, clock),
                *page_routes(pages, self.health),
            ],
            self.traffic,
        )
        self._answering = answering = Answering(table, replies, self.health, self.traffic)
        places = self._places(sources, directory, clock, rights, settings)
        self._facades = FacadeDesk(
            places,
            sending,
            gatekeeper,
            self.traffic,
            self.health,
            _limits(settings),
            otherwise=answering.answer,
            replies=replies,
        )
        self._lane = FacadeLane(places, sending, gatekeeper, self.traffic, replies) if places else None
        self._told: tuple[int, int | None] | None = None
        self._describe(settings.max_batch, max_validity_s)
        self._desk = desk = SendDesk(
            sending,
            gatekeeper,
            replies,
            self.traffic,
            limit_bytes=settings.max_body_bytes,
            is_open=lambda: not self.health.stopping,
            facades=self._lane,
        )
        self.listener = Listener(
            self._facades.answer if places else answering.answer,
            Place(host=settings.host, port=settings.port, shared=settings.shared_port, tls=tls),
            replies,
            seats=Seats(settings.max_connections, settings.max_connections_per_address, settings.trusted_proxies),
            idle_s=settings.idle_s,
            desk=desk,
            answers=answering.strays,
        )

    def _places(
        self,
        sources: Sources,
        directory: Directory,
        clock: Clock,
        rights: RightsSource | None,
        settings: HttpSettings,
    ) -> FacadePlaces:
        parts = Parts(
            sending=self._sending,
            sources=sources,
            directory=directory,
            replies=self._replies,
            clock=clock,
            rights=rights,
            signing=signing_of(settings),
        )
        return FacadePlaces(wanted(settings.facades, parts), self.traffic)

    @property
    def table(self) -> RouteTable:
        return self._answering.table

    def adopt(self, settings: HttpSettings, shown: Identity | None, max_validity_s: int) -> None:
        """For connections and requests from now on. shown: who the listener is, by the settings."""
        if self._identity is not None and shown is not None:
            self._identity.adopt(shown)
        limits = _limits(settings)
        self._endpoints.adopt(limits)
        self._facades.limits = limits
        self._desk.limit_bytes = limits.max_body_bytes
        self.listener.seats.resize(settings.max_connections, settings.max_connections_per_address)
        self.listener.adopt(settings.idle_s)
        self._describe(settings.max_batch, max_validity_s)

    def _describe(self, max_batch: int, max_validity_s: int | None) -> None:
        """Which takes a while, and is not done again for the same."""
        if self._told != (max_batch, max_validity_s):
            self._told = max_batch, max_validity_s
            self._pages.describe(describe(self.table.routes, max_batch=max_batch, max_validity_s=max_validity_s))

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self.listener.start()

    async def stop(self, deadline_s: float) -> None:
        """Refuse what is new, answer what is in hand, close; all within `deadline_s`."""
        self.health.stopping = True
        self.listener.close()
        try:
            async with asyncio.timeout(deadline_s):
                await self.traffic.until_idle()
        except TimeoutError:
            pass  # what is still in hand is cut off by the listener
        await self.listener.stop(0.1)
        if self._lane is not None:
            await self._lane.stop(LAST_LOOKS_S)
        await self._sending.stop(LAST_LOOKS_S)


def _limits(settings: HttpSettings) -> Limits:
    return Limits(
        max_body_bytes=settings.max_body_bytes,
        max_batch_body_bytes=settings.max_batch_body_bytes,
        max_batch=settings.max_batch,
        read_timeout_s=settings.read_timeout_s,
    )
