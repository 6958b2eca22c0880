"""Peppers that live for two days: what is digested under one can be recovered by nobody once its epoch is over.

An epoch has 24 hours, and what is digested in it is of use for as long at most. So it is looked for under the present
epoch and the one before, and made under the present one; the older secret is destroyed with the next turn, and is kept
by nobody. Each is made a day ahead.

Nodes do not change epochs at the same instant. Around a turn, `TURN_MS` before and after, what is claimed is claimed
under both epochs, the older first: whoever of two nodes loses the first claim finds the other's message, whichever
epoch either of them takes for the present one.

An installation from before has lasting peppers in the place of epochs until its first one begins.
"""

from types import MappingProxyType
from typing import Final

from redaction.customer_keys import LASTING_EPOCH, LASTING_PURPOSES, TURNING_SINCE, CustomerKeys
from redaction.turning import Window as Window

_DAY_MS: Final = 24 * 3600 * 1000

EPOCH_MS: Final = MappingProxyType({"idempotency": _DAY_MS, "rate": _DAY_MS, "join": _DAY_MS})
"""By purpose, how long an epoch is."""
TURN_MS: Final = 60_000
"""How far nodes may be apart: clocks, and the way from a request to its commit."""
_CACHED: Final = 64
BEGIN_MS: Final = 3_600_000
"""Before the first epoch of an installation from before, so that all nodes have its secret when it begins."""


def window(keys: CustomerKeys, purpose: str, now_ms: int) -> Window:
    """Of a purpose with epochs. `LASTING_EPOCH` stands for those before the first one."""
    name = (purpose, now_ms // TURN_MS)
    found = keys.windows.get(name)
    if found is None:
        if len(keys.windows) >= _CACHED:
            keys.windows.clear()
        found = keys.windows[name] = _window(keys, purpose, now_ms)
    return found


def _window(keys: CustomerKeys, purpose: str, now_ms: int) -> Window:
    length_ms = EPOCH_MS[purpose]
    claimed = (now_ms + TURN_MS) // length_ms
    first = keys.first_epoch(purpose) if keys.layout >= TURNING_SINCE else None
    if first is None or claimed < first:
        return Window(LASTING_EPOCH, (), ())
    before = LASTING_EPOCH if claimed - 1 < first else claimed - 1
    if (now_ms - TURN_MS) // length_ms == claimed:
        return Window(claimed, (), (before,))
    older = LASTING_EPOCH if claimed - 2 < first else claimed - 2
    return Window(claimed, (before,), () if older == before or now_ms // length_ms == claimed else (older,))


def wanted(keys: CustomerKeys, purpose: str, now_ms: int, *, is_new: bool) -> list[int]:
    """The epochs that should have a secret now: the present one and those beside it. is_new: of an installation that
    begins.
    """
    length_ms = EPOCH_MS[purpose]
    epoch, first = now_ms // length_ms, keys.first_epoch(purpose)
    if first is None and not is_new and purpose in LASTING_PURPOSES:
        return [(now_ms + BEGIN_MS) // length_ms + 1]
    return [each for each in (epoch - 1, epoch, epoch + 1) if first is None or each >= first]


def over(keys: CustomerKeys, purpose: str, now_ms: int) -> list[int]:
    """The epochs whose secret is of no use any more."""
    last = now_ms // EPOCH_MS[purpose] - 2
    return [epoch for purposed, tag, epoch in keys.secrets() if purposed == purpose and not tag and epoch <= last]


def is_past(keys: CustomerKeys, purpose: str, now_ms: int) -> bool:
    """Whether nothing that was digested under a lasting pepper, before the first epoch, is sought any more."""
    first = keys.first_epoch(purpose)
    return first is not None and first < now_ms // EPOCH_MS[purpose]
