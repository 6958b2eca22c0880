"""Wordings: the texts that people agreed to, each stored once, in Arabic and in English, under a digest of both.

A consent names its wording by the digest, so what somebody agreed to cannot be changed afterwards. A wording is shown
with a name and a version, which are the customer's own.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.consent.desk import Of
from gateway.ledger.contract import ROW_FAULTS, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.times import EpochMs
from gateway.process.clock import Clock

KIND: Final = "wording"
SHOWN_DIGITS: Final = 12
"""Of a digest, by which people name a wording."""
_DIGEST_OCTETS: Final = 16
_LONGEST: Final = 4_000


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """name, version: as the customer calls it, such as `news` and `2026-11`. arabic, english: '' where not said."""

    customer: int
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Annotated[str, Meta(max_length=32)]
    arabic: Annotated[str, Meta(max_length=_LONGEST)] = ""
    english: Annotated[str, Meta(max_length=_LONGEST)] = ""
    created_ms: EpochMs = 0

    @property
    def digest(self) -> bytes:
        """16 octets over all that it says, but for when it was stored."""
        said = (str(self.customer), self.name, self.version, self.arabic, self.english)
        return sha256("\0".join(said).encode()).digest()[:_DIGEST_OCTETS]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Wording).decode


def shown(digest: bytes) -> str:
    """A digest as people write it."""
    return digest.hex()[:SHOWN_DIGITS]


class Wordings:
    """Raises LedgerUnavailable."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor

    async def add(self, of: Of, wording: Wording) -> bytes:
        """Store it once; its digest."""
        stored = msgspec.structs.replace(wording, customer=of.id, created_ms=self._clock.now_ms())
        key = _key(of.id, stored.digest)
        if await self._acts.find(KIND, key) is None:
            now_ms, obj = self._clock.now_ms(), known("cus", of.public_id)
            entries = [entry(Act.CONSENT_WORDING, self._actor, obj, now_ms=now_ms)]
            await self._acts.act([DocumentWrite(KIND, key, _encode(stored))], entries)
        return stored.digest

    async def of(self, customer: int) -> Mapping[bytes, Wording]:
        """A customer's wordings by digest; one that cannot be read is none of them."""
        found: dict[bytes, Wording] = {}
        after = _key(customer, b"")
        while page := await self._acts.of_kind(KIND, after):
            for each in page:
                if not each.key.startswith(_key(customer, b"")):
                    return found
                with suppress(*ROW_FAULTS):
                    wording = _decode(each.octets)
                    found[wording.digest] = wording
            after = page[-1].key
        return found


def named(wordings: Mapping[bytes, Wording], written: str) -> bytes | None:
    """The digest that somebody means: its first digits, or `name` or `name:version`; None for none, or many."""
    name, _, version = written.partition(":")
    fitting: Sequence[bytes] = [
        digest
        for digest, each in wordings.items()
        if (len(written) >= SHOWN_DIGITS and digest.hex().startswith(written))
        or (each.name == name and version in ("", each.version))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _key(customer: int, digest: bytes) -> str:
    return f"{customer:010d}:{digest.hex()}"
