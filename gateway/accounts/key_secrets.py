"""The secret of a key: how it is made, and what of it is shown as user name and password.

A key of our own API is `cgw_`, its prefix, and 43 characters: 256 bits. Programs written for another product carry what
that product gave them: a user name and a password, or one token of 32 hexadecimal digits. Their key is 32 such digits,
of which the first eight are its prefix, which is the user name, and the others the password: 96 bits.
"""

import base64
from collections.abc import Callable
from typing import Final

from redaction.personal import Purpose, Secret

PREFIX_DIGITS: Final = 8
_PASSWORD_BYTES: Final = 12

Random = Callable[[int], bytes]
"""So many unpredictable octets."""


def own_secret(prefix: str, random: Random) -> Secret:
    """Of a key of our own API."""
    return Secret(f"cgw_{prefix}_{base64.urlsafe_b64encode(random(32)).decode().rstrip('=')}")


def facade_secret(prefix: str, random: Random) -> Secret:
    """Of a key for façades."""
    return Secret(prefix + random(_PASSWORD_BYTES).hex())


def password_of(secret: Secret) -> str:
    """What a program gives beside the user name, which is the prefix."""
    return secret.reveal(Purpose.CREDENTIAL)[PREFIX_DIGITS:]
