"""Usage in SQLite. See `gateway.ledger.roles.Usage`."""

from collections.abc import Sequence

from gateway.ledger.codes import CLASSES, STATUSES
from gateway.ledger.contract import Used
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.writer import FileWriter, Writer


class Usage:
    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def of_customer(self, customer: int, from_hour: int, until_hour: int) -> Sequence[Used]:
        return [_used(*row) for row in self._reader.rows("usage", customer, from_hour, until_hour)]

    async def customers(self) -> Sequence[int]:
        return [int(row[0]) for row in self._reader.rows("users")]

    async def add(self, rows: Sequence[Used]) -> None:
        await self._writer.do(FileWriter.add_usage, rows)


def _used(
    customer: int, hour: int, message_class: int, country: int, status: int, operator: str, messages: int, segments: int
) -> Used:
    return Used(
        customer=customer,
        hour=hour,
        message_class=CLASSES[message_class],
        country=country,
        status=STATUSES[status],
        operator=operator,
        messages=messages,
        segments=segments,
    )
