"""A customer's endpoint: what is set for it, and how it is stored and opened."""

import base64
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from gateway.accounts.settings import EndpointSettings as EndpointSettings
from gateway.accounts.settings import kept_beside, stored_form
from gateway.ledger.contract import StoredEndpoint
from gateway.webhooks.signing import new_secret
from redaction.errors import SealError
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer
from redaction.sealed import Sealed

URL: Final = "webhook_url"
SECRET: Final = "webhook_secret"  # noqa: S105  the name of a field
_RECORD: Final = b"endpoint"
SETTINGS_LIMIT: Final = 64
OVERLAP_MS: Final = 24 * 3600 * 1000


def open_endpoint(sealer: Sealer, endpoint: StoredEndpoint) -> tuple[Secret, Secret]:
    """URL and signing secret. Raises SealError."""

    def opened(sealed: Sealed, field: str, purpose: Purpose) -> Secret:
        return Secret(sealer.open_account(sealed, endpoint.customer, field, _RECORD, purpose).decode())

    return opened(endpoint.url, URL, Purpose.INFORM_CUSTOMER), opened(endpoint.secret, SECRET, Purpose.CREDENTIAL)


def former_secret(sealer: Sealer, endpoint: StoredEndpoint, now_ms: int) -> Secret | None:
    """The signing secret of before, as long as it still signs. Raises SealError and ValueError."""
    settings = endpoint_settings(endpoint)
    if settings.former_until_ms <= now_ms:
        return None
    sealed = Sealed(base64.b64decode(settings.former_secret, validate=True))
    return Secret(sealer.open_account(sealed, endpoint.customer, SECRET, _RECORD, Purpose.CREDENTIAL).decode())


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


def seal_endpoint(
    sealer: Sealer,
    random: Callable[[int], bytes],
    customer: int,
    url: Secret,
    settings: EndpointSettings = EndpointSettings(),  # noqa: B008  frozen
    *,
    kept: Sealed | None = None,
) -> tuple[StoredEndpoint, Secret | None]:
    """Where a customer's events go, enabled. kept: the signing secret of before; without it there is a fresh one, which
    is given this once.
    """
    fresh = None
    shown = url.reveal(Purpose.INFORM_CUSTOMER).encode()
    if kept is None:
        fresh = new_secret(random)
        kept = sealer.seal_account(fresh.reveal(Purpose.CREDENTIAL).encode(), customer, SECRET, _RECORD)
    endpoint = StoredEndpoint(
        customer=customer,
        url=sealer.seal_account(shown, customer, URL, _RECORD),
        secret=kept,
        settings=stored_form(settings),
    )
    return endpoint, fresh


def resealed(sealer: Sealer, endpoint: StoredEndpoint) -> StoredEndpoint:
    """All that is sealed of an endpoint, under its customer's present key. Raises SealError and ValueError."""

    def anew(sealed: Sealed, field: str, purpose: Purpose) -> Sealed:
        opened = sealer.open_account(sealed, endpoint.customer, field, _RECORD, purpose)
        return sealer.seal_account(opened, endpoint.customer, field, _RECORD)

    settings = endpoint_settings(endpoint)
    if settings.former_secret:
        former = Sealed(base64.b64decode(settings.former_secret, validate=True))
        kept = base64.b64encode(anew(former, SECRET, Purpose.CREDENTIAL)).decode()
        settings = msgspec.structs.replace(settings, former_secret=kept)
    return msgspec.structs.replace(
        endpoint,
        url=anew(endpoint.url, URL, Purpose.INFORM_CUSTOMER),
        secret=anew(endpoint.secret, SECRET, Purpose.CREDENTIAL),
        settings=kept_beside(endpoint.settings, settings) if settings.former_secret else endpoint.settings,
    )


class SetAnew:
    """What an administrator makes of a customer's endpoint, whatever stands; see `Accounts.set_endpoint`.

    change: of what is set for it. now_ms: the secret of before signs beside a new one for `OVERLAP_MS` from then.
    fresh: the signing secret, where another one was made: as asked for, for a first endpoint, and where the one of
    before does not open any more.
    """

    def __init__(
        self,
        sealer: Sealer,
        random: Callable[[int], bytes],
        customer: int,
        url: Secret,
        change: Callable[[EndpointSettings], EndpointSettings],
        *,
        new_secret: bool,
        now_ms: int,
    ) -> None:
        self._sealer = sealer
        self._random = random
        self._customer = customer
        self._url = url
        self._change = change
        self._new_secret = new_secret
        self._now_ms = now_ms
        self.fresh: Secret | None = None

    def __call__(self, old: StoredEndpoint | None) -> StoredEndpoint:
        settings = self._change(EndpointSettings() if old is None else endpoint_settings(old))
        opens = old is not None and self._opens(old)
        kept = old.secret if old is not None and opens and not self._new_secret else None
        if old is not None and opens and kept is None:
            settings = msgspec.structs.replace(
                settings,
                former_secret=base64.b64encode(old.secret).decode(),
                former_until_ms=self._now_ms + OVERLAP_MS,
            )
        place = (self._sealer, self._random, self._customer, self._url, settings)
        endpoint, self.fresh = seal_endpoint(*place, kept=kept)
        if old is None:
            return endpoint
        return msgspec.structs.replace(endpoint, settings=kept_beside(old.settings, settings))

    def _opens(self, old: StoredEndpoint) -> bool:
        try:
            open_endpoint(self._sealer, old)
        except (SealError, ValueError):
            return False
        return True


class OtherSecret:
    """Another signing secret for an endpoint, which stays as it is; see `Accounts.set_endpoint`. fresh: the secret.

    now_ms: the secret of before signs beside it for `OVERLAP_MS` from then.
    """

    def __init__(self, sealer: Sealer, random: Callable[[int], bytes], now_ms: int) -> None:
        self._sealer = sealer
        self._until_ms = now_ms + OVERLAP_MS
        self.fresh: Final = new_secret(random)

    def __call__(self, old: StoredEndpoint) -> StoredEndpoint:
        secret = self.fresh.reveal(Purpose.CREDENTIAL).encode()
        settings = msgspec.structs.replace(
            endpoint_settings(old),
            former_secret=base64.b64encode(old.secret).decode(),
            former_until_ms=self._until_ms,
        )
        return msgspec.structs.replace(
            old,
            secret=self._sealer.seal_account(secret, old.customer, SECRET, _RECORD),
            settings=kept_beside(old.settings, settings),
        )


_decode_settings: Final = msgspec.json.Decoder(EndpointSettings).decode
