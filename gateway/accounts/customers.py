"""Who may send: customers, their API keys, ESME accounts and webhook endpoints, as they are stored and as the hot path
sees them. `gateway.accounts.directory` finds them.
"""

import ipaddress
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.accounts.content_rules import ContentRules
from gateway.ledger.contract import (
    LedgerCorrupt,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
)
from gateway.model.message import MessageClass
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


class Accounts(msgspec.Struct, frozen=True):
    """One consistent reading of the accounts; keys by digest, ESMEs by system_id, the rest by customer."""

    customers: Mapping[int, Customer] = {}
    keys: Mapping[bytes, ApiKey] = {}
    esmes: Mapping[str, Esme] = {}
    endpoints: Mapping[int, StoredEndpoint] = {}
    retention: Mapping[int, Mapping[RetentionTag, RetentionWish]] = {}
    numbers: Mapping[str, Mapping[str, Claim]] = {}


def index_accounts(
    customers: Sequence[StoredCustomer],
    keys: Sequence[StoredKey],
    esmes: Sequence[StoredEsme],
    endpoints: Sequence[StoredEndpoint],
) -> Accounts:
    known = {stored.id: _customer(stored) for stored in customers}
    return Accounts(
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
