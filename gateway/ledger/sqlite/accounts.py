"""Accounts in SQLite: four small tables, and a version that every write moves on.

Columns of SQLite hold whatever a hand or another version wrote there, so every row is read by itself, and one that is
not what its type says is left out and listed.
"""

import contextlib
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from gateway.ledger.contract import (
    ROW_FAULTS,
    ChangedMeanwhile,
    NameTaken,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    Unreadable,
    check_octets,
)
from gateway.ledger.sqlite.forms import AccountRow
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import customer_row, endpoint_row, esme_row, key_row
from gateway.ledger.sqlite.writer import FileWriter, Writer

S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)

_TEXTS: Final = frozenset({"public_id", "prefix", "system_id", "password", "state", "scopes"})
_NAMES: Final = {"customer": "public_id", "key": "prefix", "esme": "system_id"}
"""By kind, the column that people know a row by."""


class AccountBook:
    """See `gateway.ledger.roles.AccountStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def version(self) -> int:
        return self._reader.number("accounts_version")

    async def read(self) -> StoredAccounts:
        unreadable: list[Unreadable] = []
        with self._reader.snapshot():
            return StoredAccounts(
                customers=tuple(self._rows("customers", "customer", StoredCustomer, unreadable)),
                keys=tuple(self._rows("keys", "key", StoredKey, unreadable)),
                esmes=tuple(self._rows("esmes", "esme", StoredEsme, unreadable)),
                endpoints=tuple(self._rows("endpoints", "endpoint", StoredEndpoint, unreadable)),
                unreadable=tuple(unreadable),
            )

    async def customers(self) -> Sequence[StoredCustomer]:
        return self._rows("customers", "customer", StoredCustomer, [])

    async def keys(self) -> Sequence[StoredKey]:
        return self._rows("keys", "key", StoredKey, [])

    async def esmes(self) -> Sequence[StoredEsme]:
        return self._rows("esmes", "esme", StoredEsme, [])

    async def endpoints(self) -> Sequence[StoredEndpoint]:
        return self._rows("endpoints", "endpoint", StoredEndpoint, [])

    async def save_customer(
        self,
        customer: StoredCustomer,
        *,
        read: int | None = None,
        accounts: int | None = None,
        entries: Sequence[bytes] = (),
    ) -> int:
        return await self._save("save_customer", customer_row(customer), entries, read, accounts)

    async def save_key(self, key: StoredKey, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        return await self._save("save_key", key_row(key), entries, read)

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        return await self._save("save_esme", esme_row(esme), entries, read)

    async def save_endpoint(
        self, endpoint: StoredEndpoint, *, read: int | None = None, entries: Sequence[bytes] = ()
    ) -> None:
        await self._save("save_endpoint", endpoint_row(endpoint), entries, read)

    async def _save(
        self, name: str, row: AccountRow, entries: Sequence[bytes], read: int | None, accounts: int | None = None
    ) -> int:
        check_octets(entries)
        number = await self._writer.do(FileWriter.change_accounts, name, (*row, read, accounts), entries)
        if not number:
            raise NameTaken if read is None and accounts is None else ChangedMeanwhile
        return number

    async def delete_endpoint(self, customer: int, *, entries: Sequence[bytes] = ()) -> None:
        check_octets(entries)
        await self._writer.do(FileWriter.change_accounts, "delete_endpoint", (customer,), entries)

    def _rows(self, statement: str, kind: str, of: type[S], unreadable: list[Unreadable]) -> list[S]:
        """The columns of each statement are the fields of the type, in their order."""
        found: list[S] = []
        for row in self._reader.rows_of_octets(statement):
            fields = dict(zip(of.__struct_fields__, row, strict=True))
            try:
                found.append(msgspec.convert(_decoded(fields), of, builtin_types=(bytes,)))
            except ROW_FAULTS as error:
                number = row[0] if isinstance(row[0], int) else 0
                version = row[-1] if isinstance(row[-1], int) else 0
                unreadable.append(Unreadable(kind, number, _name(fields, kind), _reason(error), version))
        return found


def _decoded(fields: dict[str, Any]) -> dict[str, Any]:
    """Text as text. What is none stays what it is, and is judged with the rest."""
    texts = {}
    for name in _TEXTS & fields.keys():
        with contextlib.suppress(UnicodeDecodeError, AttributeError):
            texts[name] = fields[name].decode()
    if "scopes" in texts:
        return {**fields, **texts, "scopes": tuple(texts["scopes"].split())}
    return {**fields, **texts}


def _name(fields: dict[str, Any], kind: str) -> str:
    raw = fields.get(_NAMES.get(kind, ""))
    return raw.decode(errors="replace") if isinstance(raw, bytes) else ""


def _reason(error: Exception) -> str:
    """Where it is, without what stands there: msgspec quotes no values of these types."""
    _, found, path = str(error).rpartition(" - at `$.")
    return f"{path.rstrip('`') if found else 'its row'} cannot be read"
