"""A root slot whose roots only a Vault or OpenBao can unwrap: its transit engine, over HTTP.

The roots lie in a file, or beside the blob on the key store's Redis, each encrypted by the newest version of a transit
key that never leaves the vault. A roll turns the key to a new version, writes the roots under it, and then has the
vault forget every version before. So a copy of them from before is dead even to whoever holds the token: its version
does not exist any more.

Each step may be the last one:

    1. the key has a new version           the roots open with the one before, which is still there
    2. the roots are written under it      open with the new version; `read` goes on with 3
    3. versions before are forgotten       older copies are dead from here

Calls block, with a deadline: at start, and in the key store's thread when a root is rolled.
"""

import base64
import http.client
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from gateway.keystore.root_slot import KeystoreLost, clear_file, replace_file
from gateway.ledger.contract import LedgerUnavailable
from operators.renewal import wiping
from redaction.keys import ROOT_BYTES

T = TypeVar("T")
_LIMIT_BYTES: Final = 65_536
_OK: Final = (200, 204)
_REFUSED: Final = 400


class TransitKey(msgspec.Struct, frozen=True):
    """Versions of a transit key, as the vault reports them; 0 of `min_available_version` is 1."""

    latest_version: int
    min_decryption_version: int
    min_available_version: int = 0


class _KeyAnswer(msgspec.Struct, frozen=True):
    data: TransitKey


class _Ciphertext(msgspec.Struct, frozen=True):
    ciphertext: str


class _CiphertextAnswer(msgspec.Struct, frozen=True):
    data: _Ciphertext


class _Plaintext(msgspec.Struct, frozen=True):
    plaintext: str


class _PlaintextAnswer(msgspec.Struct, frozen=True):
    data: _Plaintext


class TransitRefused(Exception):
    """The vault does not do this with what it was given: a version that is gone, or bytes that are not its own."""


class Transit:
    """The few calls of one transit key. url: of the vault. token: never shown. namespace: '' for none."""

    def __init__(
        self, *, url: str, token: str, mount: str, key: str, namespace: str = "", timeout_s: float = 5.0
    ) -> None:
        self._address = urlsplit(url)
        self._base = f"{self._address.path.rstrip('/')}/v1/{mount}"
        self._key = key
        self._headers = {"X-Vault-Token": token, "Content-Type": "application/json"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace
        self._timeout_s = timeout_s

    def create(self) -> None:
        """Make the key unless it is there. It cannot be exported or backed up in clear."""
        self._call("POST", f"keys/{self._key}", {"type": "aes256-gcm96", "exportable": False}, None)

    def key(self) -> TransitKey:
        return self._call("GET", f"keys/{self._key}", None, _KeyAnswer).data

    def rotate(self) -> int:
        """The new version."""
        self._call("POST", f"keys/{self._key}/rotate", {}, None)
        return self.key().latest_version

    def encrypt(self, plaintext: bytes, version: int) -> str:
        body = {"plaintext": base64.b64encode(plaintext).decode(), "key_version": version}
        return self._call("POST", f"encrypt/{self._key}", body, _CiphertextAnswer).data.ciphertext

    def decrypt(self, ciphertext: str) -> bytes:
        """Raises TransitRefused for a version that is gone."""
        answer = self._call("POST", f"decrypt/{self._key}", {"ciphertext": ciphertext}, _PlaintextAnswer)
        return base64.b64decode(answer.data.plaintext)

    def forget_before(self, version: int) -> None:
        """Destroy every older version of the key. The vault wants both minimums raised first."""
        minimums = {"min_decryption_version": version, "min_encryption_version": version}
        self._call("POST", f"keys/{self._key}/config", minimums, None)
        self._call("POST", f"keys/{self._key}/trim", {"min_available_version": version}, None)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None, kind: type[T] | None) -> T:
        """One exchange on a connection of its own. Raises LedgerUnavailable, TransitRefused."""
        connection = self._connect()
        try:
            content = None if body is None else msgspec.json.encode(body)
            connection.request(method, f"{self._base}/{path}", content, self._headers)
            answer = connection.getresponse()
            status, octets = answer.status, answer.read(_LIMIT_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise LedgerUnavailable(f"root slot: the vault does not answer ({type(error).__name__})") from error
        finally:
            connection.close()
        return _understood(status, octets, kind)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "https":
            context = wiping(ssl.create_default_context())
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)


