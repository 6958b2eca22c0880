"""Passwords of ESME accounts: made here, kept as Argon2id hashes (PRIVACY.md P-03), compared in constant time.

Hashing is slow on purpose, about 20 ms of one core: never call `matches` or `hashed` on the event loop.
"""

from collections.abc import Callable
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from redaction.personal import Purpose, Secret

SHORT: Final = 8
"""What SMPP 3.4 has room for (§5.2.2)."""
LONGEST: Final = 64
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits that are not taken for one another."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's choice for Argon2id: 19 MiB and two passes, so that a few at once stay small."""


def new_password(random: Callable[[int], bytes], length: int = SHORT) -> Secret:
    """A password of `length` characters, each of them as likely as any other."""
    characters: list[str] = []
    limit = 256 - 256 % len(ALPHABET)
    while len(characters) < length:
        characters += [ALPHABET[octet % len(ALPHABET)] for octet in random(2 * length) if octet < limit]
    return Secret("".join(characters[:length]))


def hashed(password: Secret) -> str:
    """The text form that is stored, salt and cost included."""
    return _HASHER.hash(password.reveal(Purpose.CREDENTIAL))


def matches(stored: str, password: Secret) -> bool:
    """Whether this is the password. A stored form that cannot be read matches nothing."""
    try:
        return _HASHER.verify(stored, password.reveal(Purpose.CREDENTIAL))
    except (VerificationError, InvalidHashError):
        return False


def unmatched() -> str:
    """A hash that no password matches in practice: looking it up takes as long as looking up a real one."""
    return _HASHER.hash("nobody binds by this name")
