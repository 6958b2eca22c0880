"""The reference of all settings, in Markdown, rendered from the types: `python -m config.reference > docs/settings.md`.

A test holds the page and the types together.
"""

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from inspect import getdoc
from typing import Final

import msgspec
import msgspec.inspect as mi

from config.expected import choices, expected, may_be_unset, plain
from config.kinds import kinds_of
from config.reload import Reload, reload_of
from config.retention import DEFAULT_RETENTION
from config.secret import SecretRef
from config.settings import Settings

_INTRODUCTION: Final = """\
# Settings

Rendered from the types in `config/`; do not edit by hand.

Settings come from one TOML file, or from a directory with any of `gateway.toml`, `operators.toml` and `retention.toml`.
Every key has a default. `_s` is seconds, `_bytes` is octets. Paths are relative to the settings file.
An unknown key, a wrong type or a value out of range is an error that names file, line and key, and never the value.

An environment variable overrides a file: `CONNECT_GATEWAY__HTTP__PORT=8081`. Two underscores part the keys. An entry of
a list of tables is chosen by its name or tag, with `_` for `-`, or by its position from 0, and is added where it is
missing: `CONNECT_GATEWAY__OPERATORS__NORTH__WINDOW=32`. Lists are parted by commas. An empty variable unsets what may
be unset.

A secret is never written here: `{ env = "NAME" }` names an environment variable that holds it, `{ file = "path" }` a
file.

Running nodes read the settings anew with `connect-gateway reload` ([how](operating.md#settings-that-reload)). What is
`live` holds from then on; `live if set` likewise, but switching it on or off needs a restart. Where anything that needs
a `restart` has changed, it is named and nothing is taken over.
"""
_HEAD: Final = ("key", "takes", "default", "reload", "meaning")
_ALONE: Final = ("key", "takes", "default", "meaning")
_RELOAD: Final = {Reload.LIVE: "live", Reload.REPLACED: "live if set", Reload.RESTART: "restart"}


def render() -> str:
    """The whole page."""
    sections = (_section(field) for field in _fields(mi.type_info(Settings)))
    return "\n".join([_INTRODUCTION, *sections, _default_rules()])


def table(kind: type[msgspec.Struct]) -> str:
    """The keys of one type alone."""
    return _markdown(_ALONE, ((*shown[:3], shown[-1]) for shown in map(_row, _fields(mi.type_info(kind)))))


def toml_value(value: object) -> str:
    """A default as one would write it in TOML; `unset` for None."""
    match value:
        case None:
            return "unset"
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(toml_value(each) for each in value)}]"
        case SecretRef():
            return "unset"
    assert isinstance(value, int | date)
    return str(value)


def _fields(node: mi.Type) -> tuple[mi.Field, ...]:
    assert isinstance(node, mi.StructType)
    return node.fields


def _section(field: mi.Field) -> str:
    """A top-level section with the tables inside it."""
    node, reload = _inner(field.type), reload_of(field.type)
    kinds = kinds_of(node)
    if kinds:
        return "\n".join(_kinds(kinds, field.encode_name, reload))
    return "\n".join(_tables(node, field.encode_name, reload, is_list=node is not plain(field.type)))


def _inner(node: mi.Type) -> mi.Type:
    """The table that the section is, or that its entries are."""
    node = plain(node)
    return node.item_type if isinstance(node, mi.VarTupleType) else node


def _kinds(kinds: tuple[mi.StructType, ...], name: str, reload: Reload) -> Iterator[str]:
    """What entries of all kinds have, then what each kind has of its own, then the sections that all have."""
    common = [field for field in kinds[0].fields if all(field in kind.fields for kind in kinds)]
    words = ", ".join(sorted(f'"{kind.tag}"' for kind in kinds))
    told = {field.encode_name for field in common}
    yield f"## `[[{name}]]`\n\nAn entry is of one of several kinds; a key of another kind is an error.\n"
    tag = (f"`{kinds[0].tag_field}`", f"one of {words}", f'`"{kinds[0].tag}"`', _RELOAD[reload], "Kind of the entry.")
    yield _markdown(_HEAD, [tag, *(_row(field, reload) for field in common if _subtable(field) is None)])
    for kind in kinds:
        own = [field for field in kind.fields if field not in common]
        yield from _kind(kind, own, name, told, reload)
        told |= {field.encode_name for field in own}
    yield from _subsections(common, name, reload)


def _kind(kind: mi.StructType, own: list[mi.Field], name: str, told: set[str], reload: Reload) -> Iterator[str]:
    """told: the sections inside that stand above already."""
    yield f"## `[[{name}]]` of kind `{kind.tag}`\n\n{getdoc(kind.cls)}\n"
    yield _markdown(_HEAD, (_row(field, reload) for field in own if _subtable(field) is None))
    again = [field.encode_name for field in own if _subtable(field) is not None and field.encode_name in told]
    if again:
        yield f"Also {', '.join(f'`[{name}.{each}]`' for each in again)}, as above.\n"
    yield from _subsections([field for field in own if field.encode_name not in told], name, reload)


def _subsections(fields: Iterable[mi.Field], name: str, reload: Reload) -> Iterator[str]:
    for field in fields:
        table = _subtable(field)
        if table is not None:
            yield from _tables(table, f"{name}.{field.encode_name}", reload_of(field.type, reload))


def _tables(node: mi.Type, name: str, reload: Reload, *, is_list: bool = False) -> Iterator[str]:
    """The table of keys of this section, then those of the sections inside it."""
    assert isinstance(node, mi.StructType)
    yield f"## `{f'[[{name}]]' if is_list else f'[{name}]'}`\n\n{getdoc(node.cls)}\n"
    yield _markdown(_HEAD, (_row(field, reload) for field in node.fields if _subtable(field) is None))
    yield from _subsections(node.fields, name, reload)


def _subtable(field: mi.Field) -> mi.StructType | None:
    for node in choices(field.type):
        if isinstance(node, mi.StructType) and node.cls is not SecretRef:
            return node
    return None


def _row(field: mi.Field, around: Reload = Reload.RESTART) -> tuple[str, ...]:
    default = toml_value(field.default)
    takes = expected(field.type)
    if may_be_unset(field.type):
        takes += "; may be unset"
    shown = "unset" if default == "unset" else f"`{default}`"
    return f"`{field.encode_name}`", takes, shown, _RELOAD[reload_of(field.type, around)], describe(field)


def describe(field: mi.Field) -> str:
    """The one line of meaning that every key has."""
    assert isinstance(field.type, mi.Metadata)
    assert field.type.extra_json_schema is not None
    return str(field.type.extra_json_schema["description"])


def _default_rules() -> str:
    """What the four tags mean when nothing is written."""
    keys = RETENTION_KEYS
    rows = (tuple(f"`{toml_value(getattr(rule, key))}`" for key in keys) for rule in DEFAULT_RETENTION)
    return "### The default rules\n\n" + _markdown(keys, rows)


RETENTION_KEYS: Final = tuple(field.name for field in msgspec.structs.fields(DEFAULT_RETENTION[0]))


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(render())
