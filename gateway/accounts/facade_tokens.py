"""Tokens of keys whose façade signs its callbacks with them: sealed under the customer's key, opened to sign only."""

import base64
from typing import Final, Protocol

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.accounts.settings import StoredKeySettings, StoredToken
from gateway.model.facades import SIGNED
from redaction.personal import Purpose, Secret
from redaction.sealed import Sealed

_FIELD: Final = "facade_token"


class Held(Protocol):
    """Where keys are, as `gateway.accounts.directory` has them."""

    @property
    def version(self) -> object: ...

    def facade_tokens(self, customer_id: int) -> tuple[StoredToken, ...]: ...


def seal_token(sealer: AccountSealer, token: Secret, customer: int, prefix: str) -> str:
    """As it is kept beside its key, in Base64."""
    plain = token.reveal(Purpose.CREDENTIAL).encode()
    return base64.b64encode(sealer.seal_account(plain, customer, _FIELD, prefix.encode())).decode()


def open_token(sealer: AccountSealer, sealed: str, customer: int, prefix: str) -> Secret:
    """Raises SealError and ValueError."""
    octets = Sealed(base64.b64decode(sealed, validate=True))
    return Secret(sealer.open_account(octets, customer, _FIELD, prefix.encode(), Purpose.CREDENTIAL).decode())


def with_token(
    sealer: AccountSealer, settings: StoredKeySettings, token: Secret, customer: int, prefix: str
) -> StoredKeySettings:
    """What is set for a new key, with the key itself where one of its façades signs."""
    if SIGNED.isdisjoint(settings.facades):
        return settings
    return msgspec.structs.replace(settings, token=seal_token(sealer, token, customer, prefix))


def resealed(sealer: AccountSealer, settings: StoredKeySettings, customer: int, prefix: str) -> StoredKeySettings:
    """What is set for a key, its token sealed under the customer's present key. Raises SealError and ValueError."""
    token = open_token(sealer, settings.token, customer, prefix)
    return msgspec.structs.replace(settings, token=seal_token(sealer, token, customer, prefix))


class FacadeTokens:
    """Opened ones are kept until any account changes."""

    def __init__(self, held: Held, sealer: AccountSealer) -> None:
        self._held = held
        self._sealer = sealer
        self._version: object = None
        self._open: dict[tuple[int, int], Secret] = {}

    def of(self, customer: int, key_id: int) -> Secret | None:
        """With which a callback of a message by this key is signed: the key's own token, or, once that is revoked, the
        one of the customer's newest key; None where there is none. Raises SealError and ValueError.
        """
        if self._held.version is not self._version:
            self._version = self._held.version
            self._open.clear()
        there = self._held.facade_tokens(customer)
        if not there:
            return None
        one = next((each for each in there if each.key_id == key_id), there[-1])
        place = customer, one.key_id
        if place not in self._open:
            self._open[place] = open_token(self._sealer, one.sealed, customer, one.prefix)
        return self._open[place]
