"""The numbers that both engines store for statuses and classes of messages.

Statuses are numbered so that one comparison finds the waiting and the open ones. The codes are stored and must never be
renumbered.
"""

from typing import Final

from gateway.model.message import MessageClass, Status

STATUSES: Final = (
    Status.ACCEPTED,
    Status.QUEUED,
    Status.SUBMITTED,
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.EXPIRED,
    Status.REJECTED,
    Status.SUPPRESSED,
    Status.FAILED,
    Status.UNKNOWN,
    Status.CANCELLED,
    Status.RECEIVED,
)
CLASSES: Final = (
    MessageClass.OTP,
    MessageClass.TRANSACTIONAL,
    MessageClass.PROMOTIONAL,
    MessageClass.WARNING,
    MessageClass.AWARENESS,
    MessageClass.PERSONAL,
)
STATUS_CODE: Final[dict[Status, int]] = {status: code for code, status in enumerate(STATUSES)}
CLASS_CODE: Final[dict[MessageClass, int]] = {each: code for code, each in enumerate(CLASSES)}

WAITING_BELOW: Final = 2
OPEN_BELOW: Final = 3
NO_CODE: Final = -1
"""Of no status."""


def changes_over(over_unknown: bool) -> int:
    """The final status over which a change is done."""
    return _UNKNOWN if over_unknown else NO_CODE


_UNKNOWN: Final = STATUS_CODE[Status.UNKNOWN]
