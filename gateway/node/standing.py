"""The settings as a node runs now, in what those that are written are others, and the route table that follows."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from config.changes import Change
from config.settings import Settings
from gateway.delivery.routing import Router
from gateway.delivery.steered_routes import SteeredRoutes as SteeredRoutes
from gateway.node import assembly


async def no_changes() -> Sequence[Change]:
    """Of a node that never reads its settings again."""
    return ()


class Standing(msgspec.Struct):
    """The settings as the node runs now. differs: in what those that are written are others; raises ConfigError."""

    settings: Settings
    differs: Callable[[], Awaitable[Sequence[Change]]] = no_changes


def steered_routes(router: Router, settings: Settings) -> SteeredRoutes:
    """Of a router that was made with these settings."""
    return SteeredRoutes(router, assembly.routes(settings))
