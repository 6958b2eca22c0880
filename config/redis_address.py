"""The address of a Redis as people write it: one server, a Sentinel's service, or a cluster. Pure.

    redis://host:6379/0                           one server (rediss:// with TLS)
    redis+sentinel://host1:26379,host2:26379/name the primary that the sentinels name
    redis+cluster://host1:7000,host2:7001         a cluster, found from any of its nodes

User and password are not part of it: they come from `user` and `password`.
"""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

# Not by urlsplit: some releases of Python refuse several hosts of which a later one stands in brackets.
_ADDRESS: Final = re.compile(r"(?i:(rediss?)(?:\+(sentinel|cluster))?)://([^/?#]*)/*([^?#]*)")
_PORTS: Final = {"single": 6379, "sentinel": 26379, "cluster": 6379}


class AddressError(ValueError):
    """The text is no such address; what it says names the mistake and no secret."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """kind: "single", "sentinel" or "cluster". service: the name that the sentinels know the primary by."""

    kind: str
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    database: int = 0
    service: str = ""


def parse_address(text: str) -> Address:
    """Raises AddressError."""
    found = _ADDRESS.match(text.strip())
    if found is None:
        raise AddressError("begins with redis://, rediss://, or either with +sentinel or +cluster")
    base, kind, names, path = (part or "" for part in found.groups())
    tls, kind, path = base.lower() == "rediss", kind.lower() or "single", path.rstrip("/")
    if "@" in names:
        raise AddressError("holds a user or password; use the settings of that name")
    hosts = tuple(_host(each, _PORTS[kind]) for each in names.split(",") if each)
    if not hosts or (kind == "single" and len(hosts) > 1):
        raise AddressError("names no host" if not hosts else "names more than one host")
    if kind == "sentinel":
        service, _, database = path.partition("/")
        if not service:
            raise AddressError("names no service of the sentinels")
        return Address(kind=kind, tls=tls, hosts=hosts, service=service, database=_database(database))
    if kind == "cluster" and path not in ("", "0"):
        raise AddressError("a cluster has database 0 only")
    return Address(kind=kind, tls=tls, hosts=hosts, database=_database(path))


def _host(text: str, usual: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        raise AddressError("has a host or a port that cannot be read") from None
    if not parts.hostname:
        raise AddressError("names no host")
    return parts.hostname, usual if port is None else port


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise AddressError("has a database that is no number")
    return int(text or 0)
