"""What customers who pay in advance have spent, in SQLite. See `gateway.ledger.roles.Balances`."""

from collections.abc import Sequence

from gateway.ledger.contract import Reservation, Reserving
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.writer import FileWriter, Writer


class Balances:
    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def reserve(self, asked: Sequence[Reserving]) -> Sequence[int | None]:
        return await self._writer.do(FileWriter.reserve, asked)

    async def settle(self, paid: Sequence[bytes], given_back: Sequence[bytes]) -> None:
        await self._writer.do(FileWriter.settle_reservations, paid, given_back)

    async def spent(self, customer: int) -> int:
        row = self._reader.row("spent", customer)
        return 0 if row is None else int(row[0])

    async def reserved(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Reservation], bytes | None]:
        rows = self._reader.rows("reservations", cursor or b"", limit)
        found = [Reservation(bytes(message), customer, micro) for message, customer, micro in rows]
        return found, found[-1].message if len(found) == limit else None

    async def put(self, customer: int, micro: int, reserved: Sequence[Reservation]) -> None:
        await self._writer.do(FileWriter.put_spending, customer, micro, reserved)
