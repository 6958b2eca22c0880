"""Addresses from which people sign in: whole for some days, then their network, then nothing (PRIVACY.md P-04)."""

import ipaddress
from typing import Final

_PREFIX: Final = {4: 24, 6: 48}
"""Bits that are left of an address."""


def whole(address: str) -> str:
    """The one spelling of an address; "" for what is none. One of IPv4 that is written as IPv6 is the IPv4 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def truncated(address: str) -> str:
    """Its network, /24 or /48; "" for what is no address. A network stays as it is."""
    if "/" in address:
        return address
    spelled = whole(address)
    if not spelled:
        return ""
    return str(ipaddress.ip_network((spelled, _PREFIX[ipaddress.ip_address(spelled).version]), strict=False))
