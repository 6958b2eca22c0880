"""File descriptors: as many as the system allows, and a line when they run out all the same."""

import resource

from config.descriptors import fitted, needed
from config.settings import Settings
from gateway.process.logs import logger

log = logger("gateway")


def raise_limit() -> int:
    """Let this process have as many as the system's hard limit allows; how many these are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            return soft
    return hard


def within_limit(settings: Settings) -> Settings:
    """The settings as this process can keep them: its limit is raised, and where it is too low still, listeners and
    webhooks take fewer connections, which a line says. Raises config.descriptors.TooFew.
    """
    limit = raise_limit()
    kept = fitted(settings, limit)
    if kept is not settings:
        log.warning("descriptors_short", count=limit, waiting=needed(settings))
    return kept


def tell_of_shortage(is_short: bool) -> None:
    """Connections are not accepted for want of descriptors, or are again."""
    if is_short:
        log.error("descriptors_exhausted")
    else:
        log.info("descriptors_sufficient")
