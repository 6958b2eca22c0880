"""Every change of accounts: what an administrator does to them, and what a node notes on them.

An account is read, changed, and written over what was read and nothing else, so that no change undoes another. Where
another one came between, the change is made again on what stands by then: it names what it changes, and the rest stays.
After `ATTEMPTS` conflicts in a row it raises `ChangedMeanwhile`.

Each change is one write with its entry for the audit log. A key's secret is made here, returned once to the caller, and
stored as a keyed digest and a prefix.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from gateway.accounts.esme_profile import EsmeProfile, with_words
from gateway.accounts.facade_tokens import resealed, with_token
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.key_secrets import facade_secret, own_secret
from gateway.accounts.keywords import each_once
from gateway.accounts.passwords import SHORT, hashed, new_password
from gateway.accounts.profile import AccountSealer, check_profile, open_profile, seal_profile
from gateway.accounts.profile import Profile as Profile
from gateway.accounts.settings import (
    CustomerSettings,
    EsmeSettings,
    KeySettings,
    NumberChange,
    NumberSettings,
    StoredKeySettings,
    check_scopes,
    check_system_id,
    esme_settings,
    kept_beside,
    key_settings,
    keyword_key,
    merged,
    number_key,
    read_customer,
    stored_form,
)
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known, named
from gateway.ledger.contract import (
    ChangedMeanwhile,
    NameTaken,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
)
from gateway.ledger.roles import AccountStore
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.personal import Purpose, Secret
from redaction.sealed import Sealed

ATTEMPTS: Final = 50
LONGEST_LIFE_MS: Final = 36_500 * 24 * 3600 * 1000
"""Of a key that expires: a hundred years."""

T = TypeVar("T")

Change = Callable[[CustomerSettings], Mapping[str, Any]]
"""Fields of a customer's settings that are to be others, given what stands; none changes nothing."""

log = logger(__name__)


class UnknownAccount(LookupError):
    """No customer, key or account of that name."""


class VersionStale(Exception):
    """What stands has another version than the one over which something was meant."""


