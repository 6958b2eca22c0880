"""Who may send: customers, their API keys, ESME accounts and webhook endpoints, kept fresh from the ledger.

`Directory` is read on every request and never waits; `refresh` reloads it when the ledger says that accounts changed,
by whatever process, so a revoked key is refused within a second.
"""

import asyncio
import ipaddress
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.content_rules import ContentRules
from gateway.ledger.base import (
    Ledger,
    LedgerCorrupt,
    LedgerUnavailable,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
)
from gateway.message import MessageClass
from redaction.personal import Secret
from redaction.retention import RetentionTag, RetentionWish

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


_AROUND_WORDS: Final = ".,;:!?-_#*\"'()،؛؟"
SCOPES = ("send", "status", "subjects", "admin")


class NumberSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A number or short code to which people write. keywords: first words that are this customer's; empty is all that
    is no other customer's. esme: system_id whose binds are told; '' for the webhook, or the oldest account without one.
    """

    keywords: tuple[str, ...] = ()
    esme: str = ""


class CustomerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is set per customer; stored as JSON, no personal data. senders: registered names or numbers' digests.

    senders maps a sender name to the classes it may carry (empty: all). throughput_per_s: messages per second over all
    keys and ESME accounts together; None is unlimited. retention: shorter times, by tag.
    numbers: where people write to it, as `number_key` spells them. content: what is done about personal data in texts.
    plain_punctuation: curly quotes, long dashes and the like become plain ones where that makes a text GSM 7-bit.
    """

    senders: Mapping[str, tuple[str, ...]] = {}
    default_class: str = "transactional"
    throughput_per_s: float | None = None
    retention: Mapping[str, RetentionWish] = {}
    numbers: Mapping[str, NumberSettings] = {}
    content: ContentRules = {}
    plain_punctuation: bool = False


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


class EsmeSettings(KeySettings, frozen=True, kw_only=True):
    """What is set per ESME account; None takes what `[smpp_server]` says.

    max_binds: binds at once. window: unanswered requests of one bind, in each direction.
    """

    max_binds: int | None = None
    window: int | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as the hot path sees it."""

    id: int
    public_id: str
    settings: CustomerSettings
    disabled: bool


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, or what an ESME account may do, as the hot path sees it.

    id: minus its number for an ESME account. classes: what it may send; empty means all but promotional.
    """

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


class Esme(msgspec.Struct, frozen=True, kw_only=True):
    """An ESME account as a bind sees it. password: its hash. key: what it may do, and from where."""

    id: int
    system_id: str
    password: str
    key: ApiKey
    max_binds: int | None
    window: int | None

    def __repr__(self) -> str:
        return f"Esme(id={self.id})"


class Owner(msgspec.Struct, frozen=True):
    """Whose a message from a person is. esme: the account whose binds are told, 0 for the webhook."""

    customer: int
    esme: int
    is_told: bool


class Directory:
    """Customers, keys, ESME accounts and endpoints as they stood at the last `refresh`.

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
        self._accounts = _index(
            await ledger.customers(), await ledger.keys(), await ledger.esmes(), await ledger.endpoints()
        )
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

    @property
    def version(self) -> object:
        """Changes whenever what the look-ups give does."""
        return self._accounts

    def find(self, secret: Secret) -> ApiKey | None:
        """The key that this secret opens, even if it has expired or its customer is disabled; None if revoked."""
        return self._accounts.keys.get(self._digest(secret))

    def esme(self, system_id: str) -> Esme | None:
        """The account that binds by this name, even if its customer is disabled; None if revoked."""
        return self._accounts.esmes.get(system_id)

    def esmes_of(self, customer_id: int) -> list[Esme]:
        """A customer's accounts, the oldest first."""
        return [esme for esme in self._accounts.esmes.values() if esme.key.customer.id == customer_id]

    def customer(self, customer_id: int) -> Customer | None:
        return self._accounts.customers.get(customer_id)

    def retention(self, customer_id: int) -> Mapping[RetentionTag, RetentionWish]:
        """The shorter times that a customer asked for."""
        return self._accounts.retention.get(customer_id, _NO_WISHES)

    def owner(self, number: str, word: str) -> Owner | None:
        """Who is written to by a message to this number with this first word."""
        claims = self._accounts.numbers.get(number_key(number))
        if claims is None:
            return None
        claim = claims.get(keyword_key(word)) or claims.get("")
        return None if claim is None else self._owner(*claim)

    def _owner(self, customer_id: int, system_id: str) -> Owner | None:
        if self._accounts.customers[customer_id].disabled:
            return None
        named = self._accounts.esmes.get(system_id)
        if named is not None and named.key.customer.id == customer_id:
            return Owner(customer_id, named.id, True)
        if customer_id in self._accounts.endpoints:
            return Owner(customer_id, 0, True)
        accounts = self.esmes_of(customer_id)
        return Owner(customer_id, accounts[0].id if accounts else 0, bool(accounts))

    def endpoint(self, customer_id: int) -> StoredEndpoint | None:
        return self._accounts.endpoints.get(customer_id)


