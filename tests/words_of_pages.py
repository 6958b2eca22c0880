"""What a room's pages say, found in its templates and modules, and what its catalogue has of it."""

import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

Words = str | tuple[str, str]
"""A sentence, or its singular and its plural."""


def said_in(package: str) -> set[Words]:
    """All that is to be translated."""
    folder = Path(str(files(package)))
    found: set[Words] = set()
    for path in sorted(folder.rglob("*")):
        method = {".html": "jinja2", ".py": "python"}.get(path.suffix)
        if method is not None:
            found |= {_whole(words) for words in _extracted(method, path)}
    return found


def _extracted(method: str, path: Path) -> Iterator[str | tuple[str, ...]]:
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    options = {"trimmed": "true", "silent": "false"}
    name = "jinja2.ext:babel_extract" if method == "jinja2" else method
    for _, words, _, _ in extract(name, io.BytesIO(path.read_bytes()), keywords, options=options):
        yield words


def _whole(words: str | tuple[str, ...]) -> Words:
    return words if isinstance(words, str) else (words[0], words[1])


def catalogue(package: str) -> Catalog:
    source = files(package).joinpath("locale", "ar.po").read_text("utf-8")
    return read_po(io.StringIO(source), locale="ar")


def faults_of(package: str) -> list[str]:
    """What is not translated, or not any more said, or translated as something else."""
    said, kept = said_in(package), {_id(each): each for each in catalogue(package) if each.id}
    faults = [f"missing: {each}" for each in sorted(said - kept.keys(), key=str)]
    faults += [f"not said any more: {each}" for each in sorted(kept.keys() - said, key=str)]
    for words in sorted(said & kept.keys(), key=str):
        faults += [f"{why}: {words}" for why in _faults(kept[words])]
    return faults


def _id(message: Message) -> Words:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def _faults(message: Message) -> Iterator[str]:
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if message.fuzzy:
        yield "not sure"
    if not all(strings) or (not isinstance(message.id, str) and len(strings) != 6):
        yield "not whole"
    for error in message.check():
        yield str(error)
