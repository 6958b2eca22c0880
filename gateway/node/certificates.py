"""How long the certificates last that this node shows, and those that operators showed it."""

import os
from collections.abc import Iterator, Mapping
from typing import Final

from config.operators import NetworkLinkSettings
from config.settings import Settings
from gateway.node.road import Road
from gateway.process.clock import Clock
from operators.expiry import file_ends_s

OWN: Final = "own"
PEER: Final = "peer"


class Certificates:
    """Files are read again when they have changed. One that cannot be read lasts no more."""

    def __init__(self, road: Road, clock: Clock) -> None:
        self._road = road
        self._clock = clock
        self._read: dict[str, tuple[tuple[int, int, int], float]] = {}

    def left_s(self) -> Mapping[tuple[str, str], float]:
        """By whose it is and where it is shown: seconds until it ends, below 0 once it has."""
        now_s = self._clock.now_ms() / 1000
        found = {(OWN, name): self._file(path) - now_s for name, path in _files(self._road.standing.settings)}
        for name, operator in self._road.operators.items():
            ends_s = operator.health().peer_ends_s
            if ends_s is not None:
                found[PEER, name] = ends_s - now_s
        return found

    def _file(self, path: str) -> float:
        try:
            stat = os.stat(path)
            stamp = stat.st_ino, stat.st_size, stat.st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != stamp:
                self._read[path] = known = stamp, file_ends_s(path) or 0.0
            return known[1]
        except OSError:
            return 0.0


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Certificates of the settings, by what shows them."""
    named = {
        "http": settings.http.tls_certificate,
        "smpp_server": settings.smpp_server.tls_certificate,
        "admin": settings.admin.tls_certificate,
        "keystore": settings.keystore.redis.tls_certificate,
        **{each.name: each.tls.certificate for each in settings.operators if isinstance(each, NetworkLinkSettings)},
    }
    return ((name, path) for name, path in named.items() if path is not None)
