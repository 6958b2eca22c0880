"""Versions of the privacy notice, as documents: what people were told, from when on, and what changed (P-13, P-39).

A version is never changed. Every process compares what its settings say with the newest one, and whoever finds a
difference first writes the next; the audit log has its digest. What is new among purposes is no such difference:
that takes a person (`connect-gateway notice publish`), and until then a node does not start. Nor does it while the
newest version cannot be read, since then nobody knows what people were told; an older one that cannot be read is
not shown.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.times import EpochMs
from gateway.process.clock import Clock
from gateway.transparency.notice import Notice, decoded, digest, encoded, new_purposes

KIND: Final = "notice"
PAGE: Final = 1_000
_NUMBER: Final = re.compile("[0-9]{8}", re.ASCII)
TRIES: Final = 5
"""So many processes may write a version at the same moment."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """number: counted from 1. digest: SHA-256 of the notice. since_ms: from when on people were told this."""

    number: int
    digest: str
    since_ms: int
    notice: Notice


class PurposesNew(Exception):
    """There are purposes of which nobody was told. purposes: their keys."""

    def __init__(self, purposes: Sequence[str]) -> None:
        named = ", ".join(purposes)
        super().__init__(f"people were not told of these purposes: {named}; `connect-gateway notice publish` does that")
        self.purposes = tuple(purposes)


class VersionUnreadable(Exception):
    """The newest version is not as this build stores it. number: of it."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"version {number} of the privacy notice cannot be read; `connect-gateway notice publish` tells people anew"
        )
        self.number = number


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The octets of a document. notice: canonical JSON."""

    since_ms: EpochMs
    notice: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Stored).decode


class Versions:
    """In the hands of one actor."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor

    async def all(self) -> Sequence[Version]:
        """Those that can be read, oldest first. Raises LedgerUnavailable."""
        return [each for each in (await self._numbered()).values() if each is not None]

    async def newest(self) -> Version | None:
        """None where nobody was told anything yet. Raises VersionUnreadable, LedgerUnavailable."""
        found = await self._numbered()
        if not found:
            return None
        newest = found[number := max(found)]
        if newest is None:
            raise VersionUnreadable(number)
        return newest

    async def keep(self, notice: Notice, *, tells_purposes: bool = False) -> Version:
        """The version that says this, which is made where it is not the newest. tells_purposes: a person wants it.

        Raises PurposesNew, VersionUnreadable unless a person wants it, LedgerUnavailable, and ChangedMeanwhile when
        others are faster every time.
        """
        for _ in range(TRIES):
            found = await self._numbered()
            number = max(found, default=0)
            newest = found.get(number)
            if newest is not None and newest.digest == digest(notice):
                return newest
            if not tells_purposes:
                _check_told(number, newest, notice)
            try:
                return await self._write(notice, number + 1)
            except ChangedMeanwhile:
                continue
        raise ChangedMeanwhile

    async def _numbered(self) -> Mapping[int, Version | None]:
        """By number, in their order; None for one that cannot be read."""
        found: list[Document] = []
        while page := await self._acts.of_kind(KIND, found[-1].key if found else "", PAGE):
            found += page
        return {int(each.key): _version(each) for each in found if _NUMBER.fullmatch(each.key)}

    async def _write(self, notice: Notice, number: int) -> Version:
        now_ms, known_by = self._clock.now_ms(), digest(notice)
        octets = _encode(Stored(since_ms=now_ms, notice=encoded(notice)))
        told = entry(
            Act.NOTICE_PUBLISH,
            self._actor,
            f"notice_{known_by[:16]}",
            now_ms=now_ms,
            numbers={"version": number},
            digests={"statement": bytes.fromhex(known_by)},
        )
        await self._acts.act([DocumentWrite(KIND, _key(number), octets, ABSENT)], [told])
        return Version(number=number, digest=known_by, since_ms=now_ms, notice=notice)


def _key(number: int) -> str:
    """Keys are in the order of numbers."""
    return f"{number:08}"


def _check_told(number: int, newest: Version | None, notice: Notice) -> None:
    """Raises PurposesNew and VersionUnreadable where no process may write the version after this number."""
    if newest is None:
        if number:
            raise VersionUnreadable(number)
        return
    strange = new_purposes(newest.notice, notice)
    if strange:
        raise PurposesNew(strange)


def _version(document: Document) -> Version | None:
    """None for one that cannot be read."""
    try:
        stored = _decode(document.octets)
        notice = decoded(stored.notice)
    except ROW_FAULTS:
        return None
    return Version(
        number=int(document.key),
        digest=sha256(stored.notice).hexdigest(),
        since_ms=stored.since_ms,
        notice=notice,
    )