class Accounts:
    """The accounts of one ledger, in the hands of one actor.

    ensure_keys: makes a new customer's keys durable before anything is sealed under them. digest: keyed digest of a
    secret, under the pepper of an epoch. epoch: of the pepper for new keys.
    """

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        actor: Actor,
        *,
        sealer: AccountSealer,
        ensure_keys: Callable[[int], None],
        digest: Callable[[Secret, int], bytes],
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor
        self._sealer = sealer
        self._ensure_keys = ensure_keys
        self._digest = digest
        self._epoch = epoch

    # ------------------------------------------------------------------------------------------------------ customers

    async def add_customer(self, profile: Profile, settings: CustomerSettings) -> StoredCustomer:
        """Store a new customer. Raises InvalidSetting.

        The ledger gives the number that the customer's key is named by, so the row is written twice; it is disabled
        until its profile is sealed into it.
        """
        check_profile(profile)
        now_ms = self._clock.now_ms()
        draft = StoredCustomer(
            id=0,
            public_id=f"cus_{self._clock.random(8).hex()}",
            account=Sealed(b""),
            settings=stored_form(settings),
            created_ms=now_ms,
            disabled_ms=now_ms,
        )
        number = await self._store.save_customer(draft, entries=self._entries(Act.CUSTOMER_ADD, draft))
        self._ensure_keys(number)
        account = seal_profile(self._sealer, profile, number, draft.public_id)
        return await self._change_customer(
            number, None, lambda stored: msgspec.structs.replace(stored, account=account, disabled_ms=None)
        )

    async def customers(self) -> Sequence[StoredCustomer]:
        return await self._store.customers()

    def profile(self, customer: StoredCustomer, purpose: Purpose) -> Profile:
        """Open a customer's contact data. Raises `redaction.errors.SealError`."""
        return open_profile(self._sealer, customer, purpose)

    async def change_settings(
        self, customer_id: int, change: Change, act: Act = Act.CUSTOMER_SET, numbers: Mapping[str, int] = {}
    ) -> CustomerSettings:
        """Set the fields that `change` names; all others stay. What holds then. act: which of a customer's it is, and
        the numbers of its entry.

        Raises UnknownAccount, InvalidSetting and ChangedMeanwhile.
        """
        changed = await self.change_customer(customer_id, change, act, numbers)
        return read_customer(changed.settings).settings

    async def change_customer(
        self,
        customer_id: int,
        change: Change,
        act: Act = Act.CUSTOMER_SET,
        numbers: Mapping[str, int] = {},
        *,
        over: int | None = None,
    ) -> StoredCustomer:
        """As `change_settings`; the customer as it stands then. over: the version over which it is meant.

        Raises VersionStale, too.
        """
        return await self._change_customer(customer_id, act, lambda stored: _with(stored, change), numbers, over=over)

    async def reseal_profile(self, customer_id: int) -> None:
        """Seal a customer's contact data under the present key. Raises UnknownAccount, SealError, ChangedMeanwhile."""
        await self._change_customer(customer_id, None, lambda stored: _resealed(self._sealer, stored))

    async def disable(self, customer_id: int, *, disabled: bool = True, over: int | None = None) -> StoredCustomer:
        """Refuse, or take again, everything of a customer. over: the version over which it is meant.

        Raises UnknownAccount, VersionStale and ChangedMeanwhile.
        """
        now_ms = self._clock.now_ms()

        def change(stored: StoredCustomer) -> StoredCustomer:
            since_ms = now_ms if stored.disabled_ms is None else stored.disabled_ms
            return msgspec.structs.replace(stored, disabled_ms=since_ms if disabled else None)

        return await self._change_customer(
            customer_id, Act.CUSTOMER_DISABLE if disabled else Act.CUSTOMER_ENABLE, change, over=over
        )

    async def _change_customer(
        self,
        number: int,
        act: Act | None,
        change: Callable[[StoredCustomer], StoredCustomer],
        numbers: Mapping[str, int] = {},
        *,
        over: int | None = None,
    ) -> StoredCustomer:
        """act: None for what belongs to one that was written down already. over: None for any version."""

        async def attempt() -> StoredCustomer:
            standing = _the_customer(await self._store.customers(), number)
            _check_version(standing.version, over)
            changed = change(standing)
            if changed == standing:
                return standing
            entries = [] if act is None else self._entries(act, standing, numbers=numbers)
            await self._store.save_customer(changed, read=standing.version, entries=entries)
            self._say("customer", standing.public_id)
            return _the_customer(await self._store.customers(), number)

        return await _until_it_stands(attempt)

    # -------------------------------------------------------------------------------------------------------- numbers

    async def add_number(self, customer_id: int, number: str, settings: NumberSettings | NumberChange) -> str:
        """Let a customer have what people write to a number, or to its keywords; as it is spelled from now on.

        settings: or what is made of what it has, each None for nothing. Whose it is depends on all customers: the write
        stands only if none of them has changed since they were read. Raises UnknownAccount, ChangedMeanwhile, and
        InvalidSetting for what is no number, for an unknown account of the customer, and for what another customer has.
        """
        key = number_key(number)

        async def attempt() -> None:
            version = await self._store.version()
            stored = await self._store.read()
            customer = _the_customer(stored.customers, customer_id)
            had = number_settings(customer)
            wanted = settings if isinstance(settings, NumberSettings) else settings(had.pop(key, None))
            if wanted is not None:
                wanted = each_once(wanted)
                _check_claim(stored, customer_id, key, wanted)
                had[key] = wanted
            act, counts = _act_on_number(wanted)
            await self._store.save_customer(
                _with(customer, lambda _: {"numbers": had}),
                read=customer.version,
                accounts=version,
                entries=self._entries(act, customer, numbers=counts),
            )
            self._say("customer", customer.public_id)

        await _until_it_stands(attempt)
        return key

    async def remove_number(self, number: str, customer_id: int | None = None) -> list[int]:
        """Take a number from its customers, or from one of them; who had it.

        Raises UnknownAccount and ChangedMeanwhile.
        """
        key = number_key(number)

        had = [
            each.id
            for each in await self._store.customers()
            if key in number_settings(each) and customer_id in (None, each.id)
        ]
        if not had:
            raise UnknownAccount("no customer has this number")
        for each in had:
            await self.add_number(each, key, lambda _: None)
        return had

    # ----------------------------------------------------------------------------------------------------------- keys

    async def add_key(
        self,
        customer_id: int,
        *,
        scopes: Sequence[str],
        settings: KeySettings,
        expires_ms: int | None = None,
        facades: Sequence[str] = (),
    ) -> tuple[StoredKey, Secret]:
        """A new key and, this once, its secret. facades: that it is for, instead of the API of our own.

        Raises UnknownAccount and InvalidSetting.
        """
        check_scopes(scopes)
        now_ms = self._clock.now_ms()
        if expires_ms is not None and not now_ms < expires_ms <= now_ms + LONGEST_LIFE_MS:
            raise InvalidSetting("a key expires in the future, and within a hundred years")
        customer = _the_customer(await self._store.customers(), customer_id)
        epoch = self._epoch()
        stored = StoredKeySettings(**msgspec.structs.asdict(settings), pepper=epoch, facades=tuple(facades))
        while True:
            prefix = self._clock.random(4).hex()
            secret = (facade_secret if facades else own_secret)(prefix, self._clock.random)
            key = StoredKey(
                id=0,
                customer=customer_id,
                prefix=prefix,
                digest=self._digest(secret, epoch),
                scopes=tuple(scopes),
                settings=stored_form(with_token(self._sealer, stored, secret, customer_id, prefix)),
                created_ms=now_ms,
                expires_ms=expires_ms,
            )
            with suppress(NameTaken):
                number = await self._store.save_key(key, entries=self._entries(Act.KEY_ADD, customer, _key_id(key)))
                self._say("key", prefix)
                return msgspec.structs.replace(key, id=number), secret

    async def keys(self, customer_id: int | None = None) -> list[StoredKey]:
        """All keys, revoked ones too, of one customer or of all."""
        return [key for key in await self._store.keys() if customer_id in (None, key.customer)]

    async def revoke_key(self, prefix: str, *, over: int | None = None) -> StoredKey:
        """Refuse a key from now on; nodes do so within a second. over: the version over which it is meant.

        Raises UnknownAccount, VersionStale and ChangedMeanwhile.
        """

        async def attempt() -> StoredKey:
            key = next((each for each in await self._store.keys() if each.prefix == prefix), None)
            if key is None:
                raise UnknownAccount("no key has this prefix")
            _check_version(key.version, over)
            if key.revoked_ms is not None:
                return key
            revoked = msgspec.structs.replace(key, revoked_ms=self._clock.now_ms())
            customer = _find(await self._store.customers(), key.customer)
            await self._store.save_key(
                revoked, read=key.version, entries=self._entries(Act.KEY_REVOKE, customer, _key_id(key))
            )
            self._say("key", prefix)
            return next(each for each in await self._store.keys() if each.prefix == prefix)

        return await _until_it_stands(attempt)

    # -------------------------------------------------------------------------------------------------- ESME accounts

    async def add_esme(
        self, customer_id: int, system_id: str, *, settings: EsmeSettings, password_length: int = SHORT
    ) -> tuple[StoredEsme, Secret]:
        """A new ESME account and, this once, its password.

        Raises UnknownAccount, and InvalidSetting for a system_id that cannot be bound by, or that was given before,
        be it revoked since: notifications that wait for one account must not reach another.
        """
        check_system_id(system_id)
        customer = _the_customer(await self._store.customers(), customer_id)
        password = new_password(self._clock.random, password_length)
        esme = StoredEsme(
            id=0,
            customer=customer_id,
            system_id=system_id,
            password=await asyncio.to_thread(hashed, password),
            settings=stored_form(settings),
            created_ms=self._clock.now_ms(),
        )
        try:
            number = await self._store.save_esme(esme, entries=self._entries(Act.ESME_ADD, customer, esme_id(esme)))
        except NameTaken:
            raise InvalidSetting("this system_id was given before") from None
        self._say("esme", system_id)
        return msgspec.structs.replace(esme, id=number), password

    async def esmes(self, customer_id: int | None = None) -> list[StoredEsme]:
        """All ESME accounts, revoked ones too, of one customer or of all."""
        return [esme for esme in await self._store.esmes() if customer_id in (None, esme.customer)]

    async def revoke_esme(self, system_id: str) -> StoredEsme:
        """Refuse an account from now on; nodes end its binds within a second.

        Raises UnknownAccount and ChangedMeanwhile.
        """

        async def attempt() -> StoredEsme:
            esme = await self._esme(system_id)
            if esme.revoked_ms is not None:
                return esme
            return await self._save_esme(Act.ESME_REVOKE, esme, revoked_ms=self._clock.now_ms())

        return await _until_it_stands(attempt)

    async def set_esme_profile(self, system_id: str, words: Sequence[str]) -> EsmeProfile:
        """Change how an account speaks, by `NAME=VALUE`; its binds go on with it within a second. What then holds.

        Raises UnknownAccount, InvalidSetting and ChangedMeanwhile.
        """

        async def attempt() -> EsmeProfile:
            esme = await self._esme(system_id)
            settings = esme_settings(esme.settings)
            profile = with_words(settings.profile, words)
            if words:
                settings = msgspec.structs.replace(settings, profile=profile)
                await self._save_esme(Act.ESME_SET, esme, settings=kept_beside(esme.settings, settings))
            return profile

        return await _until_it_stands(attempt)

    async def _esme(self, system_id: str) -> StoredEsme:
        for esme in await self._store.esmes():
            if esme.system_id == system_id:
                return esme
        raise UnknownAccount("no ESME account has this system_id")

    async def _save_esme(self, act: Act, esme: StoredEsme, **changes: object) -> StoredEsme:
        changed = msgspec.structs.replace(esme, **changes)
        entries = self._entries(act, _find(await self._store.customers(), esme.customer), esme_id(esme))
        await self._store.save_esme(changed, read=esme.version, entries=entries)
        self._say("esme", esme.system_id)
        return changed

    # ------------------------------------------------------------------------------------------------------ endpoints

    async def endpoint(self, customer_id: int) -> StoredEndpoint | None:
        return next((each for each in await self._store.endpoints() if each.customer == customer_id), None)

    async def set_endpoint(
        self,
        customer_id: int,
        change: Callable[[StoredEndpoint | None], StoredEndpoint],
        act: Act | None = Act.WEBHOOK_SET,
    ) -> StoredEndpoint:
        """Store what `change` makes of the customer's endpoint, of which there may be none that can be read.

        act: None for what belongs to one that was written down already.

        Raises ChangedMeanwhile.
        """

        async def attempt() -> StoredEndpoint:
            stored = await self._store.read()
            standing = next((each for each in stored.endpoints if each.customer == customer_id), None)
            version = _endpoint_version(stored, customer_id)
            changed = change(standing)
            entries = [] if act is None else self._entries(act, _find(stored.customers, customer_id))
            await self._store.save_endpoint(changed, read=version, entries=entries)
            self._say("endpoint", _public_id(stored.customers, customer_id))
            return changed

        return await _until_it_stands(attempt)

    async def remove_endpoint(self, customer_id: int) -> None:
        customers = await self._store.customers()
        entries = self._entries(Act.WEBHOOK_REMOVE, _find(customers, customer_id))
        await self._store.delete_endpoint(customer_id, entries=entries)
        self._say("endpoint", _public_id(customers, customer_id))

    def _entries(self, act: Act, customer: StoredCustomer | None, obj: str = "", **said: Any) -> list[bytes]:
        """For the audit log. customer: whose it is, if it is known. obj: the customer itself where nothing is named."""
        owner = "" if customer is None else known("cus", customer.public_id)
        if not obj:
            obj, owner = owner or named("cus", ""), ""
        return [entry(act, self._actor, obj, now_ms=self._clock.now_ms(), customer=owner, **said)]

    def _say(self, kind: str, name: str) -> None:
        _say(self._actor, kind, name)


