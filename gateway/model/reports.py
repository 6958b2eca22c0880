"""Which reports a façade's callback wants: bits of `notify` in the record of a message that came by one.

They are those of Kannel's `dlr-mask`, which tell the most cases apart. What a message became has one bit.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.message import Status

DELIVERED: Final = 1
NOT_DELIVERED: Final = 2
BUFFERED: Final = 4
"""Kannel's; nothing of ours is it."""
SUBMITTED: Final = 8
REJECTED: Final = 16
ENDS: Final = DELIVERED | NOT_DELIVERED | REJECTED
ALL: Final = ENDS | SUBMITTED

BIT_OF: Final[Mapping[Status, int]] = {
    Status.SUBMITTED: SUBMITTED,
    Status.DELIVERED: DELIVERED,
    Status.UNDELIVERED: NOT_DELIVERED,
    Status.EXPIRED: NOT_DELIVERED,
    Status.UNKNOWN: NOT_DELIVERED,
    Status.REJECTED: REJECTED,
    Status.FAILED: REJECTED,
    Status.SUPPRESSED: REJECTED,
    Status.CANCELLED: REJECTED,
}
"""Of every status of which there is something to report."""


def asks_for(notify: int, status: Status) -> bool:
    """Whether a callback that wants these reports wants that of this status."""
    return bool(notify & BIT_OF.get(status, 0))
