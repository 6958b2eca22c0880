"""The id of a message: 6 bytes of milliseconds and 10 random ones; so ids are ordered by time, and tell nobody how many
there are.

Outside it is written as 32 hexadecimal digits in lower case, and as a cursor as 22 characters of base64url. Exactly
what was written so is read again, wherever it comes in: over HTTP, over SMPP, on the command line. Anything else is the
id of no message, and no ledger is asked for it.
"""

import base64
import re
from hashlib import blake2s
from typing import Final

_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)  # the last character carries two bits


def message_id(now_ms: int, drawn: int, random: bytes) -> bytes:
    """16 bytes. drawn: 0..65535, unpredictable. random: 8 unpredictable octets, the first of which may name a place."""
    return (now_ms << 16 | drawn & 0xFFFF).to_bytes(8, "big") + random


def concat_reference(identifier: bytes) -> int:
    """The reference that all segments of a message share (S-38), 0..65535: always the same for an id, and nothing of
    the id can be told by it.
    """
    return int.from_bytes(blake2s(identifier, digest_size=2).digest(), "big")


def parse_message_id(written: str) -> bytes | None:
    """The 16 bytes of an id, or None for what the gateway never wrote."""
    return bytes.fromhex(written) if _ID.fullmatch(written) else None


def write_cursor(identifier: bytes) -> str:
    """Where a list goes on, from the id of the last message shown."""
    return base64.urlsafe_b64encode(identifier).decode("ascii").rstrip("=")


def parse_cursor(written: str) -> bytes | None:
    """The 16 bytes, or None for what the gateway never wrote."""
    return base64.urlsafe_b64decode(written + "==") if _CURSOR.fullmatch(written) else None


def first_id(at_ms: int) -> bytes:
    """Below the ids of all messages from that time on, and above all earlier ones."""
    return at_ms.to_bytes(6, "big") + bytes(10)


def time_of(identifier: bytes) -> int:
    """When a message of this id came, in epoch milliseconds."""
    return int.from_bytes(identifier[:6], "big")
