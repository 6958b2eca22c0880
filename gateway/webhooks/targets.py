"""Which URLs may be called: the rule against server-side request forgery.

A URL is https, has a host name and nothing that could hide another one, and every address that the name resolves to
must be public. The connection is made to an address that was checked, never to the name, so a name that resolves
differently a moment later changes nothing. For development, loopback (and plain http to it) can be allowed.
"""

import ipaddress
import re
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import urlsplit

from redaction.errors import alone

MAX_URL_LENGTH: Final = 2048
MAX_FILLED_LENGTH: Final = 65_536
"""Of a URL that a text of many parts was put into."""
HTTPS_PORT: Final = 443
HTTP_PORT: Final = 80
"""Of plain http, where that is allowed for a host by its name."""
LOWEST_OTHER_PORT: Final = 1024
MAX_ADDRESSES: Final = 16

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Origin = tuple[bool, str, int]
"""Whether TLS, host, port: what connections are shared by."""

_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without space, control characters and the backslash
_BRACKETS = re.compile(r"\[([0-9a-f:.]+)\](:[0-9]*)?", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

# As they stand: Python before 3.13 does not call an IPv4 loopback that an IPv6 form wraps loopback, and later ones do.
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214 §6.1)."""
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "168.63.129.16/32",  # a cloud's own services, from within its machines
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)


class TargetRefused(Exception):
    """A URL may not be called. `code` is one word, for example `scheme` or `address`; the URL is never part of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Target:
    """Where a URL leads. head: start of a request, up to the Host line. is_plain: it goes out in clear, as was allowed
    for its host.

    Prints without path and query, which may hold a customer's token.
    """

    __slots__ = ("head", "host", "is_plain", "origin", "port", "tls", "url")

    def __init__(self, url: str, *, tls: bool, host: str, port: int, path: str, is_plain: bool = False) -> None:
        self.url = url
        self.is_plain = is_plain
        self.tls = tls
        self.host = host
        self.port = port
        self.origin = (tls, host, port)
        self.head = b"POST %b HTTP/1.1\r\nHost: %b\r\n" % (path.encode(), _authority(tls, host, port).encode())

    def start(self, method: bytes) -> bytes:
        """Of a request, up to the Host line."""
        return self.head if method == b"POST" else method + self.head[len(b"POST") :]

    def __repr__(self) -> str:
        return "Target(•••)"


def parse_target(
    url: str,
    *,
    allow_loopback: bool = False,
    plain_hosts: Collection[str] = (),
    limit: int = MAX_URL_LENGTH,
) -> Target:
    """plain_hosts: names to which plain http may go, in small letters. limit: characters, at most.

    Raises TargetRefused with `form`, `scheme`, `credentials`, `fragment`, `host` or `port`.
    """
    if len(url) > limit or not _PRINTABLE.fullmatch(url):
        raise TargetRefused("form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise alone(TargetRefused("form")) from None
    is_plain = parts.scheme == "http" and parts.hostname in plain_hosts
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not (allow_loopback or is_plain)):
        raise TargetRefused("scheme")
    if "@" in parts.netloc:
        raise TargetRefused("credentials")
    if "#" in url:
        raise TargetRefused("fragment")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = _checked_address(parts.netloc) if "[" in parts.netloc else _checked_name(parts.hostname)
    if is_plain and port in (None, HTTP_PORT):
        return Target(url, tls=tls, host=host, port=HTTP_PORT, path=path, is_plain=True)
    return Target(url, tls=tls, host=host, port=_checked_port(port, tls), path=path, is_plain=is_plain)


def checked_addresses(found: Sequence[str], target: Target, *, allow_loopback: bool = False) -> tuple[str, ...]:
    """The addresses, when every one of them may be called. Raises TargetRefused: `unresolved` or `address`.

    One that may not makes the whole name refused: a name that is half private is an attack or a mistake. Plain http may
    lead to loopback only, but for a host for which it was allowed.
    """
    if not found:
        raise TargetRefused("unresolved")
    addresses = [_parsed(text) for text in found]
    for address in addresses:
        loopback = allow_loopback and any(address in network for network in _LOOPBACK)
        if not loopback and not ((target.tls or target.is_plain) and is_public(address)):
            raise TargetRefused("address")
    return tuple(dict.fromkeys(str(address) for address in addresses))[:MAX_ADDRESSES]


def is_public(address: IpAddress) -> bool:
    """Whether the address is one that anybody on the Internet may be at, also when an IPv6 form wraps an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_V6 or (_is_isatap(address) and not is_public(_last_four(address))):
            return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    if special or not address.is_global:
        return False
    return not any(address in network for network in _NEVER if network.version == address.version)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address in an IPv4-mapped, 6to4 or NAT64 address, which stands for it."""
    return _last_four(address) if address in _NAT64 else address.ipv4_mapped or address.sixtofour


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    """Whether a host of its network leads on to the IPv4 address at its end (RFC 5214 §6.1)."""
    return int(address) >> 32 & 0xFFFFFFFF in _ISATAP


def _last_four(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _parsed(text: str) -> IpAddress:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise alone(TargetRefused("address")) from None


def _checked_name(host: str | None) -> str:
    """A name of letters, digits and dashes (others in their `xn--` form), or an IPv4 address."""
    if not host or not _HOST.fullmatch(host):
        raise TargetRefused("host")
    return host


def _checked_address(place: str) -> str:
    """The IPv6 address between the brackets (RFC 3986 §3.2.2), and nothing around them but a port.

    No zone: it names a network of one machine, in characters that neither a resolver nor TLS takes.
    """
    found = _BRACKETS.fullmatch(place)
    if found is None:
        raise TargetRefused("host")
    try:
        return str(ipaddress.IPv6Address(found.group(1)))
    except ValueError:
        raise alone(TargetRefused("host")) from None


def _checked_port(port: int | None, tls: bool) -> int:
    actual = port if port is not None else HTTPS_PORT if tls else HTTP_PORT
    if actual != HTTPS_PORT and actual < LOWEST_OTHER_PORT:
        raise TargetRefused("port")
    return actual


def _authority(tls: bool, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if tls and port == HTTPS_PORT else f"{name}:{port}"
