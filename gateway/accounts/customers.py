"""Who may send, as the hot path sees it: customers, their API keys and ESME accounts.

`gateway.accounts.index` makes these of what is stored, `gateway.accounts.directory` finds them.
"""

import msgspec

from gateway.accounts.esme_profile import USUAL, EsmeProfile
from gateway.accounts.settings import CustomerSettings as CustomerSettings
from gateway.accounts.settings import EsmeSettings as EsmeSettings
from gateway.accounts.settings import IpNetwork as IpNetwork
from gateway.accounts.settings import KeySettings as KeySettings
from gateway.accounts.settings import NumberSettings as NumberSettings
from gateway.model.message import MessageClass


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as the hot path sees it."""

    id: int
    public_id: str
    settings: CustomerSettings
    disabled: bool


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, or what an ESME account may do, as the hot path sees it.

    id: minus its number for an ESME account. classes: what it may send; empty means all but promotional. facades: what
    it is for instead of the API of our own.
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
    facades: tuple[str, ...] = ()


def any_key(customer: Customer) -> ApiKey:
    """Nobody's: may send every class. For whoever asks what would be said of a message, which is not sent."""
    return ApiKey(
        id=0,
        customer=customer,
        prefix="",
        scopes=frozenset(),
        classes=frozenset(MessageClass),
        networks=(),
        throughput_per_s=None,
        burst=1,
        daily_quota=None,
        expires_ms=None,
    )


class Esme(msgspec.Struct, frozen=True, kw_only=True):
    """An ESME account as a bind sees it. password: its hash. key: what it may do, and from where."""

    id: int
    system_id: str
    password: str
    key: ApiKey
    max_binds: int | None
    window: int | None
    profile: EsmeProfile = USUAL

    def __repr__(self) -> str:
        return f"Esme(id={self.id})"


class Owner(msgspec.Struct, frozen=True):
    """Whose a message from a person is. esme: the account whose binds get it, 0 for the webhook. is_told: there is one
    of the two.
    """

    customer: int
    esme: int
    is_told: bool
