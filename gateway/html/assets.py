"""What pages load: the style sheet and the scripts of a room, each under a name that its content makes.

A name with a digest never means other octets, so browsers keep it for good. What is squeezed is squeezed once.
"""

import gzip
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

import msgspec

from gateway.html.catalogue import GROUND

PREFIX: Final = "/assets/"
CACHING: Final = "public, max-age=31536000, immutable"
MEDIA: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOLDER: Final = "assets"
_DIGITS: Final = 12


class Asset(msgspec.Struct, frozen=True):
    """name: with its digest. media: its type. squeezed: its octets by gzip."""

    name: str
    media: str
    octets: bytes
    squeezed: bytes


class Assets:
    """Of a room, and those that all rooms share."""

    def __init__(self, package: str) -> None:
        found = {**_read(GROUND), **_read(package)}
        self._by_plain: Final[Mapping[str, Asset]] = found
        self.by_name: Final[Mapping[str, Asset]] = {each.name: each for each in found.values()}

    def path(self, plain: str) -> str:
        """Where a browser gets it. plain: the file's name. Raises KeyError for one that there is not."""
        return PREFIX + self._by_plain[plain].name


@cache
def _read(package: str) -> Mapping[str, Asset]:
    """By the file's name."""
    folder = files(package).joinpath(_FOLDER)
    if not folder.is_dir():
        return {}
    return {each.name: _asset(each.name, each.read_bytes()) for each in folder.iterdir() if _suffix(each.name) in MEDIA}


def _asset(plain: str, octets: bytes) -> Asset:
    suffix = _suffix(plain)
    name = f"{plain.removesuffix(suffix)}.{sha256(octets).hexdigest()[:_DIGITS]}{suffix}"
    return Asset(name, MEDIA[suffix], octets, gzip.compress(octets, 9, mtime=0))


def _suffix(name: str) -> str:
    stem, dot, rest = name.rpartition(".")
    return dot + rest if stem else ""
