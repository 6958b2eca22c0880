"""Messages from people: what a deliver_sm or data_sm that is no receipt says (S-49). Pure; times are arguments.

The parts of a long message are gathered before anybody is told, and answered together when the whole is durable (Law
2): an SMSC that sends its next part only after the answer to the one before gets incomplete messages, and no loss.
"""

import hashlib
from typing import Final

import msgspec

from operators.base import MoMessage
from operators.smpp import pdu as p
from operators.smpp.coding import DefaultAlphabet, Encoding, decode_parts
from operators.smpp.reassembly import Held, Incomplete, Reassembly
from operators.smpp.udh import Concat, Udh, split_udh
from redaction.personal import MessageText, Msisdn

PARTS_LIMIT: Final = 2_000
"""Parts that wait for others, per operator; a part is at most 64 KiB and usually 140 octets."""
INTERNATIONAL: Final = 1


class IncomingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """wait_s: for the parts of one message. default_alphabet: what data_coding 0 means."""

    operator: str
    wait_s: float
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED


class Part(msgspec.Struct, frozen=True, gc=False):
    """One PDU's user data. handle: to answer it with."""

    pdu: p.DeliverSm | p.DataSm
    udh: Udh
    octets: bytes
    handle: object

    def __repr__(self) -> str:
        return "Part(•••)"


class Incoming:
    """salt: of the names under which parts are gathered, so that no number is a key."""

    def __init__(self, settings: IncomingSettings, salt: bytes, limit: int = PARTS_LIMIT) -> None:
        self._settings = settings
        self._salt = salt
        self._parts: Reassembly[Part] = Reassembly(wait_s=settings.wait_s, limit=limit)

    def __len__(self) -> int:
        """Parts that wait for others."""
        return len(self._parts)

    def take(self, pdu: p.DeliverSm | p.DataSm, handle: object, now: float) -> MoMessage | Held:
        """The message that this PDU completes; otherwise its answer waits with it, or it has to come again."""
        tlvs = dict(pdu.tlvs)
        udh, octets = split_udh(p.user_data(pdu), pdu.esm_class)
        part = Part(pdu, udh, octets, handle)
        place = udh.concat or _sar(tlvs)
        if place is None:
            return self._message((part,), ())
        found = self._parts.add(self._name(pdu), place.reference, place.total, place.sequence, part, now)
        return found if isinstance(found, Held) else self._message(found, ())

    def expire(self, now: float) -> list[MoMessage]:
        """What came of messages whose time is over, with the numbers of the parts that did not."""
        return [self._incomplete(each) for each in self._parts.expire(now)]

    def _incomplete(self, found: Incomplete[Part]) -> MoMessage:
        return self._message(found.parts, found.missing)

    def _name(self, pdu: p.DeliverSm | p.DataSm) -> bytes:
        ends = f"{pdu.source_addr}\0{pdu.destination_addr}".encode()
        return hashlib.blake2b(ends, key=self._salt, digest_size=16).digest()

    def _message(self, parts: tuple[Part, ...], missing: tuple[int, ...]) -> MoMessage:
        first = parts[0].pdu
        decoded = decode_parts(
            [(each.udh, each.octets) for each in parts], first.data_coding, self._settings.default_alphabet
        )
        encoding = decoded.encoding or Encoding.BINARY
        text = decoded.text if decoded.text is not None else (decoded.octets or b"").decode("latin-1")
        return MoMessage(
            operator=self._settings.operator,
            source=Msisdn(first.source_addr, 0),
            international=first.source_addr_ton == INTERNATIONAL,
            destination=first.destination_addr,
            text=MessageText(text),
            encoding=encoding.value,
            segments=len(parts) + len(missing),
            missing=missing,
            handle=tuple(each.handle for each in parts),
        )


def _sar(tlvs: dict[int, bytes]) -> Concat | None:
    """The place of a part that TLVs name (S-39)."""
    values = [tlvs.get(tag) for tag in (p.TAG_SAR_MSG_REF_NUM, p.TAG_SAR_TOTAL_SEGMENTS, p.TAG_SAR_SEGMENT_SEQNUM)]
    if any(not value for value in values):
        return None
    reference, total, sequence = (int.from_bytes(value or b"", "big") for value in values)
    return Concat(reference, total, sequence)
