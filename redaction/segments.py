"""Parts of the key state that lie sealed beside its table, each under a key of its own, and are opened when needed.

A *place* is the 48 octets by which the table names a segment: its id (16), under which the store keeps it, and its key
(32). Both are random and serve for one sealing: what is changed gets another place, and the old key is gone with the
table that held it.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction.errors import KeysWithheld, Tampered

ID_BYTES: Final = 16
PLACE_BYTES: Final = 48
HELD_BYTES: Final = 64 << 20
"""Of opened segments in memory; the ones unused for longest are closed first."""

_HEADER: Final = b"CGKG\x02"
_TAG_BYTES: Final = 16
_NONCE: Final = bytes(12)
"""A key seals once."""

Read = Callable[[Sequence[bytes]], Sequence[bytes | None]]
"""Sealed segments by their ids; None for one that is not there."""


def id_of(place: bytes) -> bytes:
    return place[:ID_BYTES]


def seal_segment(content: bytes | bytearray, place: bytes) -> bytes:
    """place: 48 fresh random octets."""
    return _HEADER + AESGCM(place[ID_BYTES:]).encrypt(_NONCE, content, _HEADER + place[:ID_BYTES])


def open_segment(sealed: bytes, place: bytes) -> bytearray:
    """Raises `Tampered`."""
    size = len(sealed) - len(_HEADER) - _TAG_BYTES
    if size < 0 or not sealed.startswith(_HEADER):
        raise Tampered("not a segment of a key store")
    content = bytearray(size)
    octets = memoryview(sealed)[len(_HEADER) :]
    try:
        AESGCM(place[ID_BYTES:]).decrypt_into(_NONCE, octets, _HEADER + place[:ID_BYTES], content)
    except InvalidTag:
        raise Tampered("a segment of the key store was changed") from None
    return content


def wipe(content: bytearray) -> None:
    content[:] = bytes(len(content))


def _nothing(ids: Sequence[bytes]) -> Sequence[bytes | None]:
    return [None] * len(ids)


class Segments:
    """The segments of one key state. Nothing that `open` gives may be changed: it is a segment as it lies sealed.

    read: where they come from. on_loss: called when one is not there, or damaged, before `KeysWithheld` is raised;
    without it that is `Tampered`. superseded: ids of those that the state has left since it was read.
    """

    def __init__(self, read: Read = _nothing, *, held_bytes: int = HELD_BYTES) -> None:
        self.read = read
        self.on_loss: Callable[[], None] | None = None
        self.superseded: list[bytes] = []
        self._opened: dict[bytes, bytearray] = {}
        self._octets = 0
        self._held_bytes = held_bytes

    def open(self, place: bytes) -> bytearray:
        """What is sealed there. Raises `KeysWithheld`, or `Tampered`."""
        content = self._opened.pop(place, None)
        if content is None:
            content = self._read(place)
            self._octets += len(content)
        self._opened[place] = content
        self._close_some()
        return content

    def hold(self, place: bytes, content: bytearray) -> None:
        """What was sealed there just now, opened."""
        self._opened[place] = content
        self._octets += len(content)
        self._close_some()

    def open_all(self, places: Sequence[bytes]) -> list[bytearray]:
        """Read in one go, and not held. Raises `Tampered`."""
        found = self.read([id_of(each) for each in places])
        return [_opened(sealed, place) for sealed, place in zip(found, places, strict=True)]

    def leave(self, place: bytes) -> None:
        """The state does without what is sealed there from now on."""
        self.superseded.append(id_of(place))
        if place in self._opened:
            self._close(place)

    def replace(self, before: "Segments", live: Set[bytes]) -> None:
        """Become the segments of the state that takes over from `before`: hold what that had opened of those that
        `live` still names, and read as it did. The others are wiped.
        """
        if before is self:
            return
        self.read, self.on_loss = before.read, before.on_loss
        for place in list(before._opened):
            if place in live and place not in self._opened:
                content = before._opened.pop(place)
                self._opened[place] = content
                self._octets += len(content)
            else:
                before._close(place)
        before._octets = 0

    def _read(self, place: bytes) -> bytearray:
        (sealed,) = self.read([id_of(place)])
        try:
            return _opened(sealed, place)
        except Tampered:
            if self.on_loss is None:
                raise
        self.on_loss()
        raise KeysWithheld

    def _close_some(self) -> None:
        while self._octets > self._held_bytes and len(self._opened) > 1:
            self._close(next(iter(self._opened)))

    def _close(self, place: bytes) -> None:
        content = self._opened.pop(place)
        self._octets -= len(content)
        wipe(content)


def _opened(sealed: bytes | None, place: bytes) -> bytearray:
    if sealed is None:
        raise Tampered("a segment of the key store is missing")
    return open_segment(sealed, place)


def ids_in(octets: bytes) -> Iterable[bytes]:
    """Ids that stand one after the other."""
    return (octets[at : at + ID_BYTES] for at in range(0, len(octets), ID_BYTES))
