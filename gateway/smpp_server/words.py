"""Notifications on their way to a customer's binds, as SMPP. Types alone: `wording` writes it, `telling` sends it."""

from typing import Final

import msgspec

from gateway.model.message import OutboxEvent
from operators.smpp import pdu as p

_DELIVER_SM: Final = p.DeliverSm.command_id


class Words(msgspec.Struct, frozen=True, gc=False):
    """A request as it is written: what stands behind the header, and its TLVs, which SMPP 3.3 knows not (S-15).

    It costs a third of the PDU and its codec (`python -m benchmarks.links`).
    """

    body: bytes
    tlvs: bytes
    command_id: int = _DELIVER_SM

    def __repr__(self) -> str:
        return "Words(•••)"


Written = p.DeliverSm | Words


class Forms(msgspec.Struct, frozen=True, gc=False):
    """The PDUs of one event, one after the other; old: for binds of SMPP 3.3, which knows neither TLVs nor data_sm."""

    now: tuple[Written, ...]
    old: tuple[Written, ...]

    def __repr__(self) -> str:
        return f"Forms({len(self.now)}, {len(self.old)})"


class News(msgspec.Struct, gc=False):
    """One event in memory, with its PDUs. done: how many of them are acknowledged. forms: those, once a bind has it."""

    event: OutboxEvent
    pdu: Words | Forms
    forms: tuple[Written, ...] = ()
    done: int = 0

    def __repr__(self) -> str:
        return f"News(seq={self.event.seq})"
