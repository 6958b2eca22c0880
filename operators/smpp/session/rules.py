"""The rules of a session as tables: states, what each takes and lets out, and what may be set (SMPP 3.4 §2.2, §2.3)."""

import enum
from typing import Final

import msgspec

from operators.smpp import pdu as p


class Role(enum.Enum):
    ESME = "esme"
    SMSC = "smsc"


class State(enum.Enum):
    OPEN = "open"
    BINDING = "binding"  # a bind is out (ESME), or waits for the host's verdict (SMSC)
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"  # an unbind came or is out: nothing new leaves, answers are awaited (S-19)
    CLOSED = "closed"


BOUND: Final = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})
SENDS: Final = frozenset({State.BOUND_TX, State.BOUND_TRX})
RECEIVES: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})

STATE_OF_BIND: Final = {
    p.BindTransmitter.command_id: State.BOUND_TX,
    p.BindReceiver.command_id: State.BOUND_RX,
    p.BindTransceiver.command_id: State.BOUND_TRX,
}
NEVER_ANSWERED: Final = frozenset({p.Outbind.command_id, p.AlertNotification.command_id})
AT_ONCE: Final = frozenset({p.EnquireLink.command_id, *STATE_OF_BIND})
"""Requests that do not wait for the verdict on a bind."""
OWN: Final = frozenset({*STATE_OF_BIND, p.Unbind.command_id, p.EnquireLink.command_id})
"""Requests whose answers concern the session alone."""
TLVS_SINCE: Final = 0x34
"""interface_version of SMPP 3.4, the first with TLVs."""
CARRIERS: Final = frozenset(
    {p.TAG_MESSAGE_PAYLOAD, p.TAG_SAR_MSG_REF_NUM, p.TAG_SAR_TOTAL_SEGMENTS, p.TAG_SAR_SEGMENT_SEQNUM}
)
"""TLVs without which a message is not the same."""

_TO_SMSC: Final = frozenset(
    kind.command_id for kind in (p.SubmitSm, p.SubmitMulti, p.DataSm, p.QuerySm, p.CancelSm, p.ReplaceSm)
)
_TO_ESME: Final = frozenset(kind.command_id for kind in (p.DeliverSm, p.DataSm, p.AlertNotification))

TAKES: Final[dict[Role, dict[State, frozenset[int]]]] = {
    Role.SMSC: {
        State.OPEN: frozenset(STATE_OF_BIND),
        State.BOUND_TX: _TO_SMSC,
        State.BOUND_TRX: _TO_SMSC,
        State.BOUND_RX: frozenset(),
    },
    Role.ESME: {
        State.OPEN: frozenset({p.Outbind.command_id}),
        State.BOUND_RX: _TO_ESME,
        State.BOUND_TRX: _TO_ESME,
        State.BOUND_TX: frozenset(),
    },
}
"""Requests that go to the host, by role and state. A state that is absent takes none."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """window: unanswered requests we may have out. Times in seconds; None switches a timer off.

    inbound: unanswered requests that the peer may have with us; beyond it they are answered ESME_RMSGQFUL.
    refuse_two_texts: a request with both short_message and message_payload is answered ESME_RINVOPTPARSTREAM; otherwise
    the payload is the message (S-11).
    """

    window: int = 64
    inbound: int = 10_000
    response_timeout_s: float = 10.0
    enquire_link_s: float | None = 30.0
    inactivity_s: float | None = None
    session_init_s: float | None = 10.0
    max_pdu_octets: int = 65_536
    long_password: bool = False
    refuse_two_texts: bool = False
