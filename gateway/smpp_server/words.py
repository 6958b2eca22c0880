"""News on its way to a customer's binds, in the words of SMPP. Types alone: `wording` writes it, `telling` sends it."""

import msgspec

from gateway.model.message import OutboxEvent
from operators.smpp import pdu as p


class Words(msgspec.Struct, frozen=True, gc=False):
    """A deliver_sm as it is written: what stands behind the header, and its TLVs, which SMPP 3.3 knows not (S-15).

    It costs a third of the PDU and its codec (`python -m benchmarks.links`).
    """

    body: bytes
    tlvs: bytes

    def __repr__(self) -> str:
        return "Words(•••)"


class News(msgspec.Struct, gc=False):
    """One event in memory, with its PDU."""

    event: OutboxEvent
    pdu: p.DeliverSm | Words

    def __repr__(self) -> str:
        return f"News(seq={self.event.seq})"
