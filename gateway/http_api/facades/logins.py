"""Where programs put their credentials. Whatever takes them leaves none behind.

A façade's key is its prefix and its password in one (`gateway.accounts.key_secrets`), so a user name and a password
that are put together are the key.
"""

import base64
import binascii
from typing import Final

from gateway.http_api.facades.dialect import Asked
from redaction.personal import Purpose, Secret

MAX_HEADER: Final = 512


def joined(user: Secret | None, password: Secret | None) -> Secret | None:
    """The key of a user name and a password; None without either."""
    if user is None or password is None:
        return None
    return Secret(user.reveal(Purpose.CREDENTIAL) + password.reveal(Purpose.CREDENTIAL))


def basic(asked: Asked) -> tuple[str, Secret] | None:
    """User name and password of `Authorization: Basic` (RFC 7617); None for another header, or none."""
    scheme, _, value = asked.header("Authorization").partition(" ")
    if scheme.lower() != "basic" or len(value) > MAX_HEADER:
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, Secret(password)) if colon else None


def bearer(asked: Asked) -> Secret | None:
    """The token of `Authorization: Bearer`; None for another header, or none."""
    scheme, _, token = asked.header("Authorization").partition(" ")
    return Secret(token.strip()) if scheme.lower() == "bearer" and len(token) <= MAX_HEADER else None
