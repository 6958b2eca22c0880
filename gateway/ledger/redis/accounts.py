"""Customers, keys, ESME accounts and endpoints: a hash of each in one slot, and a version that every write moves on.

A row that is not what its type says is left out and listed; its name stands in the hash of names as well.
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from gateway.ledger.contract import (
    MAX_NUMBER,
    ROW_FAULTS,
    ChangedMeanwhile,
    NameTaken,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    Unreadable,
)
from gateway.ledger.redis.keeping import durably, packed_entries
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.wire import encode

CUSTOMER, KEY, ESME, ENDPOINT = "customer", "api_key", "esme", "endpoint"
_KINDS: Final = {CUSTOMER: "customer", KEY: "key", ESME: "esme", ENDPOINT: "endpoint"}
"""As the contract calls them."""

FINGERPRINT_DIGITS: Final = 12
"""As in the Lua files."""
_CHANGED: Final = -1

Stored: TypeAlias = StoredCustomer | StoredKey | StoredEsme | StoredEndpoint
S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)


class AccountBook:
    """See `gateway.ledger.roles.AccountStore`."""

    def __init__(self, member: Member) -> None:
        self._server = member.server
        self._base = member.layout.shared

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
            msgspec.structs.replace(each, kind=_KINDS[each.kind], name=names.get((each.kind, each.id), ""))
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

    async def save_customer(
        self,
        customer: StoredCustomer,
        *,
        read: int | None = None,
        accounts: int | None = None,
        entries: Sequence[bytes] = (),
    ) -> int:
        return await self._save(CUSTOMER, customer.id, customer, customer.public_id, entries, read, accounts)

    async def save_key(self, key: StoredKey, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        return await self._save(KEY, key.id, key, key.prefix, entries, read)

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        return await self._save(ESME, esme.id, esme, esme.system_id, entries, read)

    async def save_endpoint(
        self, endpoint: StoredEndpoint, *, read: int | None = None, entries: Sequence[bytes] = ()
    ) -> None:
        await self._save(ENDPOINT, endpoint.customer, endpoint, "", entries, read)

    async def delete_endpoint(self, customer: int, *, entries: Sequence[bytes] = ()) -> None:
        await self._change(Call("remove", self._base, (ENDPOINT, customer, packed_entries(entries))), entries)

    async def _save(
        self,
        kind: str,
        number: int,
        row: Stored,
        name: str,
        entries: Sequence[bytes],
        read: int | None,
        accounts: int | None = None,
    ) -> int:
        octets = encode(msgspec.structs.replace(row, version=0))
        standing = "" if read is None else f"{read:0{FINGERPRINT_DIGITS}x}"
        of_all = "" if accounts is None else accounts
        words = (kind, number, octets, name, standing, of_all, packed_entries(entries))
        saved = int(await self._change(Call("save", self._base, words), entries))
        if saved == _CHANGED:
            raise ChangedMeanwhile
        if not saved:
            raise NameTaken
        return saved

    async def _change(self, call: Call, entries: Sequence[bytes]) -> Any:
        """What an audit entry speaks of is on as many servers as a message is before it is answered."""
        return await (durably(self._server, call) if entries else self._server.call(call))

    async def _rows(self, kind: str, of: type[S], unreadable: list[Unreadable]) -> list[S]:
        """In the order of their numbers."""
        found: dict[int, S] = {}
        for field, row in await self._hash(f"{self._base}:a:{kind}"):
            number = int(field) if field.isdigit() else 0
            try:
                stored = msgspec.msgpack.decode(row, type=of)
                found[number] = msgspec.structs.replace(stored, version=_fingerprint(row), **_numbered(kind, field))
            except ROW_FAULTS as error:
                unreadable.append(Unreadable(kind, number, "", _reason(error), _fingerprint(row)))
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


def _fingerprint(row: bytes) -> int:
    """A row's version: what the server's function makes of what stands, also of what an older node wrote."""
    return int(sha1(row, usedforsecurity=False).hexdigest()[:FINGERPRINT_DIGITS], 16)


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
