"""Who a customer is and how to reach it: sealed under the customer's key before it is stored (PRIVACY.md P-03)."""

import re
from typing import Final, Protocol

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.ledger.contract import StoredCustomer
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

ACCOUNT: Final = "account"
"""The sealed field that holds a `Profile`."""
_LONGEST_WORDS: Final = 200
_LONGEST_EMAIL: Final = 254
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


class AccountSealer(Protocol):
    """The part of `redaction.seal.Sealer` that accounts need."""

    def seal_account(self, plaintext: bytes, customer: int, field: str, record_id: bytes) -> Sealed: ...

    def open_account(self, sealed: Sealed, customer: int, field: str, record_id: bytes, purpose: Purpose) -> bytes: ...


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing else is taken of a customer."""

    name: MessageText
    company: MessageText | None = None
    email: MessageText | None = None
    phone: MessageText | None = None


class _StoredProfile(msgspec.Struct, frozen=True, array_like=True):
    name: str
    company: str | None
    email: str | None
    phone: str | None


_decode: Final = msgspec.msgpack.Decoder(_StoredProfile).decode


def check_profile(profile: Profile) -> None:
    """Raises InvalidSetting."""
    words = [_reveal(each) for each in (profile.name, profile.company, profile.phone)]
    if not all(each is None or (each.isprintable() and 0 < len(each) <= _LONGEST_WORDS) for each in words):
        raise InvalidSetting(f"names and the like have 1 to {_LONGEST_WORDS} characters that can be printed")
    email = _reveal(profile.email)
    if email is None:
        return
    if not (_EMAIL.fullmatch(email) and email.isprintable() and len(email) <= _LONGEST_EMAIL):
        raise InvalidSetting(f"an e-mail address has one @ and up to {_LONGEST_EMAIL} characters")


def seal_profile(sealer: AccountSealer, profile: Profile, customer: int, public_id: str) -> Sealed:
    packed = msgspec.msgpack.encode(
        _StoredProfile(
            profile.name.reveal(Purpose.ACCEPT),
            _reveal(profile.company),
            _reveal(profile.email),
            _reveal(profile.phone),
        )
    )
    return sealer.seal_account(packed, customer, ACCOUNT, public_id.encode())


def open_profile(sealer: AccountSealer, customer: StoredCustomer, purpose: Purpose) -> Profile:
    """A customer's contact data. Raises `redaction.errors.SealError`."""
    stored = _decode(sealer.open_account(customer.account, customer.id, ACCOUNT, customer.public_id.encode(), purpose))
    return Profile(
        name=MessageText(stored.name),
        company=_guard(stored.company),
        email=_guard(stored.email),
        phone=_guard(stored.phone),
    )


def _reveal(value: MessageText | None) -> str | None:
    return None if value is None else value.reveal(Purpose.ACCEPT)


def _guard(value: str | None) -> MessageText | None:
    return None if value is None else MessageText(value)
