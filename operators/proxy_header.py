"""The PROXY protocol, version 2: what a TCP proxy says, ahead of a connection's own octets, of who speaks through it.

Pure: octets in, an address out (https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt, §2.2).
"""

import ipaddress
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
HEAD_OCTETS: Final = 16
LONGEST: Final = 2_048
"""Of what follows the head: addresses, and TLVs that nothing here reads."""

_LOCAL: Final = 0x20
_PROXIED: Final = 0x21
_TCP4: Final = 0x11
_TCP6: Final = 0x21


class ProxyHeaderWrong(Exception):
    """What a proxy sent is no such header."""


def rest_octets(head: bytes) -> int:
    """How many octets follow these `HEAD_OCTETS`. Raises ProxyHeaderWrong."""
    length = int.from_bytes(head[14:16], "big")
    if len(head) != HEAD_OCTETS or head[:12] != SIGNATURE or head[12] not in (_LOCAL, _PROXIED) or length > LONGEST:
        raise ProxyHeaderWrong
    return length


def source(head: bytes, rest: bytes) -> str | None:
    """The address that the connection comes from; None when the proxy speaks for itself. Raises ProxyHeaderWrong."""
    if head[12] == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(head[13])
    if size is None or len(rest) < 2 * size + 4:
        raise ProxyHeaderWrong
    return str(ipaddress.ip_address(rest[:size]))
