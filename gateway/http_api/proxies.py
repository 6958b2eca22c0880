"""From where a request comes, behind proxies that are trusted, too."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from aiohttp import web

from operators.seats import parsed_address, parsed_networks

FORWARDED: Final = "X-Forwarded-For"

Address = IPv4Address | IPv6Address
Remote = Callable[[], str | None]
Forwarded = Callable[[], Sequence[str]]


class Proxies:
    """trusted: networks of proxies whose `X-Forwarded-For` is believed, for its last entry only."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = parsed_networks(trusted)

    def address(self, remote: str | None, forwarded: Forwarded) -> Address | None:
        """remote: of the peer. forwarded: the headers. None for what is no address."""
        peer = parsed_address(remote or "")
        if peer is None or not any(peer in network for network in self._trusted):
            return peer
        told = forwarded()
        return parsed_address(told[-1].rpartition(",")[2].strip()) if told else peer

    def origin(self, request: web.BaseRequest) -> str:
        """The address that a request counts for; the peer's where a proxy tells none."""
        found = self.address(request.remote, lambda: request.headers.getall(FORWARDED, ()))
        return str(found or request.remote or "")
