"""What a PDU is, and how a layout describes one: a row per field, in the order of the standard, with its limit and the
status that answers a breach of it (S-09). Fields are written and read by kind; nothing here knows any particular PDU.
"""

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from operators.smpp import status as st

HEADER: Final = struct.Struct(">IIII")
HEADER_OCTETS: Final = 16
RESPONSE: Final = 0x80000000


class PduError(Exception):
    """A PDU that does not parse. status: what to answer; command_id, sequence_number: whom."""

    def __init__(self, status: int, command_id: int, sequence_number: int) -> None:
        super().__init__(st.name_of(status))
        self.status = status
        self.command_id = command_id
        self.sequence_number = sequence_number


class EncodeError(ValueError):
    """A field does not fit its place in the PDU; names the field, never the value."""


class Breach(Exception):
    """A field that does not parse, and the status for it. Never leaves this package."""

    def __init__(self, status: int) -> None:
        self.status = status


class Row(msgspec.Struct, frozen=True):
    """A field of a layout.

    kind: "u8"; "c" (C-octet string, `limit` includes the terminator); "sm" (length and octets); "dests" and "unsuccess"
    (the lists of submit_multi and of its response). fault: the status for a breach of the limit.
    """

    name: str
    kind: str
    limit: int = 0
    fault: int = st.RINVPARLEN


class Pdu(msgspec.Struct, gc=False):
    """What every PDU has. A response's `status` may be any number, known or not (S-07)."""

    command_id: ClassVar[int] = 0
    layout: ClassVar[tuple[Row, ...]] = ()
    has_tlvs: ClassVar[bool] = False
    gives_id: ClassVar[bool] = False
    """It is the answer to a message, and its message_id is what receipts will name."""

    sequence_number: int = 0
    status: int = 0

    def __repr__(self) -> str:
        """Name and sequence number only: fields of a PDU are personal."""
        return f"{type(self).__name__}(sequence_number={self.sequence_number}, status={self.status:#x})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """As `__repr__`, for pretty printers."""
        return [("sequence_number", self.sequence_number), ("status", self.status)]


class SmeAddress(msgspec.Struct, frozen=True, gc=False):
    """A destination of submit_multi (§4.5.1.1, dest_flag 1)."""

    ton: int
    npi: int
    addr: str

    def __repr__(self) -> str:
        return "SmeAddress(…)"


class DistributionList(msgspec.Struct, frozen=True, gc=False):
    """A list of destinations that the SMSC keeps under a name (§4.5.1.2, dest_flag 2)."""

    dl_name: str

    def __repr__(self) -> str:
        return "DistributionList(…)"


class UnsuccessSme(msgspec.Struct, frozen=True, gc=False):
    """A destination of submit_multi that was not taken, and why (§4.5.2.1)."""

    ton: int
    npi: int
    addr: str
    error_status_code: int

    def __repr__(self) -> str:
        return f"UnsuccessSme(error_status_code={self.error_status_code:#x})"


Destinations = tuple[SmeAddress | DistributionList, ...]
Unsuccessful = tuple[UnsuccessSme, ...]

MAX_DESTINATIONS: Final = 254
"""§5.2.24."""
_ADDRESS_LIMIT: Final = 21
_U32: Final = struct.Struct(">I")

# ---------------------------------------------------------------------------------------------------- writing


def write_field(row: Row, value: Any) -> bytes:
    """Raises EncodeError with the row's name."""
    octets = _WRITERS[row.kind](row, value)
    if octets is None:
        raise EncodeError(row.name)
    return octets


def _write_u8(row: Row, value: int) -> bytes | None:
    return bytes((value,)) if 0 <= value <= 255 else None


def _write_c(row: Row, text: str) -> bytes | None:
    return _c_octets(text, row.limit)


