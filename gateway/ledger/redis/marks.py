"""Numbers about the ledger as a whole, by name, in one hash; among them which installation it belongs to.

A server that was emptied while nodes run, or in whose place another one stands, has not the installation that they
began with. They must not go on there: every account would be unknown, and what is accepted would be in two places.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.ledger.contract import (
    CLOCK_CONFIRMED,
    INSTALLATION,
    REACHED,
    RPO_S,
    LedgerFacts,
    LedgerUnavailable,
    StoreReplaced,
)
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.server import Server

_ACCOUNTS: Final = ("customer", "api_key", "esme", "endpoint")


class Marks:
    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout
        self._key = f"{layout.shared}:marks"
        self._installation: int | None = None
        self._reached_ms = 0
        self._confirmed: bytes | None = None

    @property
    def installation(self) -> int | None:
        """That was remembered or claimed."""
        return self._installation

    async def all(self) -> dict[str, int]:
        fields = await self._server.command("HGETALL", self._key)
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return {name.decode(): int(value) for name, value in pairs}

    async def set(self, marks: Mapping[str, int]) -> None:
        """Raises LedgerUnavailable, also where the server has lost the ledger: nothing is begun in its place."""
        belongs = self._installation is not None and INSTALLATION not in marks
        if belongs and not await self._server.command("HEXISTS", self._key, INSTALLATION):
            raise LedgerUnavailable("the ledger's server has lost this ledger")
        await self._server.command("HSET", self._key, *(word for pair in marks.items() for word in pair))
        self._installation = marks.get(INSTALLATION, self._installation)

    async def claim(self, name: str, value: int) -> int:
        await self._server.command("HSETNX", self._key, name, value)
        standing = (await self.all())[name]
        if name == INSTALLATION:
            self._installation = standing
        return standing

    async def remember(self) -> None:
        """Which installation it is; a ledger of an earlier version does not say."""
        self._installation = (await self.all()).get(INSTALLATION)

    async def check(self) -> None:
        """Raises StoreReplaced when it is not the one that was remembered or claimed."""
        if self._installation is None:
            return
        found, reached, confirmed = await self._server.command(
            "HMGET", self._key, INSTALLATION, REACHED, CLOCK_CONFIRMED
        )
        if found is None:
            raise StoreReplaced("the ledger's server has lost this ledger: it came back without it")
        if int(found) != self._installation:
            raise StoreReplaced("the ledger's server holds the ledger of another installation")
        reached_ms = int(reached or 0)
        if confirmed == self._confirmed and reached_ms < self._reached_ms - RPO_S * 1000:
            raise StoreReplaced("the ledger's server came back with a ledger that is older than it was")
        self._confirmed, self._reached_ms = confirmed, reached_ms

    async def look(self, place: str) -> LedgerFacts:
        shared = self._layout.shared
        marks = await self.all()
        has_accounts = await self._any(f"{shared}:a:{each}" for each in _ACCOUNTS)
        has_accounts = has_accounts or await self._any([f"{shared}:d:kinds"])
        holds_sealed = has_accounts or await self._any(f"{base}:dir" for base in self._layout.bases)
        is_there = bool(marks) or holds_sealed or await self._any([f"{shared}:partitions"])
        return LedgerFacts(
            place=place,
            is_there=is_there,
            installation=marks.get(INSTALLATION),
            holds_sealed=holds_sealed,
            reached_ms=marks.get(REACHED),
        )

    async def _any(self, keys: Iterable[str]) -> bool:
        return any(await self._server.commands([("EXISTS", key) for key in keys]))
