"""What comes back to the client: with the answer to a segment, and with the acknowledgement of a receipt."""

import msgspec

from operators.smpp import pdu as p
from operators.smpp.connection import Connection


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What comes back with a segment's answer."""

    token: object
    segment: int


class Handle(msgspec.Struct, frozen=True, gc=False):
    """Where a receipt came from, to answer it there."""

    connection: Connection
    request: p.DeliverSm | p.DataSm

    def __repr__(self) -> str:
        return "Handle(•••)"
