"""Lanes of callback URLs: one that fails holds up neither another one nor its customer's endpoint.

A URL is known here by a digest that another process would not get. Queries are left out: they tell messages apart, and
not who answers. Bounded; a lane is forgotten when others came since and nothing of it is in memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2s
from typing import Final

from gateway.webhooks.lane import Lane

LIMIT: Final = 4_096

Name = tuple[int, bytes]
"""Customer, and digest of the URL."""


class Callbacks:
    """most, schedule_s: of each lane. random: for the digests' key."""

    def __init__(
        self, most: int, schedule_s: tuple[float, ...], random: Callable[[int], bytes], limit: int = LIMIT
    ) -> None:
        self._most = most
        self._schedule_s = schedule_s
        self._keyed = blake2s(key=random(32), digest_size=16)
        self._limit = limit
        self._lanes: OrderedDict[Name, Lane] = OrderedDict()

    def adopt(self, most: int, schedule_s: tuple[float, ...]) -> None:
        """Of each lane, those that are there too."""
        self._most = most
        self._schedule_s = schedule_s
        for lane in self._lanes.values():
            lane.adopt(most, schedule_s)

    def lane(self, customer: int, url: str) -> Lane:
        """The lane of this URL for this customer."""
        keyed = self._keyed.copy()
        keyed.update(url.partition("#")[0].partition("?")[0].encode("utf-8", "surrogatepass"))
        name = (customer, keyed.digest())
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(self._most, self._schedule_s)
            self._forget_one()
        else:
            self._lanes.move_to_end(name)
        return lane

    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    def _forget_one(self) -> None:
        """The oldest that is idle; one that is not has events in memory, of which there is a bound."""
        if len(self._lanes) <= self._limit:
            return
        for name, lane in self._lanes.items():
            if not lane.active and not lane.waiting:
                del self._lanes[name]
                return
