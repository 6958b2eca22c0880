"""Tokens that sign: programs of some façades check what is sent to them with the same token that they send with.

Such a token is kept, sealed under its customer's key, in Base64 beside the key's digest. Of all other keys there is the
digest alone.
"""

import base64
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from gateway.accounts.profile import AccountSealer
from redaction.personal import Purpose, Secret
from redaction.sealed import Sealed

FIELD: Final = "key_token"


class KeyToken(msgspec.Struct, frozen=True):
    """Of a key, by its number and prefix. sealed: the token, in Base64."""

    key: int
    prefix: str
    sealed: str

    def __repr__(self) -> str:
        return f"KeyToken({self.key})"


def seal_token(sealer: AccountSealer, secret: Secret, customer: int, prefix: str) -> str:
    sealed = sealer.seal_account(secret.reveal(Purpose.CREDENTIAL).encode(), customer, FIELD, prefix.encode())
    return base64.b64encode(sealed).decode()


def open_token(sealer: AccountSealer, token: KeyToken, customer: int) -> Secret:
    """Raises SealError, and ValueError for what is no token."""
    sealed = Sealed(base64.b64decode(token.sealed, validate=True))
    opened = sealer.open_account(sealed, customer, FIELD, token.prefix.encode(), Purpose.CREDENTIAL)
    return Secret(opened.decode())


class Held(Protocol):
    """Where tokens are, as `gateway.accounts.directory` has them."""

    @property
    def version(self) -> object: ...

    def tokens(self, customer_id: int) -> Sequence[KeyToken]: ...


class KeyTokens:
    """Opens what signs. What was opened is kept until any account changes."""

    def __init__(self, held: Held, sealer: AccountSealer) -> None:
        self._held = held
        self._sealer = sealer
        self._version: object = None
        self._open: dict[tuple[int, int], Secret] = {}

    def of(self, customer: int, key: int) -> Secret | None:
        """What signs a callback of a message that came with this key: its own token, or, once it is revoked, that of
        the customer's newest key; None where there is none. Raises SealError and ValueError.
        """
        if self._held.version is not self._version:
            self._version = self._held.version
            self._open.clear()
        there = self._held.tokens(customer)
        if not there:
            return None
        one = next((each for each in there if each.key == key), there[0])
        place = customer, one.key
        if place not in self._open:
            self._open[place] = open_token(self._sealer, one, customer)
        return self._open[place]
