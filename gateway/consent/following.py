"""Keeps the filter of this process as the ledger is: what was withdrawn or stopped by any node is in it within the
second, what was permitted again leaves it with the next rebuilding.

It looks when the version that nodes follow has moved (`gateway.ledger.roles.Acts.version`), and reads the rows that
were written since. Rebuilding is once an hour, and when the filter is full.
"""

from typing import Final

from gateway.consent.filter import TokenFilter
from gateway.ledger.roles import Acts, Permissions
from gateway.process.clock import Clock

PAGE: Final = 10_000
MOST_RECENT: Final = 100_000
"""Tokens of which it is remembered that they were added lately."""
REBUILD_S: Final = 3_600.0


class Following:
    """built: it says what the ledger had, once it was read; until then nothing is known of anybody. number: of the last
    row that was read.
    """

    def __init__(self, acts: Acts, permissions: Permissions, clock: Clock) -> None:
        self._acts = acts
        self._permissions = permissions
        self._clock = clock
        self._filter = TokenFilter(0)
        self._version: int | None = None
        self._recent: dict[bytes, int] = {}
        self._oldest = 0
        self.number = 0
        self._rebuild_s = 0.0
        self.built = False

    @property
    def count(self) -> int:
        """Tokens that were added since the filter was built."""
        return self._filter.count

    def may_stop(self, *tokens: bytes) -> bool:
        """Whether anything may stand in the way of messages to whom these tokens are of."""
        return not self.built or any(map(self._filter.may_have, tokens))

    def changed_since(self, number: int, *tokens: bytes) -> bool:
        """Whether a row may have been written about any of these since the filter had come to that number."""
        return number < self._oldest or any(self._recent.get(each, 0) > number for each in tokens)

    async def refresh(self) -> None:
        """Read what is new. Raises LedgerUnavailable; what was known before then stands."""
        if self._clock.monotonic() >= self._rebuild_s:
            await self._rebuild()
            return
        version = await self._acts.version()
        if version != self._version:
            await self._read_on()
            self._version = version
        if self._filter.count > self._filter.room:
            await self._rebuild()

    async def _read_on(self) -> None:
        while rows := await self._permissions.in_the_way(self.number, PAGE):
            self._filter.add([token for _, token in rows])
            self._recent |= {token: number for number, token in rows}
            self.number = rows[-1][0]
            if len(self._recent) > MOST_RECENT:
                self._recent.clear()
                self._oldest = self.number

    async def _rebuild(self) -> None:
        """Beside the one in use, which goes on serving, and is kept when reading fails."""
        version = await self._acts.version()
        fresh = TokenFilter(2 * self._filter.count)
        number = await self._read(fresh, 0)
        if fresh.count > fresh.room:  # it has grown by that much since
            again = TokenFilter(2 * fresh.count)
            number = await self._read(again, 0)
            fresh = again
        self._filter, self._version, self.number, self._oldest = fresh, version, number, number
        self._recent.clear()
        self._rebuild_s = self._clock.monotonic() + REBUILD_S
        self.built = True

    async def _read(self, into: TokenFilter, after: int) -> int:
        while rows := await self._permissions.in_the_way(after, PAGE):
            into.add([token for _, token in rows])
            after = rows[-1][0]
        return after
