"""Searches files for personal values in every form in which they could lie there, and proves first that it can find.

The scan is over bytes: every regular file below the given roots, whatever its name, in overlapping windows, so that a
value on the seam of two windows is found too.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from redaction.traces import find, traces

WINDOW_BYTES: Final = 8 << 20
OVERLAP_BYTES: Final = 1 << 16


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """Where a value was found. canary: its place in the list that was searched for, never the value."""

    path: str
    offset: int
    canary: int
    form: str


class ScanReport(msgspec.Struct, frozen=True, kw_only=True):
    files: int
    bytes: int
    control_found: bool
    leaks: tuple[Leak, ...]

    @property
    def clean(self) -> bool:
        """Nothing was found, by a scan that can find."""
        return self.control_found and not self.leaks


def scan(roots: Iterable[Path], canaries: Iterable[str], *, limit: int = 100) -> ScanReport:
    """Search everything below `roots` for the canaries. Stops noting leaks after `limit`."""
    forms = [traces(canary) for canary in canaries]
    files = size = 0
    leaks: list[Leak] = []
    for path in _files(roots):
        files += 1
        size += path.stat().st_size
        if len(leaks) < limit:
            leaks.extend(_scan_file(path, forms))
    return ScanReport(files=files, bytes=size, control_found=_finds_a_planted_one(forms), leaks=tuple(leaks[:limit]))


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_file():
            yield root
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _scan_file(path: Path, forms: list[Mapping[str, bytes]]) -> Iterator[Leak]:
    for start, window in _windows(path):
        for index, form in enumerate(forms):
            for name, offset in find(window, form):
                yield Leak(path=str(path), offset=start + offset, canary=index, form=name)


def _windows(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        start = 0
        while window := file.read(WINDOW_BYTES):
            yield start, window
            if len(window) < WINDOW_BYTES:
                return
            start += WINDOW_BYTES - OVERLAP_BYTES
            file.seek(start)


def _finds_a_planted_one(forms: list[Mapping[str, bytes]]) -> bool:
    """The positive control: every form of the first canary, planted in a file of noise, is found."""
    if not forms:
        return False
    planted = forms[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "control")
        path.write_bytes(b"".join(os.urandom(977) + form for form in planted.values()) + os.urandom(977))
        return {leak.form for leak in _scan_file(path, [planted])} == set(planted)