def _c_octets(text: str, limit: int) -> bytes | None:
    """A C-octet string, or None. No error leaves here, because Python's own carries the text."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return None if 0 in octets or len(octets) >= limit else octets + b"\0"


def _write_sm(row: Row, octets: bytes) -> bytes | None:
    return None if len(octets) > row.limit else bytes((len(octets),)) + octets


def _write_dests(row: Row, destinations: Destinations) -> bytes | None:
    if not 0 < len(destinations) <= row.limit:
        return None
    out = [bytes((len(destinations),))]
    for each in destinations:
        if isinstance(each, SmeAddress):
            head, tail = _two(b"\1", each.ton, each.npi), _c_octets(each.addr, _ADDRESS_LIMIT)
        else:
            head, tail = b"\2", _c_octets(each.dl_name, _ADDRESS_LIMIT)
        if head is None or tail is None:
            return None
        out += [head, tail]
    return b"".join(out)


def _write_unsuccess(row: Row, refused: Unsuccessful) -> bytes | None:
    if len(refused) > row.limit:
        return None
    out = [bytes((len(refused),))]
    for each in refused:
        head, addr = _two(b"", each.ton, each.npi), _c_octets(each.addr, _ADDRESS_LIMIT)
        if head is None or addr is None or not 0 <= each.error_status_code <= 0xFFFFFFFF:
            return None
        out += [head, addr, _U32.pack(each.error_status_code)]
    return b"".join(out)


def _two(before: bytes, ton: int, npi: int) -> bytes | None:
    return before + bytes((ton, npi)) if 0 <= ton <= 255 and 0 <= npi <= 255 else None


_WRITERS: Final[dict[str, Callable[[Row, Any], bytes | None]]] = {
    "u8": _write_u8,
    "c": _write_c,
    "sm": _write_sm,
    "dests": _write_dests,
    "unsuccess": _write_unsuccess,
}

# ---------------------------------------------------------------------------------------------------- reading


def read_field(frame: bytes, at: int, row: Row, limit: int) -> tuple[Any, int]:
    """The field at `at`, and where the next one begins. Raises Breach."""
    return _READERS[row.kind](frame, at, row, limit)


def _read_u8(frame: bytes, at: int, row: Row, limit: int) -> tuple[int, int]:
    if at >= len(frame):
        raise Breach(st.RINVMSGLEN)
    return frame[at], at + 1


def _read_c(frame: bytes, at: int, row: Row, limit: int) -> tuple[str, int]:
    end = frame.find(0, at, at + limit)
    if end < 0:
        raise Breach(row.fault)
    return frame[at:end].decode("latin-1"), end + 1


def cut_string(frame: bytes, at: int, limit: int) -> tuple[str, int]:
    """What can be had of a C-octet string that breaks its rule, and where the next field begins: it ends at its
    terminator, wherever that is, or with the frame.
    """
    end = frame.find(0, at)
    whole = frame[at:] if end < 0 else frame[at:end]
    return whole[: limit - 1].decode("latin-1"), len(frame) if end < 0 else end + 1


def _read_sm(frame: bytes, at: int, row: Row, limit: int) -> tuple[bytes, int]:
    if at >= len(frame):
        raise Breach(row.fault)
    end = at + 1 + frame[at]
    if end > len(frame):
        raise Breach(st.RINVMSGLEN)
    return frame[at + 1 : end], end


_ADDRESS: Final = Row("addr", "c", _ADDRESS_LIMIT, st.RINVDSTADR)
_LIST: Final = Row("dl_name", "c", _ADDRESS_LIMIT, st.RINVDLNAME)


def _read_dests(frame: bytes, at: int, row: Row, limit: int) -> tuple[Destinations, int]:
    count, at = _read_u8(frame, at, row, 0)
    if not 0 < count <= limit:
        raise Breach(row.fault)
    found: list[SmeAddress | DistributionList] = []
    for _ in range(count):
        flag, at = _read_u8(frame, at, row, 0)
        if flag == 1:
            ton, npi, addr, at = _read_address(frame, at)
            found.append(SmeAddress(ton, npi, addr))
        elif flag == 2:
            dl_name, at = _read_c(frame, at, _LIST, _LIST.limit)
            found.append(DistributionList(dl_name))
        else:
            raise Breach(st.RINVDESTFLAG)
    return tuple(found), at


def _read_unsuccess(frame: bytes, at: int, row: Row, limit: int) -> tuple[Unsuccessful, int]:
    count, at = _read_u8(frame, at, row, 0)
    found = []
    for _ in range(count):
        ton, npi, addr, at = _read_address(frame, at)
        if at + 4 > len(frame):
            raise Breach(st.RINVMSGLEN)
        found.append(UnsuccessSme(ton, npi, addr, _U32.unpack_from(frame, at)[0]))
        at += 4
    return tuple(found), at


def _read_address(frame: bytes, at: int) -> tuple[int, int, str, int]:
    ton, at = _read_u8(frame, at, _ADDRESS, 0)
    npi, at = _read_u8(frame, at, _ADDRESS, 0)
    addr, at = _read_c(frame, at, _ADDRESS, _ADDRESS.limit)
    return ton, npi, addr, at


_READERS: Final[dict[str, Callable[[bytes, int, Row, int], tuple[Any, int]]]] = {
    "u8": _read_u8,
    "c": _read_c,
    "sm": _read_sm,
    "dests": _read_dests,
    "unsuccess": _read_unsuccess,
}
