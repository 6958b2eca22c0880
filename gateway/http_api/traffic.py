"""Requests in hand and answers given, over both lanes of the HTTP API."""

import asyncio


class Traffic:
    """counts: answers given, by (route, status), for metrics; a route is its path in the table, not what was asked."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}
        self._busy = 0
        self._idle = asyncio.Event()

    @property
    def busy(self) -> int:
        """Requests in hand."""
        return self._busy

    def began(self) -> None:
        self._busy += 1

    def count(self, route: str, status: int) -> None:
        """An answer is given."""
        kind = (route, status)
        self.counts[kind] = self.counts.get(kind, 0) + 1

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
