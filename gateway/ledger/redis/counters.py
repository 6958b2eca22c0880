"""Sums by name, in buckets. See `gateway.ledger.roles.Counters`."""

from gateway.ledger.redis.member import Member


class Counters:
    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._base = member.layout.shared

    async def count(self, name: str, bucket: int) -> int:
        return int(await self._server.command("HGET", self._key(bucket), name) or 0)

    async def counts(self, bucket: int) -> dict[str, int]:
        fields = await self._server.command("HGETALL", self._key(bucket))
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return {name.decode(): int(value) for name, value in pairs}

    def _key(self, bucket: int) -> str:
        return f"{self._base}:n:{bucket}"
