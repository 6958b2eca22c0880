"""The lane of messages from people whose parts are still coming: `<OPERATOR`, which is the name of no operator.

Such a message is kept as far as it is there; it is due when nobody waits for the rest any more.
"""

from typing import Final

_MARK: Final = "<"


def gathering_lane(operator: str) -> str:
    """Where a message waits whose parts come from this operator."""
    return _MARK + operator


def gathered_from(lane: str) -> str | None:
    """Whose parts are awaited in a lane; None for any other lane."""
    return lane[len(_MARK) :] if lane.startswith(_MARK) else None
