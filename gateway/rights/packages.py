"""Packages of what is held of a person: sealed under a key of their own, given once, and dead after seven days.

Who has the secret, which is shown once when the package is made, is given it. With the first whole download its key is
destroyed in every copy; whoever lost it on the way asks for another one.
"""

import hmac
from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import HoldKeys
from gateway.ledger.contract import ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.rights.case_clocks import DAY_MS, HOUR_MS
from gateway.rights.case_record import Case, audit_name
from redaction.personal import Purpose, Secret
from redaction.sealed import Sealed

PACKAGE: Final = "package"
"""The kind of document, and the sealed field."""
PART: Final = "package_part"
KEPT_MS: Final = 7 * DAY_MS
PART_OCTETS: Final = 50_000
_SECRET_OCTETS: Final = 16


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """secret: SHA-256 of the case's id and 128 random bits; empty while the package is being made. until_ms: 0 once it
    was given. parts: how many documents it lies in.
    """

    key_number: int
    secret: bytes
    until_ms: int
    parts: int


class Part(msgspec.Struct, frozen=True):
    sealed: bytes


class Made(msgspec.Struct, frozen=True):
    """secret: shown once. until_ms: when the package dies."""

    secret: Secret
    until_ms: int


_encode: Final = msgspec.msgpack.Encoder().encode
_head: Final = msgspec.msgpack.Decoder(Head).decode
_part: Final = msgspec.msgpack.Decoder(Part).decode


class Packages:
    """In the hands of the actor of `audit`. All raise LedgerUnavailable."""

    def __init__(self, acts: Acts, keys: HoldKeys, sealer: AccountSealer, audit: AuditLog, clock: Clock) -> None:
        self._acts = acts
        self._keys = keys
        self._sealer = sealer
        self._audit = audit
        self._clock = clock

    async def make(self, case: Case, octets: bytes, messages: int, *, second: str = "") -> Made:
        """A package of a case; one that was made before is no more. second: id of who consented."""
        before = await self._acts.find(PACKAGE, case.id)
        if before is not None:
            await self._end(before)
        key = await self._keys.make()
        secret = urlsafe_b64encode(self._clock.random(_SECRET_OCTETS)).decode().rstrip("=")
        pieces = [octets[at : at + PART_OCTETS] for at in range(0, len(octets), PART_OCTETS)]
        begun = Head(key_number=key, secret=b"", until_ms=self._clock.now_ms() + HOUR_MS, parts=len(pieces))
        await self._acts.act([DocumentWrite(PACKAGE, case.id, _encode(begun))])
        for at, piece in enumerate(pieces):
            name = _name(case.id, at)
            sealed = self._sealer.seal_account(piece, key, PACKAGE, name.encode())
            await self._acts.act([DocumentWrite(PART, name, _encode(Part(sealed)))])
        until_ms = self._clock.now_ms() + KEPT_MS
        head = Head(key_number=key, secret=_digest(case.id, secret), until_ms=until_ms, parts=len(pieces))
        said = {"second": second} if second else {}
        entry = self._audit.entry(Act.EXPORT_MAKE, case.obj, numbers={"messages": messages}, **said)
        await self._acts.act([DocumentWrite(PACKAGE, case.id, _encode(head))], [entry])
        return Made(Secret(secret), until_ms)

    async def take(self, case: str, secret: Secret) -> bytes:
        """The package, once. Raises Refusal: `not_found` for a wrong secret, and for what was given or is over."""
        document = await self._acts.find(PACKAGE, case)
        head = None if document is None else _read(document)
        if document is None or head is None or head.until_ms <= self._clock.now_ms():
            raise Refusal("not_found")
        if not hmac.compare_digest(head.secret, _digest(case, secret.reveal(Purpose.CREDENTIAL))):
            raise Refusal("not_found")
        found = [await self._acts.find(PART, _name(case, at)) for at in range(head.parts)]
        octets = b"".join(self._opened(each, head.key_number) for each in found if each is not None)
        noted = self._audit.entry(Act.CASE_STEP, audit_name(case), what="download")
        over = _encode(msgspec.structs.replace(head, until_ms=0))
        await self._acts.act([DocumentWrite(PACKAGE, case, over, document.version)], [noted])
        await self._destroy(case, head)
        await self._acts.act([DocumentWrite(PACKAGE, case, None)])
        return octets

    async def sweep(self) -> int:
        """End what is over; how many."""
        now_ms, count = self._clock.now_ms(), 0
        for each in await self._acts.of_kind(PACKAGE):
            head = _read(each)
            if head is not None and head.until_ms <= now_ms:
                with suppress(ChangedMeanwhile):  # by another node, or a download
                    await self._end(each)
                    count += 1
        return count

    async def _end(self, document: Document) -> None:
        head = _read(document)
        if head is not None:
            await self._destroy(document.key, head)
        await self._acts.act([DocumentWrite(PACKAGE, document.key, None, document.version)])

    async def _destroy(self, case: str, head: Head) -> None:
        await self._keys.forget(head.key_number)
        for at in range(head.parts):
            await self._acts.act([DocumentWrite(PART, _name(case, at), None)])

    def _opened(self, document: Document, key: int) -> bytes:
        sealed = Sealed(_part(document.octets).sealed)
        return self._sealer.open_account(sealed, key, PACKAGE, document.key.encode(), Purpose.DATA_SUBJECT)


def _name(case: str, at: int) -> str:
    return f"{case}:{at:04d}"


def _digest(case: str, secret: str) -> bytes:
    return sha256(f"{case}:{secret}".encode()).digest()


def _read(document: Document) -> Head | None:
    """None of what a later version wrote."""
    try:
        return _head(document.octets)
    except ROW_FAULTS:
        return None