async def put_corrected(store: AccountStore, customer: StoredCustomer, entries: Sequence[bytes]) -> None:
    """Write a customer over the row that it was read from. Raises LedgerUnavailable and ChangedMeanwhile."""
    await store.save_customer(customer, read=customer.version, entries=entries)


async def clear_customer(store: AccountStore, number: int) -> None:
    """Empty the row of a customer whose keys are destroyed: contact data and settings. Raises LedgerUnavailable and
    ChangedMeanwhile.
    """

    async def attempt() -> None:
        standing = _the_customer(await store.customers(), number)
        settings = stored_form(CustomerSettings(senders={}))
        empty = msgspec.structs.replace(standing, account=Sealed(b""), settings=settings)
        if empty != standing:
            await store.save_customer(empty, read=standing.version)

    await _until_it_stands(attempt)


async def change_endpoints(
    store: AccountStore,
    actor: Actor,
    customers: Collection[int],
    change: Callable[[StoredEndpoint], StoredEndpoint],
    now_ms: int,
) -> None:
    """Note on these customers' endpoints, as far as there are any; `change` may leave one as it is.

    Raises LedgerUnavailable and ChangedMeanwhile; then some are changed and some are not.
    """
    left = set(customers)

    async def attempt() -> None:
        for standing in await store.endpoints():
            if standing.customer not in left:
                continue
            changed = change(standing)
            if changed != standing:
                name = _public_id(await store.customers(), standing.customer)
                noted = entry(Act.WEBHOOK_NOTE, actor, known("cus", name), now_ms=now_ms, what=_state_of(changed))
                await store.save_endpoint(changed, read=standing.version, entries=[noted])
                _say(actor, "endpoint", name)
            left.discard(standing.customer)

    await _until_it_stands(attempt)


