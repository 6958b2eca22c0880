"""Arguments of many parts, as MessagePack of the kind that the server's own reader knows: it has no type for octets, so
those travel as text of that length.
"""

from typing import Final

import msgspec

encode: Final = msgspec.msgpack.Encoder().encode

_SHORT: Final = 32
_MIDDLE: Final = 65_536


def octets(raw: bytes) -> msgspec.Raw:
    """Octets for `encode`."""
    size = len(raw)
    if size < _SHORT:
        return msgspec.Raw(bytes((0xA0 | size,)) + raw)
    if size < _MIDDLE:
        return msgspec.Raw(b"\xda" + size.to_bytes(2, "big") + raw)
    return msgspec.Raw(b"\xdb" + size.to_bytes(4, "big") + raw)
