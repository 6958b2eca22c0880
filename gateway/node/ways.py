"""The route table of a node, as people steer it, and who says at which network a number is."""

from collections.abc import Coroutine
from functools import partial
from itertools import count
from typing import Any

import msgspec

from config.settings import Settings
from gateway.delivery.portability import Bounds, Lookup, Nobody, Portability
from gateway.delivery.routing import Router
from gateway.delivery.steered_routes import SteeredRoutes
from gateway.node import assembly
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.client import authorities
from operators.rest.connection import target


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """routes: what the router holds, by the settings and by what is wanted. lookup: of networks."""

    router: Router
    routes: SteeredRoutes
    lookup: Lookup


def ways(settings: Settings, stores: Stores, clock: Clock, tasks: TaskOwner) -> Ways:
    """tasks: where networks are asked for. Raises config.secret.SecretMissing and OSError."""
    lookup = _lookup(settings, clock, tasks)
    routes = assembly.routes(settings)
    router = Router(routes, stores.directory.public_id, clock.monotonic, lookup.known)
    return Ways(router=router, routes=SteeredRoutes(router, routes), lookup=lookup)


def _lookup(settings: Settings, clock: Clock, tasks: TaskOwner) -> Lookup:
    said, numbers = settings.portability, count(1)
    if said.url is None:
        return Nobody()

    def start(kind: str, work: Coroutine[Any, Any, None]) -> object:
        return tasks.contain("submission", f"{kind} {next(numbers)}", work)

    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    token = said.token.resolve()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    tls = partial(authorities(said.ca_file).context) if said.url.startswith("https") else None
    bounds = Bounds(
        prefixes=said.prefixes,
        timeout_s=said.timeout_s,
        connections=said.connections,
        waiting=said.waiting,
        cache_s=said.cache_s,
        cache_entries=said.cache_entries,
    )
    return Portability(target(said.url, headers, tls), bounds, clock, start)