async def move_keys(store: AccountStore, actor: Actor, moved: Mapping[str, tuple[bytes, int]]) -> None:
    """Keep API keys by other digests: by prefix, a digest and the epoch of its pepper, unless a later one stands.

    Raises LedgerUnavailable and ChangedMeanwhile; then some are moved and some are not.
    """

    async def attempt() -> None:
        for key in await store.keys():
            if key.prefix not in moved or key.revoked_ms is not None:
                continue
            digest, epoch = moved[key.prefix]
            settings = key_settings(key.settings)
            if settings.pepper < epoch:
                settings = msgspec.structs.replace(settings, pepper=epoch)
                changed = msgspec.structs.replace(key, digest=digest, settings=kept_beside(key.settings, settings))
                await store.save_key(changed, read=key.version)
                _say(actor, "key", key.prefix)

    await _until_it_stands(attempt)


async def reseal_tokens(store: AccountStore, sealer: AccountSealer, customer: int) -> None:
    """Seal the tokens of a customer's façades under its present key; what they are does not change.

    Raises SealError, ValueError, LedgerUnavailable and ChangedMeanwhile; then some are sealed anew and some are not.
    """

    async def attempt() -> None:
        for key in await store.keys():
            if key.customer != customer or key.revoked_ms is not None:
                continue
            settings = key_settings(key.settings)
            if settings.token:
                anew = kept_beside(key.settings, resealed(sealer, settings, customer, key.prefix))
                await store.save_key(msgspec.structs.replace(key, settings=anew), read=key.version)

    await _until_it_stands(attempt)


