"""Who may send: customers, their API keys and webhook endpoints, held in memory and kept fresh from the ledger.

`Directory` is read on every request and never waits; `refresh` reloads it when the ledger says that accounts changed,
by whatever process, so a revoked key is refused within a second.
"""

import asyncio
import ipaddress
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.ledger.base import (
    Ledger,
    LedgerCorrupt,
    LedgerUnavailable,
    StoredCustomer,
    StoredEndpoint,
    StoredKey,
)
from gateway.message import MessageClass
from redaction.personal import Secret

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


SCOPES = ("send", "status", "subjects", "admin")


class CustomerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is set per customer; stored as JSON, no personal data. senders: registered names or numbers' digests.

    senders maps a sender name to the classes it may carry (empty: all).
    """

    senders: Mapping[str, tuple[str, ...]] = {}
    default_class: str = "transactional"


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is set per key. Rates are messages per second, quotas messages per UTC day; None is unlimited.

    burst: None allows one second's worth. allowed_networks: CIDR; empty allows every address.
    """

    name: str = ""
    classes: tuple[str, ...] = ()
    allowed_networks: tuple[str, ...] = ()
    throughput_per_s: float | None = None
    burst: int | None = None
    daily_quota: int | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as the hot path sees it."""

    id: int
    public_id: str
    settings: CustomerSettings
    disabled: bool


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as the hot path sees it. classes: what it may send; empty means all but promotional."""

    id: int
    customer: Customer
    prefix: str
    scopes: frozenset[str]
    classes: frozenset[MessageClass]
    networks: tuple[IpNetwork, ...]
    throughput_per_s: float | None
    burst: int
    daily_quota: int | None
    expires_ms: int | None


class Directory:
    """Customers, keys and endpoints as they stood at the last `refresh`.

    digest: keyed digest of a secret (`redaction.pseudonymise.credential_digest`). Lookups never wait. While the ledger
    cannot be read the last known accounts stand and `fresh` is false.
    """

    def __init__(self, ledger: Ledger, digest: Callable[[Secret], bytes]) -> None:
        self._ledger = ledger
        self._digest = digest
        self._version: int | None = None
        self._accounts = _Accounts()
        self.fresh = False

    async def refresh(self) -> None:
        """Reload if the ledger's accounts changed. Raises LedgerUnavailable, and LedgerCorrupt for settings that
        cannot be read; what was known before then stands.
        """
        version = await self._ledger.accounts_version()
        if version == self._version:
            return
        ledger = self._ledger
        self._accounts = _index(await ledger.customers(), await ledger.keys(), await ledger.endpoints())
        self._version = version

    async def run(self, interval_s: float = 0.5) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
                self.fresh = True
            except LedgerUnavailable:
                self.fresh = False
            await asyncio.sleep(interval_s)

    def find(self, secret: Secret) -> ApiKey | None:
        """The key that this secret opens, even if it has expired or its customer is disabled; None if revoked."""
        return self._accounts.keys.get(self._digest(secret))

    def customer(self, customer_id: int) -> Customer | None:
        return self._accounts.customers.get(customer_id)

    def endpoint(self, customer_id: int) -> StoredEndpoint | None:
        return self._accounts.endpoints.get(customer_id)


class _Accounts(msgspec.Struct, frozen=True):
    """One consistent reading of the accounts; keys by digest, the rest by customer."""

    customers: Mapping[int, Customer] = {}
    keys: Mapping[bytes, ApiKey] = {}
    endpoints: Mapping[int, StoredEndpoint] = {}


def _index(
    customers: Sequence[StoredCustomer], keys: Sequence[StoredKey], endpoints: Sequence[StoredEndpoint]
) -> _Accounts:
    known = {stored.id: _customer(stored) for stored in customers}
    return _Accounts(
        known,
        {stored.digest: _key(stored, known[stored.customer]) for stored in keys if _is_live(stored, known)},
        {stored.customer: stored for stored in endpoints},
    )


def _is_live(key: StoredKey, customers: Mapping[int, Customer]) -> bool:
    return key.revoked_ms is None and key.customer in customers


def _customer(stored: StoredCustomer) -> Customer:
    try:
        settings = _decode_customer(stored.settings)
    except msgspec.MsgspecError:
        raise LedgerCorrupt("the settings of a customer cannot be read") from None
    return Customer(
        id=stored.id, public_id=stored.public_id, settings=settings, disabled=stored.disabled_ms is not None
    )


def _key(stored: StoredKey, customer: Customer) -> ApiKey:
    try:
        settings = _decode_key(stored.settings)
        classes = frozenset(MessageClass(name) for name in settings.classes)
        networks = tuple(ipaddress.ip_network(network) for network in settings.allowed_networks)
    except ValueError:  # msgspec's errors are ValueErrors too
        raise LedgerCorrupt("the settings of a key cannot be read") from None
    rate = settings.throughput_per_s
    return ApiKey(
        id=stored.id,
        customer=customer,
        prefix=stored.prefix,
        scopes=frozenset(stored.scopes),
        classes=classes,
        networks=networks,
        throughput_per_s=rate,
        burst=settings.burst or max(1, math.ceil(rate or 1)),
        daily_quota=settings.daily_quota,
        expires_ms=stored.expires_ms,
    )


_decode_customer: Final = msgspec.json.Decoder(CustomerSettings).decode
_decode_key: Final = msgspec.json.Decoder(KeySettings).decode
