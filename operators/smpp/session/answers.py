"""What a session says by itself, as octets: refusals, the answer to a bind, and PDUs as an older peer can read them."""

from typing import Final

import msgspec

from operators.smpp import pdu as p
from operators.smpp.session.rules import CARRIERS, TLVS_SINCE

_SPOKEN: Final[p.Tlvs] = ((p.TAG_SC_INTERFACE_VERSION, b"\x34"),)


def refusal(command_id: int, sequence_number: int, status: int) -> bytes:
    """The answer to a request that is not taken; generic_nack where its kind has none (S-04)."""
    kind = p.TYPES.get(command_id | p.RESPONSE, p.GenericNack)
    return p.encode(kind(sequence_number=sequence_number, status=status))


def acceptance(asked: p.Bind, system_id: str) -> bytes:
    """The bind stands. 3.3 peers get no TLV (S-15)."""
    kind = p.TYPES[asked.command_id | p.RESPONSE]
    tlvs = _SPOKEN if asked.interface_version >= TLVS_SINCE else ()
    return p.encode(kind(sequence_number=asked.sequence_number, system_id=system_id, tlvs=tlvs))  # type: ignore[call-arg]


def octets_for(pdu: p.Pdu, peer_version: int) -> bytes:
    """The PDU, without TLVs where the peer knows none (S-15). Raises EncodeError, also when they carry the message."""
    if peer_version >= TLVS_SINCE or not pdu.has_tlvs:
        return p.encode(pdu)
    if any(tag in CARRIERS for tag, _ in getattr(pdu, "tlvs")):  # noqa: B009  not every Pdu has it
        raise p.EncodeError("tlvs")
    return p.encode(msgspec.structs.replace(pdu, tlvs=()))
