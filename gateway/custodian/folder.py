"""The custodian's own folder: its private keys, and what it keeps its book under. It never lies beside keys or data.

The key turns each quarter: what the nodes seal from then on is sealed to the next one, and the former opens what it
opened before until the last secret under it is over. Files are readable for their owner alone.
"""

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from gateway.keystore.root_slot import replace_file
from redaction.custodian import PrivateKey, PublicKey, new_private

KEYS: Final = "keys.json"
PUBLIC: Final = "custodian.pub"
TURNS_MS: Final = 92 * 24 * 3_600_000
"""After so long a key should be turned."""
KEEP_DAYS: Final = 400
"""How long a key that was turned opens what is sealed to it: longer than any record lives, schedule included."""
_DAY_MS: Final = 24 * 3_600_000


class CustodianFailed(Exception):
    """The custodian cannot do this. One line for people; the kind says which code."""


class NoCustodian(CustodianFailed):
    """There is none in this folder."""


class CustodianThere(CustodianFailed):
    """There is one already."""


class CustodianUnreadable(CustodianFailed):
    """What it keeps was changed."""


class TooManyNumbers(CustodianFailed):
    """More than it says in a day."""


class QuestionUnreadable(CustodianFailed):
    """This is no question, or it was changed."""


class CustodianKeyUnknown(CustodianFailed):
    """The question is sealed to a key that is not here."""


class HeldKey(msgspec.Struct, frozen=True, kw_only=True):
    """turned_ms: since when another one is used; None for the present one."""

    kem: str
    octets: bytes
    made_ms: int
    turned_ms: int | None = None

    def __repr__(self) -> str:
        return "HeldKey(•••)"

    @property
    def private(self) -> PrivateKey:
        return PrivateKey(self.kem, self.octets)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """keys: the oldest first. book_key: of the digests in the book. token: SHA-256 of what callers show; '': none."""

    version: int
    keys: list[HeldKey]
    book_key: bytes
    token: str = ""

    def __repr__(self) -> str:
        return "Held(•••)"

    @property
    def present(self) -> HeldKey:
        return self.keys[-1]

    def by_id(self) -> dict[bytes, PrivateKey]:
        return {each.private.public().id: each.private for each in self.keys}


class Folder:
    """path: made by `begin`."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    def begin(self, now_ms: int) -> PublicKey:
        """A folder with a key that nobody had before. Raises CustodianFailed where there is one, and OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        with self.alone():
            if (self.path / KEYS).exists():
                raise CustodianThere("there is a custodian in this folder already")
            self._write(Held(version=1, keys=[_fresh(now_ms)], book_key=os.urandom(32)))
        return self.read().present.private.public()

    def read(self) -> Held:
        """Raises CustodianFailed."""
        try:
            held = msgspec.json.decode((self.path / KEYS).read_bytes(), type=Held)
        except FileNotFoundError:
            raise NoCustodian("there is no custodian in this folder") from None
        except (msgspec.DecodeError, ValueError):
            raise CustodianUnreadable("the custodian's keys cannot be read") from None
        if not held.keys:
            raise CustodianUnreadable("the custodian's keys cannot be read")
        return held

    def turn(self, now_ms: int, keep_days: int = KEEP_DAYS) -> PublicKey:
        """Another key from now on; those that were turned `keep_days` ago are destroyed. Raises CustodianFailed."""
        with self.alone():
            held = self.read()
            keys = [*held.keys[:-1], msgspec.structs.replace(held.present, turned_ms=now_ms), _fresh(now_ms)]
            kept = [it for it in keys if it.turned_ms is None or now_ms < it.turned_ms + keep_days * _DAY_MS]
            self._write(msgspec.structs.replace(held, keys=kept))
        return self.read().present.private.public()

    def new_token(self) -> str:
        """What callers of the listener show from now on. It is kept as a digest, and shown once."""
        token = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        with self.alone():
            self._write(msgspec.structs.replace(self.read(), token=sha256(token.encode()).hexdigest()))
        return token

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process of the custodian changes anything here."""
        file = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _write(self, held: Held) -> None:
        replace_file(self.path / KEYS, msgspec.json.encode(held))
        (self.path / PUBLIC).write_text(held.present.private.public().line + "\n", encoding="ascii")


def _fresh(now_ms: int) -> HeldKey:
    key = new_private()
    return HeldKey(kem=key.kem, octets=key.octets, made_ms=now_ms)
