"""Requests in hand and answers given, over both lanes of the HTTP API."""

import asyncio
from typing import Final

STATUSES: Final = 600
"""Every status is below."""
NO_ROUTE: Final = "none"
"""Of answers to what has no route here: another path, what is no HTTP as we take it, a connection too many."""


class Traffic:
    """What is in hand, and how often which status was answered on which route."""

    def __init__(self) -> None:
        self._answers: dict[str, list[int]] = {}
        self._busy = 0
        self._idle = asyncio.Event()

    @property
    def busy(self) -> int:
        """Requests in hand."""
        return self._busy

    def answers(self, route: str) -> list[int]:
        """Where the answers of a route are counted, each at the index of its status, by adding one.

        route: its path in the table, or `NO_ROUTE`; never what was asked, for metrics have it as a label.
        """
        return self._answers.setdefault(route, [0] * STATUSES)

    @property
    def counts(self) -> dict[tuple[str, int], int]:
        """Answers given, by route and status."""
        return {
            (route, status): count
            for route, counts in self._answers.items()
            for status, count in enumerate(counts)
            if count
        }

    def began(self) -> None:
        self._busy += 1

    def left(self) -> None:
        """A request is in hand no more, answered or not."""
        self._busy -= 1
        if not self._busy:
            self._idle.set()

    async def until_idle(self) -> None:
        """Wait until nothing is in hand."""
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