def number_settings(customer: StoredCustomer) -> dict[str, NumberSettings]:
    """A customer's numbers, as far as they can be read."""
    return dict(read_customer(customer.settings).settings.numbers)


async def _until_it_stands(attempt: Callable[[], Awaitable[T]]) -> T:
    """Read, change and write again, when another change came between."""
    for _ in range(ATTEMPTS - 1):
        with suppress(ChangedMeanwhile):
            return await attempt()
    return await attempt()


def _resealed(sealer: AccountSealer, stored: StoredCustomer) -> StoredCustomer:
    """Raises SealError."""
    if not stored.account:
        return stored
    profile = open_profile(sealer, stored, Purpose.SECURITY)
    return msgspec.structs.replace(stored, account=seal_profile(sealer, profile, stored.id, stored.public_id))


def _check_version(standing: int, over: int | None) -> None:
    """Raises VersionStale."""
    if over not in (None, standing):
        raise VersionStale("what stands has another version than the one that was named; look at it again")


def _the_customer(customers: Sequence[StoredCustomer], number: int) -> StoredCustomer:
    for customer in customers:
        if customer.id == number:
            return customer
    raise UnknownAccount("no customer has this id")


def _find(customers: Sequence[StoredCustomer], number: int) -> StoredCustomer | None:
    return next((each for each in customers if each.id == number), None)


