"""The route table as it holds: lines of the settings, with what is wanted of them."""

from collections.abc import Mapping, Sequence

from gateway.control.follower import Desired
from gateway.control.routes import route_id, steered
from gateway.control.wanted import RouteWanted
from gateway.delivery.routing import Router
from gateway.model.route import Route
from gateway.process.logs import logger

log = logger("gateway.delivery")


class SteeredRoutes:
    """lines: as they hold. routes: of the settings that the router was made with."""

    def __init__(self, router: Router, routes: Sequence[Route]) -> None:
        self.router = router
        self._said = tuple(routes)
        self._wanted: Mapping[str, RouteWanted] = {}
        self.lines: Sequence[Route] = self._said

    def apply(self, desired: Desired) -> None:
        """To be called with what holds, whenever it changed."""
        if desired.routes != self._wanted:
            self._wanted = desired.routes
            self._hold()
            log.info("routes_steered", count=len(desired.routes))

    def adopt(self, routes: Sequence[Route]) -> None:
        """Other settings; what is wanted of a line that is still there stays."""
        self._said = tuple(routes)
        self._hold()

    def _hold(self) -> None:
        usual = RouteWanted()
        self.lines = [steered(each, self._wanted.get(route_id(each), usual)) for each in self._said]
        self.router.adopt(self.lines)
