"""Challenges of passkey ceremonies: each is random, says by itself until when it holds, and serves once.

A challenge carries its time and a keyed digest, so that asking for one writes nothing, however often somebody asks,
and whichever node made it any other one knows it. What is stored is the digest of a challenge that was used, until its
time is over.
"""

import hmac
import struct
from typing import Final

from gateway.ledger.contract import ABSENT, Document, DocumentWrite
from gateway.people.registry import Registry
from redaction.personal import Secret

CHALLENGE: Final = "challenge"
HOLDS_MS: Final = 5 * 60 * 1000
_TIME: Final = struct.Struct(">Q")
_RANDOM: Final = 16
_MAC: Final = 16


class Challenges:
    """what: of which ceremony, and for whom; a challenge of one does not serve another."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def new(self, what: str) -> bytes:
        clock = self._registry.clock
        said = _TIME.pack(clock.now_ms() + HOLDS_MS) + clock.random(_RANDOM)
        return said + self._mac(what, said)

    def spending(self, what: str, challenge: bytes) -> DocumentWrite | None:
        """What has to be written, in one act with what the challenge is for: that raises ChangedMeanwhile for one that
        was used. None for one that is too old, or not of this installation and ceremony.
        """
        said, mac = challenge[:-_MAC], challenge[-_MAC:]
        if len(challenge) != _TIME.size + _RANDOM + _MAC or not hmac.compare_digest(mac, self._mac(what, said)):
            return None
        (until_ms,) = _TIME.unpack_from(said)
        if self._registry.clock.now_ms() >= until_ms:
            return None
        key = self._registry.digest("used challenge", Secret(challenge.hex())).hex()
        return DocumentWrite(CHALLENGE, key, _TIME.pack(until_ms), ABSENT)

    def _mac(self, what: str, said: bytes) -> bytes:
        return self._registry.digest(f"challenge {what}", Secret(said.hex()))[:_MAC]


def challenge_is_over(document: Document, now_ms: int) -> bool:
    octets = document.octets
    return len(octets) != _TIME.size or now_ms >= int(_TIME.unpack(octets)[0])
