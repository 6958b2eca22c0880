"""Paths are relative to the settings file that names them, wherever a process was started.

What stands in no file, the places of ledger, keys and root by default, is relative to the settings as well; what an
environment variable says is relative to the working directory, as with every program.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from config.problems import ENVIRONMENT, Origin
from config.problems import Path as KeyPath
from config.settings import Settings

_FOLDERS: Final = (("audit", "dir"),)
_NAMES: Final = frozenset({"tls_certificate", "tls_key", "tls_ca", "ca_file"})
_IN_TLS: Final = frozenset({"certificate", "key"})
_OF_CERTIFICATES: Final = (("tls",), ("opendsr",))
_STORES: Final = (("ledger", "path"), ("keystore", "path"), ("keystore", "root", "path"))


def anchored(keys: Mapping[str, object], folder: Path) -> dict[str, object]:
    """The keys of a file in this folder, with the paths in it as they are seen from the working directory."""
    return {name: _anchored(value, folder, (name,)) for name, value in keys.items()}


def _anchored(value: object, folder: Path, at: tuple[str, ...]) -> object:
    if isinstance(value, dict):
        is_secret = bool(value) and value.keys() <= {"env", "file"}
        return {
            name: _place(each, folder) if is_secret and name == "file" else _anchored(each, folder, (*at, name))
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_anchored(each, folder, at) for each in value]
    is_path = at in _STORES + _FOLDERS or at[-1] in _NAMES or (at[-2:-1] in _OF_CERTIFICATES and at[-1] in _IN_TLS)
    return _place(value, folder) if is_path else value


def _place(value: object, folder: Path) -> object:
    return str(folder / value) if isinstance(value, str) and value else value


def with_stores(settings: Settings, folder: Path, places: Mapping[KeyPath, Origin]) -> Settings:
    """The settings with the default places of the stores in the folder of the settings."""
    ledger, keystore = settings.ledger, settings.keystore
    stated = [path in places for path in _STORES]
    found = [ledger.path, keystore.path, keystore.root.path]
    ours = [each if named else str(folder / each) for each, named in zip(found, stated, strict=True)]
    root = msgspec.structs.replace(keystore.root, path=ours[2])
    return msgspec.structs.replace(
        settings,
        ledger=msgspec.structs.replace(ledger, path=ours[0]),
        keystore=msgspec.structs.replace(keystore, path=ours[1], root=root),
    )


def left_behind(settings: Settings, folder: Path, places: Mapping[KeyPath, Origin]) -> Iterator[KeyPath]:
    """Stores that are not where they belong now and are where earlier versions, which took paths to be relative to the
    working directory, had them: what would begin a new installation.
    """
    keystore = settings.keystore
    found = (settings.ledger.path, keystore.path, keystore.root.path)
    for path, place in zip(_STORES, found, strict=True):
        origin = places.get(path)
        if origin is not None and origin.file == ENVIRONMENT:
            continue
        here = Path(place)
        if here.is_relative_to(folder) and not here.exists() and here.relative_to(folder).exists():
            yield path
