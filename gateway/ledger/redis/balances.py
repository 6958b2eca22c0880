"""What customers who pay in advance have spent, on Redis. See `gateway.ledger.roles.Balances`."""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from gateway.ledger.contract import Reservation, Reserving
from gateway.ledger.redis.keeping import durably
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.wire import encode, octets

_RESERVED: Final = Struct(">IHI")
"""As in the Lua file: the customer, and six octets."""
_LOW_BITS: Final = 32


class Balances:
    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._base = member.layout.shared

    async def reserve(self, asked: Sequence[Reserving]) -> Sequence[int | None]:
        rows = [
            (octets(each.reservation.message), each.reservation.customer, each.reservation.micro, each.most)
            for each in asked
        ]
        found = await durably(self._server, Call("reserve", self._base, (encode(rows),)))
        return [int(each) if each else None for each in found]

    async def settle(self, paid: Sequence[bytes], given_back: Sequence[bytes]) -> None:
        words = [encode([octets(each) for each in messages]) for messages in (paid, given_back)]
        await durably(self._server, Call("settle_reserved", self._base, tuple(words)))

    async def spent(self, customer: int) -> int:
        return int(await self._server.command("HGET", f"{self._base}:bal", customer) or 0)

    async def reserved(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Reservation], bytes | None]:
        at = 0 if cursor is None else int(cursor)
        after, fields = await self._server.command("HSCAN", f"{self._base}:res", at, "COUNT", limit)
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return [_reservation(message, row) for message, row in pairs], None if int(after) == 0 else str(
            int(after)
        ).encode()

    async def put(self, customer: int, micro: int, reserved: Sequence[Reservation]) -> None:
        commands: list[tuple[str | int | bytes, ...]] = [("HSET", f"{self._base}:bal", customer, micro)]
        for each in reserved:
            row = _RESERVED.pack(each.customer, each.micro >> _LOW_BITS, each.micro & 0xFFFFFFFF)
            commands.append(("HSET", f"{self._base}:res", each.message, row))
        await self._server.commands(commands)


def _reservation(message: bytes, row: bytes) -> Reservation:
    customer, high, low = _RESERVED.unpack(row)
    return Reservation(message, customer, high << _LOW_BITS | low)
