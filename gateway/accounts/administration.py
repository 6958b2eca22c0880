"""What an administrator does to accounts: add customers, keys and ESME accounts, revoke, list.

Names and contact data are sealed under the customer's key before they are stored (PRIVACY.md P-03). A key's secret is
made here, shown once by whoever asked for it, and stored as a keyed digest and a prefix.
"""

import asyncio
import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from gateway.accounts.passwords import SHORT, hashed, new_password
from gateway.accounts.settings import (
    CustomerSettings,
    EsmeSettings,
    InvalidSetting,
    KeySettings,
    NumberSettings,
    check_scopes,
    check_system_id,
    keyword_key,
    merged,
    number_key,
    read_customer,
    stored_form,
)
from gateway.ledger.contract import Ledger, StoredCustomer, StoredEsme, StoredKey
from gateway.process.clock import Clock
from redaction.personal import MessageText, Purpose, Secret
from redaction.sealed import Sealed

ACCOUNT: Final = "account"
"""The sealed field that holds a `Profile`."""
LONGEST_LIFE_MS: Final = 36_500 * 24 * 3600 * 1000
"""Of a key that expires: a hundred years."""
_LONGEST_WORDS: Final = 200
_LONGEST_EMAIL: Final = 254
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


class AccountSealer(Protocol):
    """The part of `redaction.seal.Sealer` that accounts need."""

    def seal_account(self, plaintext: bytes, customer: int, field: str, record_id: bytes) -> Sealed: ...

    def open_account(self, sealed: Sealed, customer: int, field: str, record_id: bytes, purpose: Purpose) -> bytes: ...


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Who a customer is and how to reach it. Nothing else is taken. Raises InvalidSetting."""

    name: MessageText
    company: MessageText | None = None
    email: MessageText | None = None
    phone: MessageText | None = None

    def __post_init__(self) -> None:
        words = [_reveal(each) for each in (self.name, self.company, self.phone)]
        if not all(each is None or (each.isprintable() and 0 < len(each) <= _LONGEST_WORDS) for each in words):
            raise InvalidSetting(f"names and the like have 1 to {_LONGEST_WORDS} characters that can be printed")
        email = _reveal(self.email)
        if email is None:
            return
        if not (_EMAIL.fullmatch(email) and email.isprintable() and len(email) <= _LONGEST_EMAIL):
            raise InvalidSetting(f"an e-mail address has one @ and up to {_LONGEST_EMAIL} characters")


class _StoredProfile(msgspec.Struct, frozen=True, array_like=True):
    name: str
    company: str | None
    email: str | None
    phone: str | None


Change = Callable[[CustomerSettings], Mapping[str, Any]]
"""Fields of a customer's settings that are to be others, given what stands."""


class UnknownAccount(LookupError):
    """No customer or key of that id."""


