"""From stored accounts to what the hot path looks up.

A row that cannot be read costs what it stands for and nothing else: a key or an ESME account opens nothing, a customer
sends and receives nothing and its waiting messages are held, a sender or a number is not its customer's, an endpoint is
tried in vain until it is set anew. Each is listed in `unreadable`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from gateway.accounts.customers import ApiKey, Customer, Esme
from gateway.accounts.esme_profile import EsmeProfile
from gateway.accounts.settings import (
    EndpointSettings,
    EsmeSettings,
    KeySettings,
    StoredKeySettings,
    StoredToken,
    fault,
    keyword_key,
    parse_network,
    read_customer,
)
from gateway.ledger.contract import (
    ROW_FAULTS,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    Unreadable,
)
from gateway.model.message import MessageClass
from gateway.model.owners import key_id_of_esme
from redaction.retention import RetentionTag, RetentionWish
from redaction.sealed import Sealed

Claim = tuple[int, str]
"""A customer, and the system_id of the account whose binds get its messages."""

_decode_key: Final = msgspec.json.Decoder(StoredKeySettings).decode
_decode_esme: Final = msgspec.json.Decoder(EsmeSettings).decode
_decode_endpoint: Final = msgspec.json.Decoder(EndpointSettings).decode
Row = TypeVar("Row", StoredKey, StoredEsme)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ENTRY: Final = {"senders": "sender", "numbers": "number"}
"""What one entry of a customer's map is called."""


class Accounts(msgspec.Struct, frozen=True):
    """One consistent reading of the accounts; keys by digest, ESMEs by system_id, the rest by customer.

    profiles: of ESME accounts, by their number. held: customers of whom nothing is sent. peppers: epochs of those that
    digests of keys are under, the newest first. unreadable: what cannot be read, by public names. tokens: of keys whose
    façade signs with them, the oldest first.
    """

    customers: Mapping[int, Customer] = {}
    keys: Mapping[bytes, ApiKey] = {}
    esmes: Mapping[str, Esme] = {}
    endpoints: Mapping[int, StoredEndpoint] = {}
    retention: Mapping[int, Mapping[RetentionTag, RetentionWish]] = {}
    numbers: Mapping[str, Mapping[str, Claim]] = {}
    profiles: Mapping[int, EsmeProfile] = {}
    held: frozenset[int] = frozenset()
    peppers: tuple[int, ...] = (0,)
    unreadable: tuple[Unreadable, ...] = ()
    tokens: Mapping[int, tuple[StoredToken, ...]] = {}


def index_accounts(stored: StoredAccounts) -> Accounts:
    """Raises nothing for what is stored."""
    return _Indexing(stored).accounts()