Claim = tuple[int, str]
"""A customer, and the system_id that it wants told."""


def number_key(number: str) -> str:
    """The one spelling of a number or short code: digits of the international form, or as the operator writes it."""
    return number.strip().removeprefix("+").removeprefix("00")


def keyword_key(word: str) -> str:
    """The one spelling of a keyword: no case, no Arabic vowel signs, no punctuation around it."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
    return plain.casefold().strip(_AROUND_WORDS)


def _claims(customers: Iterable[Customer]) -> dict[str, dict[str, Claim]]:
    """Claims by number and keyword, '' for every word. Where two customers claim the same, the older one has it."""
    claims: dict[str, dict[str, Claim]] = {}
    for customer in customers:
        for number, settings in customer.settings.numbers.items():
            for word in settings.keywords or ("",):
                claims.setdefault(number, {}).setdefault(keyword_key(word), (customer.id, settings.esme))
    return claims


class _Accounts(msgspec.Struct, frozen=True):
    """One consistent reading of the accounts; keys by digest, ESMEs by system_id, the rest by customer."""

    customers: Mapping[int, Customer] = {}
    keys: Mapping[bytes, ApiKey] = {}
    esmes: Mapping[str, Esme] = {}
    endpoints: Mapping[int, StoredEndpoint] = {}
    retention: Mapping[int, Mapping[RetentionTag, RetentionWish]] = {}
    numbers: Mapping[str, Mapping[str, Claim]] = {}


_NO_WISHES: Final[Mapping[RetentionTag, RetentionWish]] = {}


def _index(
    customers: Sequence[StoredCustomer],
    keys: Sequence[StoredKey],
    esmes: Sequence[StoredEsme],
    endpoints: Sequence[StoredEndpoint],
) -> _Accounts:
    known = {stored.id: _customer(stored) for stored in customers}
    return _Accounts(
        known,
        {stored.digest: _key(stored, known[stored.customer]) for stored in keys if _is_live(stored, known)},
        {stored.system_id: _esme(stored, known[stored.customer]) for stored in esmes if _is_live(stored, known)},
        {stored.customer: stored for stored in endpoints},
        {number: _wishes(customer.settings) for number, customer in known.items() if customer.settings.retention},
        _claims(known.values()),
    )


def _wishes(settings: CustomerSettings) -> Mapping[RetentionTag, RetentionWish]:
    return {RetentionTag(tag): wish for tag, wish in settings.retention.items()}


def _is_live(key: StoredKey | StoredEsme, customers: Mapping[int, Customer]) -> bool:
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
        return _may(settings, customer, stored.id, stored.prefix, stored.scopes, stored.expires_ms)
    except ValueError:  # msgspec's errors are ValueErrors too
        raise LedgerCorrupt("the settings of a key cannot be read") from None


def _esme(stored: StoredEsme, customer: Customer) -> Esme:
    try:
        settings = _decode_esme(stored.settings)
        key = _may(settings, customer, -stored.id, stored.system_id, ("send", "status"), None)
    except ValueError:
        raise LedgerCorrupt("the settings of an ESME account cannot be read") from None
    return Esme(
        id=stored.id,
        system_id=stored.system_id,
        password=stored.password,
        key=key,
        max_binds=settings.max_binds,
        window=settings.window,
    )


def _may(
    settings: KeySettings, customer: Customer, number: int, prefix: str, scopes: Sequence[str], expires_ms: int | None
) -> ApiKey:
    """Raises ValueError for settings that make no sense."""
    rate = settings.throughput_per_s
    return ApiKey(
        id=number,
        customer=customer,
        prefix=prefix,
        scopes=frozenset(scopes),
        classes=frozenset(MessageClass(name) for name in settings.classes),
        networks=tuple(ipaddress.ip_network(network) for network in settings.allowed_networks),
        throughput_per_s=rate,
        burst=settings.burst or max(1, math.ceil(rate or 1)),
        daily_quota=settings.daily_quota,
        expires_ms=expires_ms,
    )


_decode_customer: Final = msgspec.json.Decoder(CustomerSettings).decode
_decode_key: Final = msgspec.json.Decoder(KeySettings).decode
_decode_esme: Final = msgspec.json.Decoder(EsmeSettings).decode
