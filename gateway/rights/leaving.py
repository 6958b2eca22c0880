"""A customer that leaves: its keys in every copy, then everything of its own that lies in the ledger.

Two people decide it. Its row stays, disabled and empty, so that its id is never given again and counts of usage name
somebody; so do the audit log and the sums.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.accounts.administration import Accounts, clear_customer
from gateway.accounts.notices import forget_notices
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.fraud.overrides import forget_overrides
from gateway.fraud.reviews import forget_reviews
from gateway.keystore.keyring import Keyring
from gateway.ledger.contract import ROW_FAULTS, DocumentWrite, StoredCustomer
from gateway.ledger.roles import Ledger
from gateway.process.clock import Clock
from gateway.rights.certificates import Certificates, Destroyed
from gateway.rights.holds import Hands
from gateway.rules.clerk import forget_senders
from gateway.support.tickets import forget_tickets

LEAVING: Final = "leaving"
"""Kind of the documents of customers that are being erased; the key is the customer's id."""
STEP: Final = 1_000


class Leaving(msgspec.Struct, frozen=True):
    """customer: its number. intent: of the audit log."""

    customer: int
    intent: str
    second: str
    digest_before: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Leaving).decode


class Departures:
    """In the hands of one actor. accounts: in the same hands."""

    def __init__(
        self,
        ledger: Ledger,
        keyring: Keyring,
        accounts: Accounts,
        audit: AuditLog,
        certificates: Certificates,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._accounts = accounts
        self._audit = audit
        self._certificates = certificates
        self._clock = clock

    async def erase(self, customer: StoredCustomer, hands: Hands) -> tuple[int, str]:
        """How many messages went, and the id of a certificate. Raises LedgerUnavailable and ChangedMeanwhile: what was
        begun is finished by `resume`, or by asking again.
        """
        before = self._certificates.digest()
        intent, writes, entries = self._audit.begun(Act.CUSTOMER_ERASE, customer.public_id, second=hands.second)
        leaving = Leaving(customer.id, intent, hands.second, before)
        await self._ledger.acts.act([*writes, DocumentWrite(LEAVING, customer.public_id, _encode(leaving))], entries)
        return await self._finish(customer.public_id, leaving)

    async def resume(self) -> int:
        """Finish what an earlier process began; how many. Raises LedgerUnavailable."""
        standing = await self._ledger.acts.of_kind(LEAVING)
        for each in standing:
            try:
                leaving = _decode(each.octets)
            except ROW_FAULTS:
                continue
            await self._finish(each.key, leaving)
        return len(standing)

    async def _finish(self, public: str, leaving: Leaving) -> tuple[int, str]:
        number = leaving.customer
        await self._accounts.disable(number)
        for key in await self._accounts.keys(number):
            if key.revoked_ms is None:
                await self._accounts.revoke_key(key.prefix)
        for esme in await self._accounts.esmes(number):
            if esme.revoked_ms is None:
                await self._accounts.revoke_esme(esme.system_id)
        if await self._accounts.endpoint(number) is not None:
            await self._accounts.remove_endpoint(number)
        self._keyring.forget_customer(number)
        gone = await self._forget_rows(number)
        await forget_senders(self._ledger.acts, public)
        await forget_overrides(self._ledger.acts, number)
        await forget_reviews(self._ledger.acts, number)
        await forget_notices(self._ledger.acts, number)
        await forget_tickets(self._ledger.acts, public)
        await clear_customer(self._ledger.accounts, number)
        await self._ledger.retention.checkpoint()
        issued = self._certificates.issue(
            Destroyed(
                what="customer",
                why="customer_left",
                digest_before=leaving.digest_before,
                counts={"messages": gone},
                techniques=("customer_key_destroyed", "rows_deleted", "log_emptied"),
                customer=public,
                second=leaving.second,
            )
        )
        writes, entries = self._audit.ended(
            Act.CUSTOMER_ERASE, public, leaving.intent, numbers={"messages": gone}, second=leaving.second
        )
        writes += [*issued.writes, DocumentWrite(LEAVING, public, None)]
        await self._ledger.acts.act(writes, [*entries, *issued.entries])
        return gone, issued.id

    async def _forget_rows(self, customer: int) -> int:
        """Also those whose time is over, by the sweep."""
        total = 0
        while True:
            page = await self._ledger.messages.list_messages(
                customer, status=None, since_ms=None, cursor=None, limit=STEP
            )
            ids: Sequence[bytes] = [each.id for each in page.messages]
            if not ids:
                return total
            total += await self._ledger.retention.forget_these(ids, counted=True)
