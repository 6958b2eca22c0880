"""Which settings a running node takes over, and which are read at its start alone.

Each says so where it is declared: `Meta(..., extra=LIVE)`. What says nothing is as the table around it says, and a
table that says nothing as one that needs a restart.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec.inspect as mi


class Reload(enum.StrEnum):
    """What a reload does with a changed value."""

    LIVE = "live"  # it holds from then on
    REPLACED = "replaced"  # the same, where it was set before and stays set
    RESTART = "restart"  # nothing: a reload that finds it changed does nothing at all


_KEY: Final = "reload"
LIVE: Final[dict[str, Reload]] = {_KEY: Reload.LIVE}
REPLACED: Final[dict[str, Reload]] = {_KEY: Reload.REPLACED}
RESTART: Final[dict[str, Reload]] = {_KEY: Reload.RESTART}


def reload_of(node: mi.Type, around: Reload = Reload.RESTART) -> Reload:
    """Of a setting with this type. around: of the table that it stands in."""
    extra: Mapping[str, object] = (node.extra if isinstance(node, mi.Metadata) else None) or {}
    return Reload(str(extra.get(_KEY, around)))


def takes_effect(reload: Reload, before: object, after: object) -> bool:
    """Whether a running node can go from one value to the other."""
    if reload is Reload.REPLACED:
        return before is not None and after is not None
    return reload is Reload.LIVE
