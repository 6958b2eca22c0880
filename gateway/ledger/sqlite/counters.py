"""Sums by name, in buckets. See `gateway.ledger.roles.Counters`."""

from gateway.ledger.sqlite.reading import Reader


class Counters:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def count(self, name: str, bucket: int) -> int:
        return self._reader.number("counter", bucket, name)

    async def counts(self, bucket: int) -> dict[str, int]:
        return {str(row[0]): int(row[1]) for row in self._reader.rows("counters", bucket)}
