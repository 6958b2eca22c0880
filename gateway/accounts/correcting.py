"""Contact data of a customer, seen and corrected: who changed which field when stays beside it, and no former value."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.accounts.administration import ATTEMPTS, UnknownAccount, put_corrected
from gateway.accounts.profile import AccountSealer, Profile, check_profile, open_profile, seal_profile
from gateway.accounts.settings import Correction, merged, read_customer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer
from gateway.ledger.roles import AccountStore, Acts
from gateway.process.clock import Clock
from redaction.personal import MessageText, Purpose

KEPT: Final = 50
"""Corrections that are remembered of a customer."""
FIELDS: Final = ("name", "company", "email", "phone")


class Contact(msgspec.Struct, frozen=True):
    """profile: None where there is none, as of a customer that has left. corrections: the newest last."""

    profile: Profile | None
    corrections: tuple[Correction, ...]


class Contacts:
    """In the hands of one actor. Raises LedgerUnavailable."""

    def __init__(self, store: AccountStore, acts: Acts, sealer: AccountSealer, clock: Clock, actor: Actor) -> None:
        self._store = store
        self._acts = acts
        self._sealer = sealer
        self._clock = clock
        self._actor = actor

    async def show(self, number: int) -> Contact:
        """The audit log says that it was shown, before it is. Raises UnknownAccount and SealError."""
        customer = await self._find(number)
        read = entry(Act.CUSTOMER_READ, self._actor, known("cus", customer.public_id), now_ms=self._clock.now_ms())
        await self._acts.act([], [read])
        return self._contact(customer)

    async def correct(self, number: int, changes: Mapping[str, MessageText | None]) -> Contact:
        """changes: by field, another value; None takes away what need not be there.

        Raises UnknownAccount, InvalidSetting, SealError and ChangedMeanwhile.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self._correct(await self._find(number), changes)
            except ChangedMeanwhile:
                continue
        raise ChangedMeanwhile

    async def _correct(self, customer: StoredCustomer, changes: Mapping[str, MessageText | None]) -> Contact:
        standing = self._contact(customer)
        if standing.profile is None:
            raise UnknownAccount("this customer has no contact data any more")
        profile = msgspec.structs.replace(standing.profile, **changes)
        check_profile(profile)
        changed = [name for name in FIELDS if getattr(profile, name) != getattr(standing.profile, name)]
        if not changed:
            return standing
        now_ms, by = self._clock.now_ms(), self._actor.id or self._actor.kind.value
        corrections = (*standing.corrections, *(Correction(now_ms, name, by) for name in changed))[-KEPT:]
        stored = msgspec.structs.replace(
            customer,
            account=seal_profile(self._sealer, profile, customer.id, customer.public_id),
            settings=merged(customer.settings, {"corrections": corrections}),
        )
        noted = [
            entry(Act.CUSTOMER_CORRECT, self._actor, known("cus", customer.public_id), now_ms=now_ms, what=name)
            for name in changed
        ]
        await put_corrected(self._store, stored, noted)
        return Contact(profile, corrections)

    def _contact(self, customer: StoredCustomer) -> Contact:
        profile = open_profile(self._sealer, customer, Purpose.DATA_SUBJECT) if customer.account else None
        return Contact(profile, read_customer(customer.settings).settings.corrections)

    async def _find(self, number: int) -> StoredCustomer:
        for each in await self._store.customers():
            if each.id == number:
                return each
        raise UnknownAccount("no customer has this id")