def _key_id(key: StoredKey) -> str:
    return known("key", f"key_{key.prefix}")


def esme_id(esme: StoredEsme) -> str:
    """Of the salted hash of its password: a system_id is a word that somebody chose."""
    return named("esme", str(esme.password))


def _state_of(endpoint: StoredEndpoint) -> str:
    if endpoint.disabled_ms is not None:
        return "disabled"
    return "well" if endpoint.failing_since_ms is None else "failing"


def _public_id(customers: Sequence[StoredCustomer], number: int) -> str:
    """The id that people know a customer by."""
    return next((each.public_id for each in customers if each.id == number), str(number))


def _with(customer: StoredCustomer, change: Change) -> StoredCustomer:
    """The customer with these of its settings changed. Raises InvalidSetting."""
    standing = read_customer(customer.settings).settings
    changes = change(standing)
    if not changes:
        return customer
    msgspec.structs.replace(standing, **changes)  # judges what JSON cannot hold, such as a throughput that is no number
    return msgspec.structs.replace(customer, settings=merged(customer.settings, changes))


def _act_on_number(wanted: NumberSettings | None) -> tuple[Act, Mapping[str, int]]:
    """And the numbers of its entry."""
    return (Act.NUMBER_REMOVE, {}) if wanted is None else (Act.NUMBER_ADD, {"keywords": len(wanted.keywords)})


def _check_claim(stored: StoredAccounts, customer_id: int, key: str, settings: NumberSettings) -> None:
    """Raises InvalidSetting where this claim of a number cannot be the customer's."""
    if settings.esme and not any(
        each.system_id == settings.esme and each.customer == customer_id and each.revoked_ms is None
        for each in stored.esmes
    ):
        raise InvalidSetting("this customer has no account of this system_id")
    for other in stored.customers:
        if other.id != customer_id and _overlap(number_settings(other).get(key), settings):
            raise InvalidSetting("another customer has this number, or one of these keywords of it")


def _overlap(theirs: NumberSettings | None, ours: NumberSettings) -> bool:
    if theirs is None:
        return False
    words = [{keyword_key(word) for word in each.keywords} or {""} for each in (theirs, ours)]
    return bool(words[0] & words[1])


def _endpoint_version(stored: StoredAccounts, customer_id: int) -> int:
    """Of the row, whether it can be read or not; 0 when there is none."""
    for endpoint in stored.endpoints:
        if endpoint.customer == customer_id:
            return endpoint.version
    for row in stored.unreadable:
        if row.kind == "endpoint" and row.id == customer_id:
            return row.version
    return 0


def _say(actor: Actor, kind: str, name: str) -> None:
    log.info("account_changed", kind=kind, account=name, actor=actor.kind.value)
