"""Passwords that were right, remembered for the life of the process: a machine-made one need not be hashed again.

Only a keyed digest of the stored hash and the password is kept, under a key that no other process has; a password that
changes has another digest. See docs/decisions/0025.
"""

import hashlib
import os
from collections import OrderedDict
from typing import Final, TypeVar

from gateway.accounts.customers import Esme
from operators.seats import subscriber
from redaction.personal import Purpose, Secret

T = TypeVar("T")

LIMIT: Final = 10_000
"""Of each; beyond it what was used longest ago is forgotten."""


class Credentials:
    """Also, from which addresses which account has bound."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def digest(self, esme: Esme | None, system_id: str, password: Secret) -> bytes:
        """What these stand for; of a name without an account as well."""
        stored = "" if esme is None else esme.password
        parts = (stored.encode(), system_id.encode("utf-8", "replace"), password.reveal(Purpose.CREDENTIAL).encode())
        return hashlib.blake2s(b"".join(b"%d:%b" % (len(part), part) for part in parts), key=self._key).digest()

    def are_right(self, digest: bytes) -> bool:
        """They were before."""
        if digest not in self._right:
            return False
        self._right.move_to_end(digest)
        return True

    def learn(self, digest: bytes, system_id: str, address: str) -> None:
        """They are right, and were given from there."""
        _remember(self._right, digest)
        _remember(self._seen, (system_id, subscriber(address)))

    def came_from(self, system_id: str, address: str) -> bool:
        """The account has bound from there."""
        return (system_id, subscriber(address)) in self._seen


def _remember(kept: "OrderedDict[T, None]", what: T) -> None:
    kept[what] = None
    kept.move_to_end(what)
    if len(kept) > LIMIT:
        kept.popitem(last=False)
