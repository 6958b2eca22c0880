"""Whom to tell, and where: the customer's endpoint or the message's own callback URL, opened only to tell.

This is the one place that opens `private` fields and webhook secrets; `webhooks` itself sees guarded values.
"""

from typing import Final

import msgspec

from gateway.clock import Clock
from gateway.content import Vault
from gateway.customers import Directory
from gateway.ledger.base import Ledger, StoredEndpoint
from gateway.message import Message, OutboxEvent
from gateway.webhooks.deliverer import Delivery
from gateway.webhooks.payload import event_body
from gateway.webhooks.signing import new_secret
from redaction.errors import SealError
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer
from redaction.sealed import Sealed

URL: Final = "webhook_url"
SECRET: Final = "webhook_secret"  # noqa: S105  the name of a field
ENABLED: Final = "enabled"
DISABLED: Final = "disabled"
_RECORD: Final = b"endpoint"


class Addressing:
    """Turns outbox events into requests."""

    def __init__(self, directory: Directory, ledger: Ledger, vault: Vault, sealer: Sealer, clock: Clock) -> None:
        self._directory = directory
        self._ledger = ledger
        self._vault = vault
        self._sealer = sealer
        self._clock = clock

    def wanted(self, message: Message) -> bool:
        """Whether anybody is to be told about this message."""
        return self._directory.endpoint(message.customer) is not None

    def reference(self, message: Message) -> str | None:
        """The customer's own reference, while it can still be opened."""
        try:
            reference = self._vault.open_private(message).reference
        except SealError:
            return None
        return None if reference is None else reference.reveal(Purpose.INFORM_CUSTOMER)

    def delivery(self, event: OutboxEvent, message: Message) -> Delivery | None:
        """The request to make, or None when there is nobody to tell (any more)."""
        endpoint = self._directory.endpoint(message.customer)
        if endpoint is None:
            return None
        try:
            url, secret = open_endpoint(self._sealer, endpoint)
        except SealError:
            return None
        reference = None
        try:
            private = self._vault.open_private(message)
            reference = private.reference
            if private.callback_url is not None:
                url = Secret(private.callback_url.reveal(Purpose.INFORM_CUSTOMER))
        except SealError:
            pass  # the content clock has run out: the customer is told without its reference
        return Delivery(url=url, secrets=(secret,), body=event_body(event, message, reference))

    def is_disabled(self, customer: int) -> bool:
        endpoint = self._directory.endpoint(customer)
        return endpoint is not None and endpoint.state == DISABLED

    async def disable(self, customer: int) -> None:
        endpoint = self._directory.endpoint(customer)
        if endpoint is not None:
            now_ms = self._clock.now_ms()
            await self._ledger.save_endpoint(msgspec.structs.replace(endpoint, state=DISABLED, disabled_ms=now_ms))
            await self._directory.refresh()


def open_endpoint(sealer: Sealer, endpoint: StoredEndpoint) -> tuple[Secret, Secret]:
    """URL and signing secret. Raises SealError."""

    def opened(sealed: Sealed, field: str) -> Secret:
        plain = sealer.open_account(sealed, endpoint.customer, field, _RECORD, Purpose.INFORM_CUSTOMER)
        return Secret(plain.decode())

    return opened(endpoint.url, URL), opened(endpoint.secret, SECRET)


async def save_endpoint(ledger: Ledger, sealer: Sealer, clock: Clock, customer: int, url: Secret) -> Secret:
    """Store where a customer is told, with a fresh signing secret, which is returned this once."""
    secret = new_secret(clock.random)
    shown = url.reveal(Purpose.INFORM_CUSTOMER).encode()
    await ledger.save_endpoint(
        StoredEndpoint(
            customer=customer,
            url=sealer.seal_account(shown, customer, URL, _RECORD),
            secret=sealer.seal_account(secret.reveal(Purpose.CREDENTIAL).encode(), customer, SECRET, _RECORD),
            settings=b"{}",
            state=ENABLED,
        )
    )
    return secret
