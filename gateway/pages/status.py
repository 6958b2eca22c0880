"""`/status`: whether messages are taken and sent, without a name, a number or a count."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.accept.request import OperatorView
from gateway.http_api.browsers import look_wanted
from gateway.http_api.replies import JSON, Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.times import rfc3339
from gateway.pages import said
from gateway.pages.frame import Frame, words
from gateway.process.clock import Clock

_encode: Final = msgspec.json.Encoder().encode
SHAPES: Final = {"up": "good", "partly": "warn", "down": "bad"}


class Service(msgspec.Struct, frozen=True):
    """name, state: of `said.SERVICES` and `said.STATES`."""

    name: str
    state: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """at: RFC 3339. state: of the worst."""

    at: str
    state: str
    services: tuple[Service, ...]


class StatusPage:
    """checks: what readiness depends on. operators: the links as they stand."""

    def __init__(
        self,
        frame: Frame,
        replies: Replies,
        clock: Clock,
        checks: Callable[[], Mapping[str, bool]],
        operators: Callable[[], Sequence[OperatorView]],
    ) -> None:
        self._frame = frame
        self._replies = replies
        self._clock = clock
        self._checks = checks
        self._operators = operators

    async def show(self, call: Call) -> Reply:
        look = look_wanted(call)
        known = words(look)
        found = self._standing()
        rows = [
            {
                "name": known.gettext(said.SERVICES[each.name]),
                "word": known.gettext(said.STATES[each.state]),
                "shape": SHAPES[each.state],
            }
            for each in found.services
        ]
        values = {"at": found.at, "state": found.state, "services": rows}
        return self._frame.show(call, "status", look, "/status", values)

    async def tell(self, _: Call) -> Reply:
        """The same in JSON."""
        return self._replies.of(200, _encode(self._standing()), JSON)

    def _standing(self) -> Standing:
        links = [each.state == "up" for each in self._operators()]
        services = (
            Service("accepting", "up" if all(self._checks().values()) else "down"),
            Service("sending", "up" if all(links) else "partly" if any(links) else "down"),
        )
        worst = max(services, key=lambda each: tuple(SHAPES).index(each.state))
        return Standing(at=rfc3339(self._clock.now_ms()), state=worst.state, services=services)
