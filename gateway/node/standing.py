"""The settings as a node runs now, and in what those that are written are others."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from config.changes import Change
from config.settings import Settings


async def no_changes() -> Sequence[Change]:
    """Of a node that never reads its settings again."""
    return ()


class Standing(msgspec.Struct):
    """The settings as the node runs now. differs: in what those that are written are others; raises ConfigError."""

    settings: Settings
    differs: Callable[[], Awaitable[Sequence[Change]]] = no_changes