class _Indexing:
    """One reading on its way."""

    def __init__(self, stored: StoredAccounts) -> None:
        self._stored = stored
        self._names = {each.id: each.public_id for each in stored.customers}
        self._faults: list[Unreadable] = []
        self._retention: dict[int, Mapping[RetentionTag, RetentionWish]] = {}
        self._customers: dict[int, Customer] = {}

    def accounts(self) -> Accounts:
        for each in self._stored.unreadable:
            self._note(each.kind, each.id, each.name, each.reason)
        for customer in self._stored.customers:
            self._read_customer(customer)
        esmes = self._esmes()
        return Accounts(
            self._customers,
            self._keys(),
            esmes,
            self._endpoints(),
            self._retention,
            _claims(self._customers.values()),
            {each.id: each.profile for each in esmes.values()},
            self._held(),
            self._peppers(),
            tuple(self._faults),
            self._tokens(),
        )

    def _note(self, kind: str, number: int, name: str, reason: str) -> None:
        """An endpoint, which has no name, has its customer's. What does not look like a name of ours is not shown."""
        if kind == "endpoint":
            name = self._names.get(number, "")
        self._faults.append(Unreadable(kind, number, name if _NAME.fullmatch(name) else "", reason))

    def _read_customer(self, stored: StoredCustomer) -> None:
        """Shorter retention holds also where the rest cannot be read."""
        reading = read_customer(stored.settings)
        if reading.settings.retention:
            wishes = reading.settings.retention.items()
            self._retention[stored.id] = {RetentionTag(tag): wish for tag, wish in wishes}
        for field in reading.lost:
            self._note(_ENTRY[field], stored.id, stored.public_id, f"an entry of settings.{field} cannot be read")
        if reading.faults:
            fields = ", ".join(reading.faults)
            self._note("customer", stored.id, stored.public_id, f"cannot be read of its settings: {fields}")
            return
        self._customers[stored.id] = Customer(
            id=stored.id,
            public_id=stored.public_id,
            settings=reading.settings,
            disabled=stored.disabled_ms is not None,
        )

    def _held(self) -> frozenset[int]:
        """Disabled, or unreadable: without its settings nothing is known of what may be sent."""
        disabled = {each.id for each in self._stored.customers if each.disabled_ms is not None}
        return frozenset(disabled | {each.id for each in self._faults if each.kind == "customer"})

    def _keys(self) -> Mapping[bytes, ApiKey]:
        found: dict[bytes, ApiKey] = {}
        for each in self._live(self._stored.keys):
            try:
                found[each.digest] = _key(each, self._customers[each.customer])
            except ROW_FAULTS as error:
                self._note("key", each.id, each.prefix, fault(error))
        return found

    def _tokens(self) -> Mapping[int, tuple[StoredToken, ...]]:
        found: dict[int, tuple[StoredToken, ...]] = {}
        for each in sorted(self._live(self._stored.keys), key=lambda key: key.id):
            with suppress(*ROW_FAULTS):
                sealed = _decode_key(each.settings).token
                if sealed:
                    token = StoredToken(each.id, each.prefix, sealed)
                    found[each.customer] = (*found.get(each.customer, ()), token)
        return found

    def _peppers(self) -> tuple[int, ...]:
        found: set[int] = set()
        for each in self._stored.keys:
            if each.revoked_ms is None:
                with suppress(*ROW_FAULTS):
                    found.add(_decode_key(each.settings).pepper)
        return tuple(sorted(found, reverse=True)) or (0,)

    def _esmes(self) -> Mapping[str, Esme]:
        found: dict[str, Esme] = {}
        for each in self._live(self._stored.esmes):
            try:
                found[each.system_id] = _esme(each, self._customers[each.customer])
            except ROW_FAULTS as error:
                self._note("esme", each.id, each.system_id, fault(error))
        return found

    def _live(self, rows: Sequence[Row]) -> Iterator[Row]:
        return (each for each in rows if each.revoked_ms is None and each.customer in self._customers)

    def _endpoints(self) -> Mapping[int, StoredEndpoint]:
        """One that cannot be read stands here all the same, without an address, so that its events wait for another."""
        found = {each.customer: each for each in self._stored.endpoints}
        for each in self._stored.endpoints:
            try:
                _decode_endpoint(each.settings)
            except ROW_FAULTS as error:
                self._note("endpoint", each.customer, "", fault(error))
        for row in self._stored.unreadable:
            if row.kind == "endpoint":
                found[row.id] = StoredEndpoint(customer=row.id, url=Sealed(b""), secret=Sealed(b""), settings=b"{}")
        return found


def _key(stored: StoredKey, customer: Customer) -> ApiKey:
    settings = _decode_key(stored.settings)
    key = _may(settings, customer, stored.id, stored.prefix, stored.scopes, stored.expires_ms)
    return msgspec.structs.replace(key, facades=settings.facades) if settings.facades else key


def _esme(stored: StoredEsme, customer: Customer) -> Esme:
    settings = _decode_esme(stored.settings)
    return Esme(
        id=stored.id,
        system_id=stored.system_id,
        password=stored.password,
        key=_may(settings, customer, key_id_of_esme(stored.id), stored.system_id, ("send", "status"), None),
        max_binds=settings.max_binds,
        window=settings.window,
        profile=settings.profile,
    )


def _may(
    settings: KeySettings, customer: Customer, number: int, prefix: str, scopes: Sequence[str], expires_ms: int | None
) -> ApiKey:
    rate = settings.throughput_per_s
    return ApiKey(
        id=number,
        customer=customer,
        prefix=prefix,
        scopes=frozenset(scopes),
        classes=frozenset(MessageClass(name) for name in settings.classes),
        networks=tuple(parse_network(network) for network in settings.allowed_networks),
        throughput_per_s=rate,
        burst=settings.burst or max(1, math.ceil(rate or 1)),
        daily_quota=settings.daily_quota,
        expires_ms=expires_ms,
    )


def _claims(customers: Iterable[Customer]) -> dict[str, dict[str, Claim]]:
    """Claims by number and keyword, '' for every word. Where two customers claim the same, the older one has it."""
    claims: dict[str, dict[str, Claim]] = {}
    for customer in customers:
        for number, settings in customer.settings.numbers.items():
            for word in settings.keywords or ("",):
                claims.setdefault(number, {}).setdefault(keyword_key(word), (customer.id, settings.esme))
    return claims
