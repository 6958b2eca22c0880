"""Tokens that sign: programs of some façades check what is sent to them with the same token that they send with.

Such a token is kept, sealed under its customer's key, in Base64 beside the key's digest. Of all other keys there is the
digest alone.
"""

import base64
from typing import Final

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
