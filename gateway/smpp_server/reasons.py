"""Why a message failed, as a receipt says it: three characters or more in its text, two octets in network_error_code.

An operator's own code is told as it came: its network's error code, or the command_status with which it refused. What
has none is told under a number of the gateway's own, from 900 on (docs/smpp.md), so that a failure never says 000.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec

from gateway.model.message import Status


class Reason(msgspec.Struct, frozen=True, gc=False):
    """text: of `err:` in a receipt. number: of network_error_code and error_code; 0 for none."""

    text: str
    number: int


NONE: Final = Reason("000", 0)
UNNAMED: Final = 999
"""A failure for which no reason is known, or one that is no number."""
OURS: Final = {
    "expired_here": 901,
    "outcome_unknown": 902,
    "content_destroyed": 903,
    "integrity_error": 904,
    "timeout": 905,
    "link_lost": 906,
    "not_sent": 907,
    "throttled": 908,
    "queue_full": 909,
    "transient": 910,
    "failed": 911,
    "held_out_of_hours": 912,
    "sender_not_registered_there": 913,
    "transfer_blocked": 914,
    "consent_withdrawn": 915,
    "suppressed": 916,
    "consent_missing": 917,
}
_OF_STATUS: Final = {Status.EXPIRED: 920, Status.CANCELLED: 921, Status.SUPPRESSED: 922, Status.UNKNOWN: 923}
"""Ends for which nobody gave a reason."""
_NO_FAILURE: Final = frozenset(
    {Status.ACCEPTED, Status.QUEUED, Status.SUBMITTED, Status.DELIVERED, Status.RECEIVED},
)
_STATUS: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)
_HEX: Final = re.compile(r"0[xX][0-9A-Fa-f]{1,8}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9]{1,10}", re.ASCII)
_LARGEST: Final = 0xFFFF


@lru_cache(1_024)
def reason(error: str | None, status: Status) -> Reason:
    """What is told of a message in this status whose record has this error."""
    if status in _NO_FAILURE:
        return NONE
    if error is None:
        return _numbered(_OF_STATUS.get(status, UNNAMED))
    if error in OURS:
        return _numbered(OURS[error])
    if _STATUS.fullmatch(error) or _HEX.fullmatch(error):
        number = int(error, 16)
    elif _DECIMAL.fullmatch(error):
        number = int(error)
    elif _WORD.fullmatch(error):
        return Reason(error.rjust(3, "0"), UNNAMED)
    else:
        number = 0
    return _numbered(number or _OF_STATUS.get(status, UNNAMED))


def _numbered(number: int) -> Reason:
    return Reason(f"{number:03d}", min(number, _LARGEST))
