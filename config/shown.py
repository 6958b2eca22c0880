"""Settings as one shows them: each by its name, with its value, whether that is the default, and never a secret."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import msgspec.inspect as mi

from config.changes import entry_name
from config.reload import Reload, reload_of
from config.secret import SecretRef
from config.settings import Settings

SET: Final = "set"
NOT_SET: Final = "not set"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """setting: `http.port`, `operators[north].window`. value: None for what is not set; of a secret, whether it is.
    live: a running node takes another value over; otherwise it needs a restart.
    """

    setting: str
    value: Any
    is_default: bool
    is_secret: bool
    live: bool


def shown(settings: Settings) -> Iterator[Shown]:
    """Every setting, in the order in which they are declared."""
    return _table(settings, "", Reload.RESTART, is_default=False)


def _table(table: msgspec.Struct, place: str, around: Reload, *, is_default: bool) -> Iterator[Shown]:
    """is_default: all of it is as it would be if nothing was written."""
    node = mi.type_info(type(table))
    assert isinstance(node, mi.StructType)
    for field in node.fields:
        name = f"{place}.{field.encode_name}" if place else field.encode_name
        value, reload = getattr(table, field.name), reload_of(field.type, around)
        usual = is_default or (field.default is not msgspec.NODEFAULT and value == field.default)
        yield from _setting(value, name, reload, is_default=usual)


def _setting(value: object, name: str, reload: Reload, *, is_default: bool) -> Iterator[Shown]:
    live = reload is not Reload.RESTART
    if isinstance(value, SecretRef):
        said = SET if value else NOT_SET
        yield Shown(setting=name, value=said, is_default=not value, is_secret=True, live=live)
    elif isinstance(value, msgspec.Struct):
        yield from _table(value, name, reload, is_default=is_default)
    elif isinstance(value, tuple) and any(isinstance(each, msgspec.Struct) for each in value):
        for index, each in enumerate(value):
            place = f"{name}[{entry_name(each) or index}]"
            yield from _setting(each, place, reload, is_default=is_default)
    else:
        yield Shown(setting=name, value=msgspec.to_builtins(value), is_default=is_default, is_secret=False, live=live)
