"""Settings from environment variables: `CONNECT_GATEWAY__HTTP__PORT=8081`.

Two underscores part the keys. An entry of a list of tables is chosen by its position from 0, or by its name or tag;
one that is not there yet is added. Text is taken as it is where text is wanted; lists are parted by commas; an empty
variable unsets what may be unset.
"""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import msgspec.inspect as mi

from config.expected import choices, may_be_unset
from config.kinds import chosen_kind, key_types, tables_of
from config.problems import ENVIRONMENT, Origin, Path, Problem, suggestion

PREFIX: Final = "CONNECT_GATEWAY__"
_PART: Final = "__"
_NAMING_KEYS: Final = ("name", "tag")


class _NoSuchKey(Exception):
    """The variable names no setting; the text completes the message."""


class Overlay:
    """Writes variables into a document, and their places into `places`.

    problems: variables that name nothing. faulty: the top-level sections that these meant.
    """

    def __init__(self, settings: type[msgspec.Struct], document: dict[str, object], places: dict[Path, Origin]) -> None:
        self.problems: list[Problem] = []
        self.faulty: set[str] = set()
        self._settings = settings
        self._document = document
        self._places = places

    def apply(self, environ: Mapping[str, str]) -> None:
        """Write all variables that begin with the prefix, in the order of their names."""
        for variable in sorted(name for name in environ if name.startswith(PREFIX)):
            segments = variable.removeprefix(PREFIX).split(_PART)
            try:
                path = _write(tables_of(mi.type_info(self._settings)), self._document, segments, environ[variable])
            except _NoSuchKey as error:
                self._complain(variable, segments[0].lower(), str(error))
            else:
                if path is not None:
                    self._note(path, variable)

    def _complain(self, variable: str, section: str, near: str) -> None:
        message = f"no setting has this name{near}"
        self.problems.append(Problem(file=ENVIRONMENT, line=0, key=variable, message=message, code="unknown_variable"))
        self.faulty.add(section)

    def _note(self, path: Path, variable: str) -> None:
        """The key is from this variable now, and so are tables around it that no file wrote."""
        for below in [place for place in self._places if place[: len(path)] == path]:
            del self._places[below]
        for length in range(1, len(path)):
            self._places.setdefault(path[:length], Origin(file=ENVIRONMENT))
        self._places[path] = Origin(file=ENVIRONMENT, variable=variable)


def _write(
    nodes: Sequence[mi.StructType], table: dict[str, object], segments: Sequence[str], text: str, done: Path = ()
) -> Path | None:
    """Write the text where the segments lead, and return the way there. Raises _NoSuchKey.

    None, and nothing written, where the document has something else than the table needed: its shape is refused later.
    nodes: the kinds that the table may be of; which it is may come with another variable.
    """
    key = segments[0].lower()
    path = (*done, key)
    wanted = _field_type(nodes, table, key)
    if len(segments) == 1:
        table[key] = _typed(wanted, text)
        return path
    for inner in choices(wanted):
        if isinstance(inner, mi.StructType):
            child = table.setdefault(key, {})
            return _write([inner], child, segments[1:], text, path) if isinstance(child, dict) else None
        if isinstance(inner, mi.VarTupleType) and tables_of(inner.item_type) and len(segments) > 2:
            entries = table.setdefault(key, [])
            return _write_entry(tables_of(inner.item_type), entries, segments[1:], text, path)
    raise _NoSuchKey


def _field_type(nodes: Sequence[mi.StructType], table: Mapping[str, object], key: str) -> mi.Type:
    chosen = chosen_kind(nodes, table) or nodes[0]
    fields = key_types([chosen, *(each for each in nodes if each is not chosen)])
    if key not in fields:
        raise _NoSuchKey(suggestion(key.upper(), [name.upper() for name in fields]))
    return fields[key]


def _write_entry(
    nodes: Sequence[mi.StructType], entries: object, segments: Sequence[str], text: str, done: Path
) -> Path | None:
    if not isinstance(entries, list):
        return None
    index = _index(nodes[0], entries, segments[0])
    entry = entries[index]
    return _write(nodes, entry, segments[1:], text, (*done, index)) if isinstance(entry, dict) else None


def _index(node: mi.StructType, entries: list[object], segment: str) -> int:
    """The position of the entry that the segment means; a new entry is added behind the others."""
    named = next((field.encode_name for field in node.fields if field.encode_name in _NAMING_KEYS), None)
    if segment.isascii() and segment.isdecimal():
        index = int(segment[:9])
        entry: dict[str, object] = {}
    elif named is None:
        raise _NoSuchKey(", this list has positions from 0 only")
    else:
        names = [_name(entry, named) for entry in entries]
        index = names.index(segment.lower()) if segment.lower() in names else len(entries)
        entry = {named: segment.lower()}
    if index > len(entries):
        raise _NoSuchKey(f", the next free position is {len(entries)}")
    if index == len(entries):
        entries.append(entry)
    return index


def _name(entry: object, named: str) -> str:
    """An entry's name as a variable writes it: small letters, and no hyphens."""
    return str(entry.get(named, "")).lower().replace("-", "_") if isinstance(entry, dict) else ""


def _typed(node: mi.Type, text: str) -> object:
    """What the text of a variable means for this setting. What cannot be read stays text, and is refused later."""
    if not text and may_be_unset(node):
        return None
    alternatives = choices(node)
    if any(isinstance(each, mi.LiteralType) and text in each.values for each in alternatives):
        return text
    entries = next((each for each in alternatives if isinstance(each, mi.VarTupleType)), None)
    if entries is not None and not text.startswith("["):
        return _parted(entries, text)
    is_text = any(isinstance(each, mi.StrType | mi.LiteralType) for each in alternatives)
    return text if is_text and entries is None else _toml(text)


def _parted(node: mi.VarTupleType, text: str) -> list[object]:
    return [_typed(node.item_type, part.strip()) for part in text.split(",") if part.strip()]


def _toml(text: str) -> object:
    """The text as one TOML value, or as it is when it is none."""
    try:
        document = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text
