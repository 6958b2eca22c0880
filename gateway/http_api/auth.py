"""Who is asking: a bearer token to a key that may do this, from where it may."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from aiohttp import web

from gateway.accounts.customers import ApiKey
from gateway.accounts.directory import Directory
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from operators.seated_handler import SeatedHandler
from redaction.errors import KeysWithheld, alone
from redaction.personal import Secret

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_TOKEN: Final = 128


class Gatekeeper:
    """trusted_proxies: networks of proxies whose `X-Forwarded-For` is believed, for its last entry only."""

    def __init__(self, directory: Directory, clock: Clock, trusted_proxies: Iterable[str] = ()) -> None:
        self._directory = directory
        self._clock = clock
        self._proxies = tuple(ipaddress.ip_network(network) for network in trusted_proxies)

    @property
    def version(self) -> object:
        """Changes when accounts do; until then `identify` gives the same key for the same header."""
        return self._directory.version

    def open(self, request: web.BaseRequest, scope: str) -> ApiKey:
        """The key, if it may do this. Raises Refusal."""
        key = self.identify(request.headers.get("Authorization", ""))
        self.admit(key, scope, lambda: request.remote, lambda: request.headers.getall("X-Forwarded-For", ()))
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        return key

    def identify(self, authorization: str) -> ApiKey:
        """Whose key the Authorization header holds, whatever it may do. Raises Refusal."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN or not token.isascii():
            raise Refusal("unauthenticated")
        try:
            key = self._directory.find(Secret(token))
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        if key is None:
            raise Refusal("unauthenticated")
        return key

    def admit(
        self,
        key: ApiKey,
        scope: str,
        remote: Callable[[], str | None],
        forwarded: Callable[[], Sequence[str]],
    ) -> None:
        """Whether the key may do this now, from there. forwarded: X-Forwarded-For headers. Raises Refusal."""
        if key.expires_ms is not None and key.expires_ms <= self._clock.now_ms():
            raise Refusal("key_expired")
        if key.networks and not self._comes_from(key, remote(), forwarded):
            raise Refusal("address_not_allowed")
        if key.customer.disabled:
            raise Refusal("customer_disabled")
        if scope not in key.scopes:
            raise Refusal("scope_missing")

    def _comes_from(self, key: ApiKey, remote: str | None, forwarded: Callable[[], Sequence[str]]) -> bool:
        address = self._address(remote, forwarded)
        return address is not None and any(address in network for network in key.networks)

    def _address(self, remote: str | None, forwarded: Callable[[], Sequence[str]]) -> Address | None:
        peer = parse_address(remote or "")
        if peer is None or not any(peer in network for network in self._proxies):
            return peer
        told = forwarded()
        return parse_address(told[-1].rpartition(",")[2].strip()) if told else peer


def parse_address(raw: str) -> Address | None:
    """An IP address; an IPv4 one mapped into IPv6 counts as IPv4. None for anything else."""
    try:
        address = ipaddress.ip_address(raw)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
