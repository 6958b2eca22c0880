"""Where roots lie: a file or an environment variable here, a vault in `transit`.

A slot holds one root, or two while a roll is under way, and never the blob that they seal.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gateway.ledger.contract import LedgerError
from redaction.keys import ROOT_BYTES


class KeystoreLost(LedgerError):
    """Blob and root do not belong together, or one of them is missing: nothing that was sealed can be opened."""


class RootSlot(Protocol):
    """Where roots lie: one, or two while a roll is under way. `rolls` says whether it can be written.

    A root says nothing of where it belongs; the blob's header has a commitment to it (`redaction.keys_at_rest`).
    place: what to call the slot in a line for people.
    """

    rolls: bool

    @property
    def place(self) -> str: ...

    def read(self) -> Sequence[bytes]:
        """The roots, none if the slot is empty. Raises KeystoreLost for what is no root."""

    def begin(self, root: bytes) -> None:
        """Write the first root of a new store. Raises KeystoreLost where that would destroy another store's."""

    def write(self, roots: Sequence[bytes]) -> None:
        """Replace all roots, durably and at once, and destroy the ones before as well as the medium can."""

    def clear(self) -> None:
        """Destroy what a `write` left that was cut short before it took effect."""


class FileRootSlot:
    """A file (0600) in a directory of its own (0700), replaced as a whole and forced to disk.

    The file before is overwritten once it has lost its name. An SSD may keep the old cells all the same.
    """

    rolls = True

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        return str(self._path)

    def read(self) -> Sequence[bytes]:
        try:
            return _parse_roots(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return ()
        except UnicodeDecodeError:
            raise KeystoreLost("the root slot does not hold a root key in hex") from None

    def begin(self, root: bytes) -> None:
        self.write((root,))

    def write(self, roots: Sequence[bytes]) -> None:
        replace_file(self._path, "".join(f"{root.hex()}\n" for root in roots).encode("ascii"))

    def clear(self) -> None:
        clear_file(self._path)


class EnvRootSlot:
    """An environment variable, for containers. It cannot be written, so destruction re-seals under the same root.

    Then a copy of the key store from before an erasure still opens with that root; `docs/privacy.md` says so.
    """

    rolls = False

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def place(self) -> str:
        return f"the environment variable {self._name}"

    def read(self) -> Sequence[bytes]:
        value = os.environ.get(self._name, "")
        if not value:
            raise KeystoreLost(f"the environment variable {self._name} with the root key is not set")
        return _parse_roots(value)

    def begin(self, root: bytes) -> None:
        """There is one always, or reading says that there is none."""

    def write(self, roots: Sequence[bytes]) -> None:
        raise KeystoreLost("a root in the environment cannot be changed from here")

    def clear(self) -> None:
        """Nothing is ever written."""


def _parse_roots(text: str) -> Sequence[bytes]:
    try:
        roots = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        raise KeystoreLost("the root slot does not hold a root key in hex") from None
    if not roots or any(len(root) != ROOT_BYTES for root in roots):
        raise KeystoreLost("the root slot does not hold a root key of the right size")
    return roots


def replace_file(path: Path, content: bytes) -> None:
    """Put a new file in the place of the old one, durably and at once, and write zeros over what was before."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.ExitStack() as stack:
        before = _open_existing(path)
        if before is not None:
            stack.callback(os.close, before)
        fresh = _unnamed(path)
        clear_file(path)
        _write_file(fresh, content)
        fresh.replace(path)
        _sync_folder(folder)
        if before is not None:
            _overwrite(before)


def clear_file(path: Path) -> None:
    """Zeros over what a `replace_file` that was cut short has left beside the file, and its name away."""
    left = _open_existing(_unnamed(path))
    if left is None:
        return
    try:
        _overwrite(left)
        _unnamed(path).unlink(missing_ok=True)
        _sync_folder(path.parent)
    finally:
        os.close(left)


def _unnamed(path: Path) -> Path:
    """Where the new file lies until it takes the place of the old one."""
    return path.with_name(path.name + ".new")


def _open_existing(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _write_file(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _overwrite(descriptor: int) -> None:
    """Zeros over a file that has no name any more; best effort, for the roots in it are out of use already."""
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