class Accounts:
    """The account operations of one ledger.

    ensure_keys: makes a new customer's keys durable before anything is sealed under them.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        sealer: AccountSealer,
        ensure_keys: Callable[[int], None],
        digest: Callable[[Secret], bytes],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sealer = sealer
        self._ensure_keys = ensure_keys
        self._digest = digest

    async def add_customer(self, profile: Profile, settings: CustomerSettings) -> StoredCustomer:
        """Store a new customer.

        The ledger gives the number that the customer's key is named by, so the row is written twice; it is disabled
        until its profile is sealed into it.
        """
        now_ms = self._clock.now_ms()
        draft = StoredCustomer(
            id=0,
            public_id=f"cus_{self._clock.random(8).hex()}",
            account=Sealed(b""),
            settings=stored_form(settings),
            created_ms=now_ms,
            disabled_ms=now_ms,
        )
        number = await self._ledger.save_customer(draft)
        self._ensure_keys(number)
        account = self._seal(profile, number, draft.public_id)
        customer = msgspec.structs.replace(draft, id=number, account=account, disabled_ms=None)
        await self._ledger.save_customer(customer)
        return customer

    async def customers(self) -> Sequence[StoredCustomer]:
        return await self._ledger.customers()

    def profile(self, customer: StoredCustomer, purpose: Purpose) -> Profile:
        """Open a customer's contact data. Raises `redaction.errors.SealError`."""
        packed = self._sealer.open_account(customer.account, customer.id, ACCOUNT, customer.public_id.encode(), purpose)
        stored = _decode(packed)
        return Profile(
            name=MessageText(stored.name),
            company=_guard(stored.company),
            email=_guard(stored.email),
            phone=_guard(stored.phone),
        )

    async def change_settings(self, customer_id: int, change: Change) -> CustomerSettings:
        """Set the fields that `change` names; all others stay. What holds then.

        Raises UnknownAccount and InvalidSetting.
        """
        customer = await self._customer(customer_id)
        standing = read_customer(customer.settings).settings
        changes = change(standing)
        changed = msgspec.structs.replace(standing, **changes)
        octets = merged(customer.settings, changes)
        await self._ledger.save_customer(msgspec.structs.replace(customer, settings=octets))
        return changed

    async def add_number(self, customer_id: int, number: str, settings: NumberSettings) -> str:
        """Let a customer have what people write to a number, or to its keywords; as it is spelled from now on.

        Raises UnknownAccount, and InvalidSetting for what is no number, for an unknown account of the customer, and for
        what another customer has.
        """
        key = number_key(number)
        if settings.esme and not any(
            each.system_id == settings.esme and each.revoked_ms is None for each in await self.esmes(customer_id)
        ):
            raise InvalidSetting("this customer has no account of this system_id")
        for other in await self._ledger.customers():
            if other.id != customer_id and _overlap(number_settings(other).get(key), settings):
                raise InvalidSetting("another customer has this number, or one of these keywords of it")
        await self.change_settings(customer_id, lambda standing: {"numbers": {**standing.numbers, key: settings}})
        return key

    async def remove_number(self, number: str, customer_id: int | None = None) -> list[int]:
        """Take a number from its customers, or from one of them; who had it. Raises UnknownAccount."""
        key = number_key(number)
        had = [
            each
            for each in await self._ledger.customers()
            if key in number_settings(each) and customer_id in (None, each.id)
        ]
        if not had:
            raise UnknownAccount("no customer has this number")
        for customer in had:
            await self.change_settings(
                customer.id,
                lambda standing: {"numbers": {name: each for name, each in standing.numbers.items() if name != key}},
            )
        return [each.id for each in had]

    async def disable(self, customer_id: int, *, disabled: bool = True) -> None:
        """Refuse, or take again, everything of a customer. Raises UnknownAccount."""
        customer = await self._customer(customer_id)
        disabled_ms = self._clock.now_ms() if disabled else None
        await self._ledger.save_customer(msgspec.structs.replace(customer, disabled_ms=disabled_ms))

    async def add_key(
        self,
        customer_id: int,
        *,
        scopes: Sequence[str],
        settings: KeySettings,
        expires_ms: int | None = None,
    ) -> tuple[StoredKey, Secret]:
        """A new key and, this once, its secret. Raises UnknownAccount and InvalidSetting."""
        check_scopes(scopes)
        now_ms = self._clock.now_ms()
        if expires_ms is not None and not now_ms < expires_ms <= now_ms + LONGEST_LIFE_MS:
            raise InvalidSetting("a key expires in the future, and within a hundred years")
        await self._customer(customer_id)
        taken = {key.prefix for key in await self._ledger.keys()}
        prefix = self._fresh_prefix(taken)
        secret = Secret(f"cgw_{prefix}_{_base64(self._clock.random(32))}")
        key = StoredKey(
            id=0,
            customer=customer_id,
            prefix=prefix,
            digest=self._digest(secret),
            scopes=tuple(scopes),
            settings=stored_form(settings),
            created_ms=now_ms,
            expires_ms=expires_ms,
        )
        number = await self._ledger.save_key(key)
        return msgspec.structs.replace(key, id=number), secret

    async def keys(self, customer_id: int | None = None) -> list[StoredKey]:
        """All keys, revoked ones too, of one customer or of everybody."""
        return [key for key in await self._ledger.keys() if customer_id in (None, key.customer)]

    async def revoke_key(self, prefix: str) -> StoredKey:
        """Refuse a key from now on; nodes hear of it within a second. Raises UnknownAccount."""
        for key in await self._ledger.keys():
            if key.prefix == prefix:
                revoked = msgspec.structs.replace(key, revoked_ms=key.revoked_ms or self._clock.now_ms())
                await self._ledger.save_key(revoked)
                return revoked
        raise UnknownAccount("no key has this prefix")

    async def add_esme(
        self, customer_id: int, system_id: str, *, settings: EsmeSettings, password_length: int = SHORT
    ) -> tuple[StoredEsme, Secret]:
        """A new ESME account and, this once, its password.

        Raises UnknownAccount, and InvalidSetting for a system_id that cannot be bound by, or that was given before,
        be it revoked since: news that waits for an account must not reach another.
        """
        check_system_id(system_id)
        await self._customer(customer_id)
        if any(esme.system_id == system_id for esme in await self._ledger.esmes()):
            raise InvalidSetting("this system_id was given before")
        password = new_password(self._clock.random, password_length)
        esme = StoredEsme(
            id=0,
            customer=customer_id,
            system_id=system_id,
            password=await asyncio.to_thread(hashed, password),
            settings=stored_form(settings),
            created_ms=self._clock.now_ms(),
        )
        number = await self._ledger.save_esme(esme)
        return msgspec.structs.replace(esme, id=number), password

    async def esmes(self, customer_id: int | None = None) -> list[StoredEsme]:
        """All ESME accounts, revoked ones too, of one customer or of everybody."""
        return [esme for esme in await self._ledger.esmes() if customer_id in (None, esme.customer)]

    async def revoke_esme(self, system_id: str) -> StoredEsme:
        """Refuse an account from now on; nodes end its binds within a second. Raises UnknownAccount."""
        for esme in await self._ledger.esmes():
            if esme.system_id == system_id:
                revoked = msgspec.structs.replace(esme, revoked_ms=esme.revoked_ms or self._clock.now_ms())
                await self._ledger.save_esme(revoked)
                return revoked
        raise UnknownAccount("no ESME account has this system_id")

    async def _customer(self, customer_id: int) -> StoredCustomer:
        for customer in await self._ledger.customers():
            if customer.id == customer_id:
                return customer
        raise UnknownAccount("no customer has this id")

    def _fresh_prefix(self, taken: set[str]) -> str:
        while (prefix := self._clock.random(4).hex()) in taken:
            pass
        return prefix

    def _seal(self, profile: Profile, customer: int, public_id: str) -> Sealed:
        packed = msgspec.msgpack.encode(
            _StoredProfile(
                profile.name.reveal(Purpose.ACCEPT),
                _reveal(profile.company),
                _reveal(profile.email),
                _reveal(profile.phone),
            )
        )
        return self._sealer.seal_account(packed, customer, ACCOUNT, public_id.encode())


def number_settings(customer: StoredCustomer) -> dict[str, NumberSettings]:
    """A customer's numbers, as far as they can be read."""
    return dict(read_customer(customer.settings).settings.numbers)


def _overlap(theirs: NumberSettings | None, ours: NumberSettings) -> bool:
    if theirs is None:
        return False
    words = [{keyword_key(word) for word in each.keywords} or {""} for each in (theirs, ours)]
    return bool(words[0] & words[1])


_decode: Final = msgspec.msgpack.Decoder(_StoredProfile).decode


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _reveal(value: MessageText | None) -> str | None:
    return None if value is None else value.reveal(Purpose.ACCEPT)


def _guard(value: str | None) -> MessageText | None:
    return None if value is None else MessageText(value)
