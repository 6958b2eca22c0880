"""What a text becomes on its way to an operator, and what that one can take. Types alone: `segments` makes them."""

import enum

import msgspec

from operators.smpp.coding import DefaultAlphabet, Encoding


class ConcatMode(enum.StrEnum):
    """How the segments of a long message are tied together (S-38, S-39)."""

    UDH8 = "udh8"  # 6-octet header
    UDH16 = "udh16"  # 7-octet header
    SAR = "sar"  # sar_* TLVs; the SMSC writes the header, and room is left for its usual 6 octets
    PAYLOAD = "payload"  # one PDU with message_payload; the SMSC cuts


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator can take.

    languages: national language identifiers (`national.Language`) that may be tried, in order of preference, before
    UCS-2; they need headers, so SAR, PAYLOAD and alphabets other than GSM do without. A phone that lacks the tables
    shows wrong characters: list only what the operator's country uses.
    latin1: Latin-1 (data_coding 3) may be used before UCS-2.
    binary: the text's code points are octets.
    """

    concat: ConcatMode = ConcatMode.UDH8
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED
    languages: tuple[int, ...] = ()
    latin1: bool = False
    binary: bool = False


class EncodedSegment(msgspec.Struct, frozen=True, gc=False):
    """One submit_sm's worth.

    esm_class: 0, or 0x40 when short_message begins with a header.
    short_message: the octets, header included; for `payload` those of the message_payload TLV instead.
    sar: sar_msg_ref_num, sar_total_segments, sar_segment_seqnum, or None.
    """

    data_coding: int
    esm_class: int
    short_message: bytes
    sar: tuple[int, int, int] | None = None
    payload: bool = False

    def __repr__(self) -> str:
        return f"EncodedSegment(data_coding={self.data_coding:#04x}, octets={len(self.short_message)})"


class Shape(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all segments of one message share."""

    encoding: Encoding
    alphabet: DefaultAlphabet
    concat: ConcatMode
    reference: int
    locking: int
    single: int
    data_coding: int
