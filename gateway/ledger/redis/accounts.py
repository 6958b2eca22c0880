"""Customers, keys, ESME accounts and endpoints: a hash of each in one slot, and a version that every write moves on."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from gateway.ledger.contract import LedgerError, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.server import Call, Server
from gateway.ledger.redis.wire import encode

CUSTOMER, KEY, ESME, ENDPOINT = "customer", "api_key", "esme", "endpoint"

Numbered = TypeVar("Numbered", StoredCustomer, StoredKey, StoredEsme)


class NameTaken(LedgerError):
    """Another account has this name."""


class AccountBook:
    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._base = layout.shared

    async def version(self) -> int:
        return int(await self._server.command("GET", f"{self._base}:a:version") or 0)

    async def customers(self) -> Sequence[StoredCustomer]:
        return await self._numbered(CUSTOMER, StoredCustomer)

    async def keys(self) -> Sequence[StoredKey]:
        return await self._numbered(KEY, StoredKey)

    async def esmes(self) -> Sequence[StoredEsme]:
        return await self._numbered(ESME, StoredEsme)

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        rows = await self._rows(ENDPOINT)
        return [msgspec.msgpack.decode(rows[number], type=StoredEndpoint) for number in sorted(rows)]

    async def save_customer(self, customer: StoredCustomer) -> int:
        return await self._save(CUSTOMER, customer.id, encode(customer), customer.public_id)

    async def save_key(self, key: StoredKey) -> int:
        return await self._save(KEY, key.id, encode(key), key.prefix)

    async def save_esme(self, esme: StoredEsme) -> int:
        return await self._save(ESME, esme.id, encode(esme), esme.system_id)

    async def save_endpoint(self, endpoint: StoredEndpoint) -> None:
        await self._save(ENDPOINT, endpoint.customer, encode(endpoint), "")

    async def delete_endpoint(self, customer: int) -> None:
        await self._server.call(Call("remove", self._base, (ENDPOINT, customer)))

    async def _save(self, kind: str, number: int, row: bytes, name: str) -> int:
        saved = int(await self._server.call(Call("save", self._base, (kind, number, row, name))))
        if not saved:
            raise NameTaken
        return saved

    async def _rows(self, kind: str) -> dict[int, bytes]:
        fields = await self._server.command("HGETALL", f"{self._base}:a:{kind}")
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return {int(number): row for number, row in pairs}

    async def _numbered(self, kind: str, of: type[Numbered]) -> Sequence[Numbered]:
        rows = await self._rows(kind)
        return [
            msgspec.structs.replace(msgspec.msgpack.decode(rows[number], type=of), id=number) for number in sorted(rows)
        ]
