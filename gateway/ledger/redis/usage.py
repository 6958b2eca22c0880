"""Usage in Redis: a hash for each customer and day, in the slot of the accounts; two fields for each cell.

A field is `m` or `s`, for messages and segments, then hour of the day, class, country, status and operator. Days go by
themselves.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, CLASSES, STATUS_CODE, STATUSES
from gateway.ledger.contract import Used
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.wire import octets
from gateway.ledger.usage import CodedCell

_FIELD: Final = Struct(">BBHB")
_DAY_HOURS: Final = 24


def usage_place(cell: CodedCell) -> tuple[int, int, msgspec.Raw]:
    """Customer, day and field."""
    customer, hour, message_class, country, status, operator = cell
    day, hour = divmod(hour, _DAY_HOURS)
    return customer, day, octets(_FIELD.pack(hour, message_class, country, status) + operator.encode())


class Usage:
    """See `gateway.ledger.roles.Usage`."""

    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._base = member.layout.shared

    async def of_customer(self, customer: int, from_hour: int, until_hour: int) -> Sequence[Used]:
        days = range(from_hour // _DAY_HOURS, -(-until_hour // _DAY_HOURS))
        answers = await self._server.commands([("HGETALL", self._key(customer, day)) for day in days])
        found: list[Used] = []
        for day, fields in zip(days, answers, strict=True):
            pairs = dict(fields if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True))
            cells = [_used(customer, day, field[1:], pairs) for field in pairs if field[:1] == b"m"]
            found += sorted((each for each in cells if from_hour <= each.hour < until_hour), key=_order)
        return found

    async def customers(self) -> Sequence[int]:
        return sorted(int(each) for each in await self._server.command("SMEMBERS", f"{self._base}:us"))

    async def add(self, rows: Sequence[Used]) -> None:
        commands: list[tuple[str | int | bytes, ...]] = []
        for each in rows:
            day, hour = divmod(each.hour, _DAY_HOURS)
            codes = hour, CLASS_CODE[each.message_class], each.country, STATUS_CODE[each.status]
            field, key = _FIELD.pack(*codes) + each.operator.encode(), self._key(each.customer, day)
            commands += [
                ("HINCRBY", key, b"m" + field, each.messages),
                ("HINCRBY", key, b"s" + field, each.segments),
                ("SADD", f"{self._base}:us", each.customer),
            ]
        await self._server.commands(commands)

    def _key(self, customer: int, day: int) -> str:
        return f"{self._base}:u:{customer}:{day}"


def _used(customer: int, day: int, field: bytes, sums: dict[bytes, bytes]) -> Used:
    hour, message_class, country, status = _FIELD.unpack_from(field)
    return Used(
        customer=customer,
        hour=day * _DAY_HOURS + hour,
        message_class=CLASSES[message_class],
        country=country,
        status=STATUSES[status],
        operator=field[_FIELD.size :].decode(),
        messages=int(sums[b"m" + field]),
        segments=int(sums[b"s" + field]),
    )


def _order(used: Used) -> tuple[int, int, int, int, str]:
    return used.hour, CLASS_CODE[used.message_class], used.country, STATUS_CODE[used.status], used.operator
