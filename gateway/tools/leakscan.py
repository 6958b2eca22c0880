"""Searches files, a process's memory and a Redis for personal values in every form in which they could lie there.

A scan goes over bytes, whatever they are called, in overlapping windows, so that a value on the seam of two windows is
found too. It says where and in which form, never what. And it proves first that it can find: each kind of place is
given a planted value of its own, in every form, and a scan whose control fails is not clean, whatever it did not find.
"""

import bz2
import gzip
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from redaction.traces import find, traces

WINDOW_BYTES: Final = 8 << 20
OVERLAP_BYTES: Final = 1 << 16
LONGEST_CANARY: Final = 4_096
"""In characters; its longest form has to fit into the overlap."""

Forms = Mapping[str, bytes]


class ScanImpossible(Exception):
    """A place cannot be searched at all; one line that says why, without what is in it."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """A run of bytes to search. place: where it is, for the report. start: its offset there.

    seen: how many of its first bytes were in the window before. begins: whether a new place begins, for counting.
    """

    place: str
    start: int
    data: bytes
    seen: int = 0
    begins: bool = True


class Source(Protocol):
    """A kind of place. unread: parts of it that could not be read so far."""

    unread: int

    def windows(self) -> Iterator[Window]:
        """Everything in it, once."""

    def planted(self, forms: Sequence[bytes]) -> "AbstractContextManager[Source]":
        """A place of the same kind that holds `forms` among noise, for as long as the context lasts."""


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """Where a value was found. canary: its place in the list that was searched for, never the value."""

    path: str
    offset: int
    canary: int
    form: str


class ScanReport(msgspec.Struct, frozen=True, kw_only=True):
    """files: how many places were searched: files, runs of memory, keys. unread: places that could not be."""

    files: int
    bytes: int
    unread: int
    control_found: bool
    leaks: tuple[Leak, ...]

    @property
    def clean(self) -> bool:
        """Nothing was found, by a scan that can find and that saw everything."""
        return self.control_found and not self.leaks and not self.unread


def scan(roots: Iterable[Path], canaries: Iterable[str], *, limit: int = 100) -> ScanReport:
    """Search everything below `roots` for the canaries. Stops noting leaks after `limit`."""
    return scan_sources([Files(roots)], canaries, limit=limit)


def scan_sources(sources: Sequence[Source], canaries: Iterable[str], *, limit: int = 100) -> ScanReport:
    """Search each source for the canaries, after its control. Raises ValueError for a canary too long to be found."""
    forms = [_traces(canary) for canary in canaries]
    control_found = bool(forms and sources) and all(_finds_a_planted_one(each) for each in sources)
    places = size = 0
    leaks: list[Leak] = []
    for source in sources:
        for window in source.windows():
            places += window.begins
            size += (len(window.data) - window.seen) if window.begins or window.seen else 0
            if len(leaks) < limit:
                leaks.extend(_leaks(window, forms))
    unread = sum(each.unread for each in sources)
    return ScanReport(files=places, bytes=size, unread=unread, control_found=control_found, leaks=tuple(leaks[:limit]))


def windows_of(place: str, read: Callable[[int], bytes], start: int = 0) -> Iterator[Window]:
    """Cut one place into overlapping windows. read: the next bytes, at most so many; none at the end."""
    data, seen, begins = read(WINDOW_BYTES), 0, True
    while data or begins:
        yield Window(place, start, data, seen, begins)
        tail = data[-OVERLAP_BYTES:]
        start += len(data) - len(tail)
        fresh = read(WINDOW_BYTES)
        data, seen, begins = (tail + fresh if fresh else b""), len(tail), False


def noise_around(forms: Sequence[bytes]) -> bytes:
    """What is planted: every form, with random bytes about it."""
    return b"".join(os.urandom(977) + form for form in forms) + os.urandom(977)


class Files:
    """Every regular file below the roots, its name, and what it holds compressed. Links are not followed."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self.unread = 0
        self._roots = tuple(roots)

    def windows(self) -> Iterator[Window]:
        for path in self._paths():
            yield Window(f"name of {path.parent}/…", 0, os.fsencode(path.name), begins=False)
            try:
                yield from _file_windows(path)
            except FileNotFoundError:
                continue  # it went while others were read
            except OSError:
                self.unread += 1

    def _paths(self) -> Iterator[Path]:
        for root in self._roots:
            if root.is_file():
                yield root
                continue
            for folder, _, names in os.walk(root, onerror=self._count_unread):
                for name in names:
                    path = Path(folder, name)
                    if path.is_file() and not path.is_symlink():
                        yield path

    def _count_unread(self, _error: OSError) -> None:
        self.unread += 1

    @contextmanager
    def planted(self, forms: Sequence[bytes]) -> "Iterator[Files]":
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "control").write_bytes(noise_around(forms))
            yield Files([Path(folder)])


_PACKED: Final[Mapping[bytes, Callable[[BinaryIO], Any]]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
"""Compressed files by their first bytes; rotated logs are."""


def _file_windows(path: Path) -> Iterator[Window]:
    with path.open("rb") as file:
        yield from windows_of(str(path), file.read)
        file.seek(0)
        head = file.read(8)
        for magic, unpack in _PACKED.items():
            if head.startswith(magic):
                file.seek(0)
                yield from _unpacked_windows(f"{path} (unpacked)", unpack(file))


def _unpacked_windows(place: str, file: BinaryIO) -> Iterator[Window]:
    try:
        yield from windows_of(place, file.read)
    except (EOFError, zlib.error, lzma.LZMAError, OSError):
        return  # only looked like it, or is cut; its bytes were searched as they are


def _traces(canary: str) -> Forms:
    if len(canary) > LONGEST_CANARY:
        raise ValueError(f"a canary has at most {LONGEST_CANARY} characters")
    return traces(canary)


def _leaks(window: Window, forms: Sequence[Forms]) -> Iterator[Leak]:
    for index, form in enumerate(forms):
        for name, offset in find(window.data, form):
            if offset + len(form[name]) <= window.seen:
                continue  # the window before had it
            yield Leak(path=window.place, offset=window.start + offset, canary=index, form=name)


def _finds_a_planted_one(source: Source) -> bool:
    """The positive control: every form of a fresh text and a fresh number, planted in such a place, is found."""
    digits = "".join(str(byte % 10) for byte in os.urandom(8))
    controls = [_traces(f"control {os.urandom(8).hex()} @"), _traces(f"+9665{digits}")]
    planted = [form for forms in controls for form in forms.values()]
    with source.planted(planted) as place:
        found = {(leak.canary, leak.form) for window in place.windows() for leak in _leaks(window, controls)}
    return found >= {(index, name) for index, forms in enumerate(controls) for name in forms}
