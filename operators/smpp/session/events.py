"""What a session reports to its host."""

from typing import Any

import msgspec

from operators.smpp.pdu import Flaw


class Request(msgspec.Struct, frozen=True, gc=False):
    """The peer asks for something; answer it with `Session.respond`."""

    pdu: Any


class Response(msgspec.Struct, frozen=True, gc=False):
    """The answer to a request of ours. late: it had timed out before (S-23)."""

    context: Any
    pdu: Any
    late: bool = False


class Unanswered(msgspec.Struct, frozen=True, gc=False):
    """A request of ours whose outcome is unknown: it timed out, or the link died with it (`lost`)."""

    context: Any
    lost: bool


class Heard(msgspec.Struct, frozen=True, gc=False):
    """The peer, which was silent, is there after all."""


class Flawed(msgspec.Struct, frozen=True, gc=False):
    """A PDU of the peer, of which another event may tell, could be read in part only (S-05); to be counted."""

    command_id: int
    flaw: Flaw


class BindAsked(msgspec.Struct, frozen=True, gc=False):
    """SMSC: a peer wants to bind; answer with `accept_bind` or `refuse_bind`."""

    pdu: Any


class BindUnreadable(msgspec.Struct, frozen=True, gc=False):
    """SMSC: a peer asked for a bind that cannot be read, and was refused; close the connection."""


class Bound(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was accepted."""

    pdu: Any


class BindRefused(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was refused with this status; close the connection."""

    status: int


class Ended(msgspec.Struct, frozen=True, gc=False):
    """Close the connection once the buffer is drained. reason: a short code."""

    reason: str


class NotBound(Exception):
    """The session's state lets no request of the host leave."""


Event = Request | Response | Unanswered | Heard | Flawed | BindAsked | BindUnreadable | Bound | BindRefused | Ended
