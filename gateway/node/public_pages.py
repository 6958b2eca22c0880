"""The pages for everybody, on the stores of a node. Loaded where they are served."""

from collections.abc import Callable, Mapping

from config.settings import Settings
from gateway.node.noticing import NoticeDuty
from gateway.node.operator_views import operator_views
from gateway.node.road import Road
from gateway.pages.site import PublicPages, PublicSources
from gateway.process.clock import Clock
from gateway.rights.asking import PublicRequests


def build_pages(
    settings: Settings,
    road: Road,
    clock: Clock,
    notices: NoticeDuty,
    requests: PublicRequests,
    checks: Callable[[], Mapping[str, bool]],
) -> PublicPages:
    """checks: what readiness depends on."""
    return PublicPages(
        PublicSources(
            version=lambda: notices.version,
            versions=lambda: notices.versions,
            checks=checks,
            operators=lambda: operator_views(road),
            requests=requests,
            region=lambda: road.standing.settings.messages.default_region,
        ),
        settings,
        clock,
    )
