"""How many file descriptors the settings want, and what to do with fewer: listeners take less, links and stores do not.

Pure; `gateway.process.descriptors` asks the system.
"""

from typing import Final

import msgspec

from config.settings import Settings

RESERVE: Final = 96
"""For the store, the key store, the log, look-ups, and what is on its way in or out."""
METRICS: Final = 32
LEAST: Final = 16
"""Connections of customers that a node must be able to take."""
WEBHOOKS_PART: Final = 8
"""Where descriptors are short, one in so many is for webhooks at the most."""


class TooFew(Exception):
    """A node cannot work with so few."""


def needed(settings: Settings) -> int:
    """By everything at once."""
    return _kept(settings) + settings.webhooks.max_connections + sum(_listeners(settings).values())


def fitted(settings: Settings, limit: int) -> Settings:
    """The settings with fewer connections of customers and webhooks, where `limit` descriptors are too few for all.

    Raises TooFew.
    """
    if needed(settings) <= limit:
        return settings
    webhooks = min(settings.webhooks.max_connections, max(1, limit // WEBHOOKS_PART))
    left = limit - _kept(settings) - webhooks
    if left < LEAST:
        raise TooFew
    wanted = _listeners(settings)
    part = min(1.0, left / sum(wanted.values()))
    fewer = {name: max(1, int(count * part)) for name, count in wanted.items()}
    return msgspec.structs.replace(
        settings,
        http=msgspec.structs.replace(settings.http, max_connections=fewer["http"]),
        smpp_server=msgspec.structs.replace(
            settings.smpp_server,
            max_connections=fewer.get("smpp_server", settings.smpp_server.max_connections),
        ),
        webhooks=msgspec.structs.replace(
            settings.webhooks,
            max_connections=webhooks,
            connections_per_endpoint=min(settings.webhooks.connections_per_endpoint, webhooks),
        ),
    )


def _kept(settings: Settings) -> int:
    """By what does not take less."""
    links = sum(each.descriptors() for each in settings.operators)
    return RESERVE + (METRICS if settings.metrics.enabled else 0) + links


def _listeners(settings: Settings) -> dict[str, int]:
    wanted = {"http": settings.http.max_connections}
    if settings.smpp_server.port is not None:
        wanted["smpp_server"] = settings.smpp_server.max_connections
    return wanted