class WrappedRoots(Protocol):
    """Where wrapped roots lie, as text."""

    def read_roots(self) -> str:
        """'' if there are none."""

    def write_roots(self, text: str) -> None:
        """Replace them as a whole, durably."""

    def clear_roots(self) -> None:
        """Destroy what a write left that was cut short."""


class RootsFile:
    """A file in a directory of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_roots(self) -> str:
        try:
            return self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return ""

    def write_roots(self, text: str) -> None:
        replace_file(self._path, text.encode("ascii"))

    def clear_roots(self) -> None:
        clear_file(self._path)


class TransitRootSlot:
    """place: the file of the wrapped roots, or where else they lie."""

    rolls = True

    def __init__(self, place: Path | WrappedRoots, transit: Transit) -> None:
        self._place: WrappedRoots = RootsFile(place) if isinstance(place, Path) else place
        self._transit = transit

    @property
    def place(self) -> str:
        return "what the vault wrapped"

    def read(self) -> Sequence[bytes]:
        """The roots. Finishes a roll that was cut short before the vault had forgotten the versions before."""
        wrapped = self._wrapped()
        if not wrapped:
            return ()
        try:
            roots = [self._transit.decrypt(line) for line in wrapped]
        except TransitRefused:
            raise KeystoreLost("the vault does not unwrap this root any more, or it is not its own") from None
        if any(len(root) != ROOT_BYTES for root in roots):
            raise KeystoreLost("the root slot does not hold a root key of the right size")
        self._finish(min(_version(line) for line in wrapped))
        return roots

    def begin(self, root: bytes) -> None:
        """A key that was turned before wraps the roots of another store, and writing here forgets them."""
        self._transit.create()
        if self._transit.key().latest_version > 1:
            raise KeystoreLost(
                "the vault's key has wrapped roots of another store, or of a beginning that was cut short: name another"
                " keystore.root.transit.key"
            )
        self.write((root,))

    def clear(self) -> None:
        self._place.clear_roots()

    def write(self, roots: Sequence[bytes]) -> None:
        try:
            if not self._wrapped():
                self._transit.create()
            version = self._transit.rotate()
            lines = [self._transit.encrypt(root, version) for root in roots]
            self._place.write_roots("".join(f"{line}\n" for line in lines))
            self._transit.forget_before(version)
        except TransitRefused:
            raise LedgerUnavailable("root slot: the vault refuses to roll this key") from None

    def _finish(self, version: int) -> None:
        key = self._transit.key()
        if min(key.min_decryption_version, max(1, key.min_available_version)) < version:
            self._transit.forget_before(version)

    def _wrapped(self) -> list[str]:
        return self._place.read_roots().split()


def _version(ciphertext: str) -> int:
    """`vault:v7:…` is of version 7."""
    try:
        return int(ciphertext.split(":")[1].removeprefix("v"))
    except (IndexError, ValueError):
        raise KeystoreLost("the root slot does not hold wrapped roots") from None


def _understood(status: int, octets: bytes, kind: type[T] | None) -> T:
    if status == _REFUSED:
        raise TransitRefused
    if status not in _OK:
        raise LedgerUnavailable(f"root slot: the vault answers {status}")
    if kind is None:
        return None  # type: ignore[return-value]  # nobody asked for an answer
    try:
        return msgspec.json.decode(octets, type=kind)
    except msgspec.DecodeError:
        raise LedgerUnavailable("root slot: the vault's answer is not understood") from None
