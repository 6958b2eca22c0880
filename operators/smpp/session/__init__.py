"""One SMPP session as a state machine, for either side: octets and times in, events and octets out. It has no clock.

`rules` are the tables, `events` what the host learns, `machine` the session itself; `held` and `liveness` are two of
its parts. This front is what others use.
"""

from operators.smpp.session.events import (
    BindAsked,
    BindRefused,
    BindUnreadable,
    Bound,
    Ended,
    Event,
    Flawed,
    Heard,
    NotBound,
    Request,
    Response,
    Unanswered,
)
from operators.smpp.session.machine import Session
from operators.smpp.session.rules import (
    BOUND,
    RECEIVES,
    SENDS,
    STATE_OF_BIND,
    TAKES,
    TLVS_SINCE,
    Role,
    SessionSettings,
    State,
)

__all__ = [
    "BOUND",
    "RECEIVES",
    "SENDS",
    "STATE_OF_BIND",
    "TAKES",
    "TLVS_SINCE",
    "BindAsked",
    "BindRefused",
    "BindUnreadable",
    "Bound",
    "Ended",
    "Event",
    "Flawed",
    "Heard",
    "NotBound",
    "Request",
    "Response",
    "Role",
    "Session",
    "SessionSettings",
    "State",
    "Unanswered",
]
