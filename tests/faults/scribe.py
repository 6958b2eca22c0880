"""A webhook endpoint that writes down in which order each message's events come, and is slow and refuses at times."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from typing import Any, Final

from aiohttp import web

from tests.acceptance.client import Receiver

_SUBMITTED: Final = ".submitted"


class Scribe(Receiver):
    """refuses: share of requests that get 503. slowest_s: most that an answer takes. Both are drawn from `seed`.

    late: events that came first after a newer one of their message. early: events that came while an older one of their
    message was not yet taken. repeated: events that came again though they were taken, which at least once allows. An
    event is known by its id.
    """

    def __init__(self, *, refuses: float = 0.0, slowest_s: float = 0.0, seed: int = 0) -> None:
        super().__init__()
        self._refuses = refuses
        self._slowest_s = slowest_s
        self._random = random.Random(seed)
        self._seen: defaultdict[str, list[str]] = defaultdict(list)
        self._taken: set[str] = set()
        self.late: list[str] = []
        self.early: list[str] = []
        self.repeated = 0
        self.refused = 0

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        events = _events(json.loads(body), headers["webhook-id"])
        together = {identifier for identifier, _ in events}
        for identifier, event in events:
            self._note(identifier, event, together)
        await asyncio.sleep(self._random.random() * self._slowest_s)
        if self._random.random() < self._refuses:
            self.refused += 1
            return web.Response(status=503)
        self._taken |= together
        self.heard.append((body, headers))
        return web.Response()

    def kinds(self) -> Counter[str]:
        """How many events of each type were taken, repeats apart."""
        return Counter(identifier.partition(".")[2] for identifier in self._taken)

    def has_told_end(self, message: str) -> bool:
        """Whether it has taken how the message ended."""
        return any(each in self._taken and not each.endswith(_SUBMITTED) for each in self._seen[message])

    def _note(self, identifier: str, event: dict[str, Any], together: set[str]) -> None:
        seen = self._seen[event["data"]["id"]]
        if identifier in seen:
            self.repeated += identifier in self._taken
            return
        if identifier.endswith(_SUBMITTED) and seen:
            self.late.append(identifier)
        if any(older not in self._taken and older not in together for older in seen):
            self.early.append(identifier)
        seen.append(identifier)


def _events(told: dict[str, Any], webhook_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Each with the id that it has wherever it comes."""
    if told["type"] == "batch":
        return [(each["id"], each) for each in told["data"]]
    return [(webhook_id, told)]
