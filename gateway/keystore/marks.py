"""Numbers beside the keys, about the store as a whole, as those read and write them who have no key to do with."""

from collections.abc import Mapping
from hashlib import sha256

from gateway.keystore.custody import BlobStore, Custody


class KeyMarks:
    """Of an open key store. Calls wait for its place and raise LedgerUnavailable."""

    def __init__(self, custody: Custody, blobs: BlobStore) -> None:
        self._custody = custody
        self._blobs = blobs

    def all(self) -> Mapping[str, int]:
        with self._custody.alone():
            return dict(self._blobs.marks())

    def digest(self) -> bytes:
        """SHA-256 of the key state as it is sealed now: every change gives another. Waits for nobody who changes it."""
        found = self._blobs.read()
        return sha256(b"" if found is None else found[0]).digest()

    def move(self, standing: Mapping[str, int], marks: Mapping[str, int]) -> bool:
        """Set marks if what they are read with still stands, all at once; whether it did. Durable when this returns.

        standing: by name; one that is not there stands at nothing.
        """
        with self._custody.alone():
            found = self._blobs.marks()
            if {name: found[name] for name in marks if name in found} != standing:
                return False
            self._blobs.set_marks(marks)
        return True
