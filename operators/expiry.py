"""When certificates end: of a peer, as its last handshake showed it, and of a PEM file. Seconds of the epoch."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
_VERSION, _UTC_TIME, _ANY_TIME = 0xA0, 0x17, 0x18
_SHORT_BELOW: Final = 0x80
_LAST_CENTURY_FROM: Final = 50
"""Two digits of a year are of 1950 to 2049 (RFC 5280 §4.1.2.5.1)."""


class PeerExpiry:
    """ends_s: when the peer's certificate ends; None where none was shown, or nobody looked whether it is its own."""

    __slots__ = ("ends_s",)

    def __init__(self) -> None:
        self.ends_s: float | None = None

    def note(self, transport: asyncio.BaseTransport) -> None:
        """Of a connection that was made just now."""
        shown = transport.get_extra_info("peercert")
        ends = shown.get("notAfter") if isinstance(shown, dict) else None
        if isinstance(ends, str):
            self.ends_s = float(ssl.cert_time_to_seconds(ends))


def file_ends_s(path: str) -> float | None:
    """Of the first certificate of the file, which is the one that is shown; None for a file that has none.

    Raises OSError.
    """
    text = Path(path).read_text("ascii", errors="replace")
    begin = text.find(_BEGIN)
    end = text.find(_END, begin)
    if begin < 0 or end < 0:
        return None
    try:
        return _ends_s(ssl.PEM_cert_to_DER_cert(text[begin : end + len(_END)]))
    except (ValueError, IndexError):
        return None


def _ends_s(der: bytes) -> float:
    """Of a certificate (RFC 5280 §4.1). Raises ValueError and IndexError for what is none."""
    ((_, certificate),) = _parts(der)
    (_, to_be_signed), *_ = _parts(certificate)
    fields = [value for tag, value in _parts(to_be_signed) if tag != _VERSION]
    _serial, _algorithm, _issuer, validity, *_ = fields
    _, (tag, ends) = _parts(validity)
    return _time(tag, ends.decode("ascii")).timestamp()


def _time(tag: int, written: str) -> datetime:
    if tag == _UTC_TIME:
        written = ("19" if int(written[:2]) >= _LAST_CENTURY_FROM else "20") + written
    elif tag != _ANY_TIME:
        raise ValueError(tag)
    return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _parts(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values that follow each other (X.690 §8.1)."""
    at = 0
    while at < len(octets):
        tag, length = octets[at], octets[at + 1]
        at += 2
        if length >= _SHORT_BELOW:
            more = length - _SHORT_BELOW
            length = int.from_bytes(octets[at : at + more], "big")
            at += more
        if at + length > len(octets):
            raise ValueError(length)
        yield tag, octets[at : at + length]
        at += length
