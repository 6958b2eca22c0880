"""In what two readings of the settings differ, by the names of settings and never by their values.

Entries with a name or a tag are known by it, wherever they stand in their list; routes are known by their place.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec
import msgspec.inspect as mi

from config.expected import choices
from config.reload import Reload, reload_of, takes_effect
from config.secret import SecretRef
from config.settings import Settings

_NAMING_KEYS: Final = ("name", "tag")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """setting: `http.port`, `operators[north].window`, `routes[2]`. live: a running node can take it over."""

    setting: str
    what: Literal["changed", "added", "removed"] = "changed"
    live: bool


def changes(before: Settings, after: Settings) -> tuple[Change, ...]:
    """Every setting that differs, in the order in which they are declared."""
    return tuple(_table(before, after, "", Reload.RESTART))


def _table(before: msgspec.Struct, after: msgspec.Struct, place: str, around: Reload) -> Iterator[Change]:
    node = mi.type_info(type(before))
    assert isinstance(node, mi.StructType)
    for field in node.fields:
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            name = f"{place}.{field.encode_name}" if place else field.encode_name
            yield from _setting(old, new, name, field.type, reload_of(field.type, around))


def _setting(old: object, new: object, name: str, node: mi.Type, reload: Reload) -> Iterator[Change]:
    if isinstance(old, msgspec.Struct) and type(old) is type(new) and not isinstance(old, SecretRef):
        yield from _table(old, new, name, reload)
    elif isinstance(old, tuple) and isinstance(new, tuple) and _has_tables(node):
        yield from _entries(old, new, name, reload)
    else:
        yield Change(setting=name, live=takes_effect(reload, old, new))


def _has_tables(node: mi.Type) -> bool:
    return any(
        isinstance(inner, mi.StructType)
        for each in choices(node)
        if isinstance(each, mi.VarTupleType)
        for inner in choices(each.item_type)
    )


def _entries(
    old: tuple[msgspec.Struct, ...], new: tuple[msgspec.Struct, ...], name: str, reload: Reload
) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    live = reload is Reload.LIVE
    for key in dict.fromkeys((*before, *after)):
        place = f"{name}[{key}]"
        if key not in after:
            yield Change(setting=place, what="removed", live=live)
        elif key not in before:
            yield Change(setting=place, what="added", live=live)
        elif type(before[key]) is not type(after[key]):
            yield Change(setting=f"{place}.kind", live=live)
        else:
            yield from _table(before[key], after[key], place, reload)


def _named(entries: tuple[msgspec.Struct, ...]) -> dict[str, msgspec.Struct]:
    return {entry_name(entry) or str(index): entry for index, entry in enumerate(entries)}


def entry_name(entry: msgspec.Struct) -> str:
    """By which an entry of a list of tables is known; '' for one that has no name."""
    return next((str(getattr(entry, key)) for key in _NAMING_KEYS if hasattr(entry, key)), "")
