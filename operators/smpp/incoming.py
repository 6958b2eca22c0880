"""Messages from people: what a deliver_sm or data_sm that is no receipt says (S-49). Pure; times are arguments.

Each part of a long message brings what is there of it, so that the gateway keeps it and the SMSC is answered at once
(Law 2), whatever the others do.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from operators.base import MoMessage
from operators.smpp import pdu as p
from operators.smpp.coding import DecodedText, DefaultAlphabet, Encoding, decode_parts, encoding_of
from operators.smpp.reassembly import Gathered, Held, Place, Reassembly
from operators.smpp.udh import Concat, Udh, split_udh, without_concat
from redaction.personal import MessageText, Msisdn

PARTS_LIMIT: Final = 2_000
"""Parts that wait for others, per operator; a part is at most 64 KiB and usually 140 octets."""
INTERNATIONAL: Final = 1


class IncomingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """wait_s: for the parts of one message. default_alphabet: what data_coding 0 means."""

    operator: str
    wait_s: float
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED


class PartHandle(msgspec.Struct, frozen=True):
    """To answer a part with, and where it belongs."""

    handle: object
    place: Place


class Part(msgspec.Struct, frozen=True, gc=False):
    """One PDU's user data. header: what its header says beside which part it is."""

    pdu: p.DeliverSm | p.DataSm
    udh: Udh
    octets: bytes
    header: bytes = b""

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
        """What is there of the message with this PDU, to be answered with `answered`."""
        user_data = p.user_data(pdu)
        udh, octets = split_udh(user_data, pdu.esm_class)
        part = Part(pdu, udh, octets, without_concat(user_data[: udh.length]) if udh.length else b"")
        place = udh.concat or _sar(dict(pdu.tlvs))
        if place is None:
            return self._message(Gathered(0, (part,)), (handle,))
        digest = self._digest(user_data)
        found = self._parts.add(self._name(pdu), place.reference, place.total, place.sequence, part, digest, now)
        if isinstance(found, Held):
            return found
        return self._message(found, (handle,) if found.place is None else PartHandle(handle, found.place))

    def answered(self, part: PartHandle, now: float, *, taken: bool) -> None:
        """The part is durable, or has to come again."""
        if taken:
            self._parts.keep(part.place, now)
        else:
            self._parts.withdraw(part.place)

    def expire(self, now: float) -> list[MoMessage]:
        """What came of messages whose time is over, with the numbers of the parts that did not."""
        return [self._message(each, None) for each in self._parts.expire(now)]

    def _name(self, pdu: p.DeliverSm | p.DataSm) -> bytes:
        return self._digest(f"{pdu.source_addr}\0{pdu.destination_addr}".encode())

    def _digest(self, octets: bytes) -> bytes:
        return hashlib.blake2b(octets, key=self._salt, digest_size=16).digest()

    def _message(self, found: Gathered[Part], handle: object) -> MoMessage:
        parts, missing = found.parts, found.missing
        first = parts[0].pdu
        decoded = _decoded(
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
            header=parts[0].header,
            gathering=found.number,
            is_last=handle is None or not missing,
            wait_s=self._settings.wait_s if found.number else 0.0,
            handle=handle,
        )


def _decoded(parts: Sequence[tuple[Udh, bytes]], data_coding: int, alphabet: DefaultAlphabet) -> DecodedText:
    """Octets that the default alphabet lacks are Latin-1 where they are a text there: some SMSCs say no coding."""
    decoded = decode_parts(parts, data_coding, alphabet)
    octets = decoded.octets
    if octets is None or encoding_of(data_coding) is not Encoding.GSM7 or octets.translate(None, _LATIN1):
        return decoded
    return DecodedText(octets.decode("latin-1"), None, Encoding.LATIN1)


_LATIN1: Final = bytes((*b"\t\n\r", *range(0x20, 0x7F), *range(0xA0, 0x100)))
"""Octets of texts in Latin-1."""


def _sar(tlvs: dict[int, bytes]) -> Concat | None:
    """The place of a part that TLVs name (S-39)."""
    values = [tlvs.get(tag) for tag in (p.TAG_SAR_MSG_REF_NUM, p.TAG_SAR_TOTAL_SEGMENTS, p.TAG_SAR_SEGMENT_SEQNUM)]
    if any(not value for value in values):
        return None
    reference, total, sequence = (int.from_bytes(value or b"", "big") for value in values)
    return Concat(reference, total, sequence)
