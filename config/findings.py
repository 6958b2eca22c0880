"""What a check finds, and what the checks of several places ask."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from config.problems import Path, Severity

Finding = tuple[Path, str, str, Severity]
"""The key, a stable code, what is wrong, and what that does."""
PLAIN_LISTENER: Final = "a plain listener is for loopback only; set tls_terminated_upstream if a proxy speaks TLS"


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine. Other names are not resolved and count as elsewhere."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_network(text: str) -> bool:
    """Whether it is an address or a network."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def split_url(url: str) -> SplitResult:
    """The parts of an address; all empty where it has a host or a port that cannot be read."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only now
    except ValueError:
        return urlsplit("")
    return parts
