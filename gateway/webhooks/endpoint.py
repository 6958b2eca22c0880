"""A customer's endpoint: what is set for it, and how it is stored and opened."""

from functools import lru_cache
from typing import Final

import msgspec

from gateway.accounts.settings import EndpointSettings as EndpointSettings
from gateway.ledger.contract import Ledger, StoredEndpoint
from gateway.process.clock import Clock
from gateway.webhooks.signing import new_secret
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer
from redaction.sealed import Sealed

URL: Final = "webhook_url"
SECRET: Final = "webhook_secret"  # noqa: S105  the name of a field
_RECORD: Final = b"endpoint"
SETTINGS_LIMIT: Final = 64


def open_endpoint(sealer: Sealer, endpoint: StoredEndpoint) -> tuple[Secret, Secret]:
    """URL and signing secret. Raises SealError."""

    def opened(sealed: Sealed, field: str, purpose: Purpose) -> Secret:
        return Secret(sealer.open_account(sealed, endpoint.customer, field, _RECORD, purpose).decode())

    return opened(endpoint.url, URL, Purpose.INFORM_CUSTOMER), opened(endpoint.secret, SECRET, Purpose.CREDENTIAL)


def endpoint_settings(endpoint: StoredEndpoint) -> EndpointSettings:
    """What the customer asked for; what cannot be read counts as nothing asked."""
    return _settings(endpoint.settings)


@lru_cache(maxsize=SETTINGS_LIMIT)
def _settings(stored: bytes) -> EndpointSettings:
    """Asked for every message, and few are different."""
    try:
        return _decode_settings(stored)
    except msgspec.MsgspecError:
        return EndpointSettings()


async def save_endpoint(
    ledger: Ledger,
    sealer: Sealer,
    clock: Clock,
    customer: int,
    url: Secret,
    settings: EndpointSettings = EndpointSettings(),  # noqa: B008  frozen
    *,
    kept: Sealed | None = None,
) -> Secret | None:
    """Store where a customer is told, enabled. kept: the signing secret of before; without it there is a fresh one,
    which is returned this once.
    """
    fresh = None
    shown = url.reveal(Purpose.INFORM_CUSTOMER).encode()
    if kept is None:
        fresh = new_secret(clock.random)
        kept = sealer.seal_account(fresh.reveal(Purpose.CREDENTIAL).encode(), customer, SECRET, _RECORD)
    await ledger.save_endpoint(
        StoredEndpoint(
            customer=customer,
            url=sealer.seal_account(shown, customer, URL, _RECORD),
            secret=kept,
            settings=msgspec.json.encode(settings),
        )
    )
    return fresh


_decode_settings: Final = msgspec.json.Decoder(EndpointSettings).decode
