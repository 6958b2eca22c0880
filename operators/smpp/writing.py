"""The usual submit_sm as octets, straight from the message: what `Dialect.submit_sm` and the codec make of it, for a
third of their cost (docs/performance.md, "The two SMPP ends"). A test holds the two together.

Everything but the recipient and the text repeats itself from message to message, and is kept in two small tables:
sender names, which are registered and no personal data, and the fields between the addresses and the text.
"""

from typing import Final

from operators.base import MtMessage
from operators.smpp import pdu as p
from operators.smpp.dialect import Dialect
from operators.smpp.pdu.tlv import encode_tlvs
from operators.smpp.segments import EncodedSegment
from redaction.personal import Purpose

KEPT: Final = 1_024
"""Rows of each table; a table that is full starts anew."""
_DIGITS: Final = 20
_Fields = tuple[int, int | None, bool, int, bool]
_LENGTHS: Final = [bytes((length,)) for length in range(256)]


class Writer:
    """dialect: of the operator. Absolute times change too often to be kept: with them a message has no short way, nor
    where its PDUs say whether more follow.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._fronts: dict[str, bytes] = {}
        self._middles: dict[_Fields, bytes] = {}
        self._says_more = dialect.manner.more
        self._tail = encode_tlvs(dialect.manner.tlvs)

    def body(self, message: MtMessage, segment: EncodedSegment, now_ms: int) -> bytes | None:
        """What stands behind the header; None for whatever is not usual. Raises AddressError and EncodeError."""
        source, octets = message.source, segment.short_message
        if type(source) is not str or segment.payload or segment.sar is not None or len(octets) > 255:
            return None
        if self._says_more or message.protocol_id is not None or message.priority is not None or message.reply_path:
            return None
        digits = message.destination.reveal(Purpose.DELIVER)
        if len(digits) > _DIGITS or not digits.isdigit() or not digits.isascii():
            return None
        if self._dialect.offset_quarters is not None and message.validity_s is not None:
            return None
        front = self._fronts.get(source)
        fields = (segment.esm_class, message.validity_s, message.receipt, segment.data_coding, message.flash)
        middle = self._middles.get(fields)
        if front is None or middle is None:
            front, middle = self._learn(source, fields, message, segment, now_ms)
        return b"".join((front, digits.encode("ascii"), middle, _LENGTHS[len(octets)], octets, self._tail))

    def _learn(
        self, source: str, fields: _Fields, message: MtMessage, segment: EncodedSegment, now_ms: int
    ) -> tuple[bytes, bytes]:
        """Both are cut out of an empty PDU."""
        pdu = self._dialect.submit_sm(message, segment, now_ms)
        pdu.destination_addr, pdu.short_message, pdu.tlvs = "", b"", ()
        octets = p.encode(pdu)
        ahead = len(pdu.service_type) + len(pdu.source_addr)
        end = p.HEADER_OCTETS + ahead + 6  # the terminators of both, and TON and NPI of the addresses
        if len(self._fronts) >= KEPT:
            self._fronts.clear()
        if len(self._middles) >= KEPT:
            self._middles.clear()
        front = self._fronts[source] = octets[p.HEADER_OCTETS : end]
        middle = self._middles[fields] = octets[end:-1]
        return front, middle
