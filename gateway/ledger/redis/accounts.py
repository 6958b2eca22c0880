"""Customers, keys, ESME accounts and endpoints: a hash of each in one slot, and a version that every write moves on.

A row that is not what its type says is left out and listed; its name stands in the hash of names as well.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from gateway.ledger.contract import (
    MAX_NUMBER,
    ROW_FAULTS,
    LedgerError,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    Unreadable,
)
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.server import Call, Server
from gateway.ledger.redis.wire import encode

CUSTOMER, KEY, ESME, ENDPOINT = "customer", "api_key", "esme", "endpoint"
_KINDS: Final = {CUSTOMER: "customer", KEY: "key", ESME: "esme", ENDPOINT: "endpoint"}
"""As the contract calls them."""

S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)


class NameTaken(LedgerError):
    """Another account has this name."""


class AccountBook:
    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._base = layout.shared

    async def version(self) -> int:
        return int(await self._server.command("GET", f"{self._base}:a:version") or 0)

    async def read(self) -> StoredAccounts:
        unreadable: list[Unreadable] = []
        stored = StoredAccounts(
            customers=tuple(await self._rows(CUSTOMER, StoredCustomer, unreadable)),
            keys=tuple(await self._rows(KEY, StoredKey, unreadable)),
            esmes=tuple(await self._rows(ESME, StoredEsme, unreadable)),
            endpoints=tuple(await self._rows(ENDPOINT, StoredEndpoint, unreadable)),
        )
        if not unreadable:
            return stored
        names = await self._names()
        named = (
            Unreadable(_KINDS[each.kind], each.id, names.get((each.kind, each.id), ""), each.reason)
            for each in unreadable
        )
        return msgspec.structs.replace(stored, unreadable=tuple(named))

    async def customers(self) -> Sequence[StoredCustomer]:
        return await self._rows(CUSTOMER, StoredCustomer, [])

    async def keys(self) -> Sequence[StoredKey]:
        return await self._rows(KEY, StoredKey, [])

    async def esmes(self) -> Sequence[StoredEsme]:
        return await self._rows(ESME, StoredEsme, [])

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return await self._rows(ENDPOINT, StoredEndpoint, [])

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

    async def _rows(self, kind: str, of: type[S], unreadable: list[Unreadable]) -> list[S]:
        """In the order of their numbers."""
        found: dict[int, S] = {}
        for field, row in await self._hash(f"{self._base}:a:{kind}"):
            number = int(field) if field.isdigit() else 0
            try:
                found[number] = msgspec.structs.replace(msgspec.msgpack.decode(row, type=of), **_numbered(kind, field))
            except ROW_FAULTS as error:
                unreadable.append(Unreadable(kind, number, "", _reason(error)))
        return [found[number] for number in sorted(found)]

    async def _names(self) -> dict[tuple[str, int], str]:
        """Names by kind and number. Only unreadable rows are looked up by them."""
        found: dict[tuple[str, int], str] = {}
        for field, number in await self._hash(f"{self._base}:a:names"):
            kind, _, name = field.decode(errors="replace").partition(":")
            if number.isdigit():
                found[kind, int(number)] = name
        return found

    async def _hash(self, key: str) -> list[tuple[bytes, bytes]]:
        fields = await self._server.command("HGETALL", key)
        return list(fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True))


def _numbered(kind: str, field: bytes) -> dict[str, int]:
    """The number stands in the field's name alone: the server gives it. Raises ValueError for what is none."""
    number = int(field)
    if not 0 < number <= MAX_NUMBER:
        raise ValueError("number")
    return {} if kind == ENDPOINT else {"id": number}


def _reason(error: Exception) -> str:
    """Where it is, without what stands there: msgspec quotes no values of these types."""
    _, found, path = str(error).rpartition(" - at `$.")
    return f"{path.rstrip('`') if found else 'its row'} cannot be read"
