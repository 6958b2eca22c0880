"""Finds customers, keys, ESME accounts and endpoints, and keeps them fresh from the ledger.

`Directory` is read on every request and never waits; `refresh` reloads it when the ledger says that accounts changed,
by whatever process, so a revoked key is refused within a second.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from gateway.accounts.customers import ApiKey, Customer, Esme, Owner
from gateway.accounts.esme_profile import USUAL, EsmeProfile
from gateway.accounts.index import Accounts, index_accounts
from gateway.accounts.settings import StoredToken, keyword_key, number_key
from gateway.ledger.contract import LedgerUnavailable, StoredEndpoint
from gateway.ledger.roles import AccountStore
from gateway.model.owners import PLATFORM, PLATFORM_ID
from gateway.process.logs import logger
from redaction.errors import KeyDestroyed
from redaction.personal import Secret
from redaction.retention import RetentionTag, RetentionWish

_NO_WISHES: Final[Mapping[RetentionTag, RetentionWish]] = {}

log = logger(__name__)


def _untold(_key: ApiKey, _secret: Secret, _epoch: int) -> None:
    """Nobody asks."""


class Directory:
    """Customers, keys, ESME accounts and endpoints as they stood at the last `refresh`.

    digest: keyed digest of a secret (`redaction.pseudonymise.credential_digest`) under the pepper of an epoch. found:
    told of each key that was found, with the epoch that it was found under. Lookups never wait. While the ledger cannot
    be read the last known accounts stand and `fresh` is false.
    """

    def __init__(
        self,
        store: AccountStore,
        digest: Callable[[Secret, int], bytes],
        found: Callable[[ApiKey, Secret, int], None] = _untold,
    ) -> None:
        self._store = store
        self._digest = digest
        self._found = found
        self._version: int | None = None
        self._accounts = Accounts()
        self.fresh = False

    async def refresh(self) -> None:
        """Reload if the ledger's accounts changed. Raises LedgerUnavailable; what was known before then stands.

        What cannot be read is left out, and said in a line when it is first met.
        """
        version = await self._store.version()
        if version == self._version:
            return
        known = self._accounts.unreadable
        self._accounts = index_accounts(await self._store.read())
        self._version = version
        for each in self._accounts.unreadable:
            if each not in known:
                log.error("account_unreadable", kind=each.kind, account=each.name or str(each.id), reason=each.reason)

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

    def unreadable(self) -> dict[str, float]:
        """How many rows, or entries of one, cannot be read, by kind."""
        counts: dict[str, float] = {}
        for each in self._accounts.unreadable:
            counts[each.kind] = counts.get(each.kind, 0.0) + 1
        return counts

    def find(self, secret: Secret) -> ApiKey | None:
        """The key that this secret opens, even if it has expired or its customer is disabled; None if revoked."""
        accounts = self._accounts
        for epoch in accounts.peppers:
            try:
                digest = self._digest(secret, epoch)
            except KeyDestroyed:  # this node has not heard of that pepper yet
                continue
            key = accounts.keys.get(digest)
            if key is not None:
                self._found(key, secret, epoch)
                return key
        return None

    def facade_tokens(self, customer_id: int) -> tuple[StoredToken, ...]:
        """Of a customer's live keys, the oldest first."""
        return self._accounts.tokens.get(customer_id, ())

    def peppers(self) -> frozenset[int] | None:
        """Epochs of the peppers that keys are under, which are not revoked; None where that cannot be known."""
        if any(each.kind == "key" for each in self._accounts.unreadable):
            return None
        return frozenset(self._accounts.peppers)

    def esme(self, system_id: str) -> Esme | None:
        """The account that binds by this name, even if its customer is disabled; None if revoked."""
        return self._accounts.esmes.get(system_id)

    def profile(self, esme: int) -> EsmeProfile:
        """How the account of this number speaks; as usual where there is none."""
        return self._accounts.profiles.get(esme, USUAL)

    def esmes_of(self, customer_id: int) -> list[Esme]:
        """A customer's accounts, the oldest first."""
        return [esme for esme in self._accounts.esmes.values() if esme.key.customer.id == customer_id]

    def customer(self, customer_id: int) -> Customer | None:
        return self._accounts.customers.get(customer_id)

    def public_id(self, customer_id: int) -> str:
        """'' for one that is not there."""
        if customer_id == PLATFORM:
            return PLATFORM_ID
        found = self._accounts.customers.get(customer_id)
        return "" if found is None else found.public_id

    def number_of(self, public_id: str) -> int | None:
        """The number of the customer with this id."""
        return next((each.id for each in self._accounts.customers.values() if each.public_id == public_id), None)

    def is_disabled(self, public_id: str) -> bool:
        """Whether the customer with this id is; not one that nobody has, or that cannot be read."""
        return any(each.disabled for each in self._accounts.customers.values() if each.public_id == public_id)

    def is_held(self, customer_id: int) -> bool:
        """Whether nothing of this customer's is sent now: it is disabled, or what is stored of it cannot be read."""
        return customer_id in self._accounts.held

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

    def has_keywords(self, number: str) -> bool:
        """Whether the first word of a message to this number says whose it is."""
        return any(self._accounts.numbers.get(number_key(number), ()))

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
