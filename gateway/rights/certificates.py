"""Certificates of destruction: what was destroyed, why and how, as an entry of the audit log that anybody can verify.

A certificate is issued in the act that ends a destruction: its statement and a page for people lie in a document, and
the entry `destruction` has the digests of both. Once the log is signed they go into a file together with the entry and
the proof that it stands in the log (`gateway.rights.certificate_file`). There is no number, token, mask or text in it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.keystore.store import Keystore
from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.times import rfc3339
from gateway.process.clock import Clock
from gateway.process.version import version
from gateway.rights.certificate_page import page

CERTIFICATE: Final = "certificate"
"""Kind of the documents."""
VERSION: Final = 1
FEWEST: Final = 5
"""People that are counted in a certificate; of fewer it does not say how many."""
KEPT_MS: Final = 731 * 24 * 3600 * 1000
"""As long as the entry, and a day."""

DEAD: Final = "dead"
WITH_ROOT: Final = "open_with_root"
EVERY_NODE: Final = "every_node"
AS_LEASES_END: Final = "as_leases_end"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate says. Times are RFC 3339 UTC.

    what: a word of `gateway.audit.acts.CERTIFIED`. why: `request`, `retention`, `customer_left` or `release`. case: a
    random id. customer: public id, or `all`. counts: messages, leaves, keys and so on. techniques: what was done, in
    words of a closed list. keys_before, keys_after: SHA-256 of the sealed key state, hexadecimal. older_copies: of the
    key store: `dead`, or `open_with_root` where the root cannot be written. acknowledged: `every_node`, or
    `as_leases_end` where one that does not answer loses its keys first. actor: kind and random id.
    """

    version: int
    id: str
    issued_at: str
    installation: str
    what: str
    why: str
    case: str = ""
    customer: str
    counts: Mapping[str, int]
    techniques: tuple[str, ...]
    tool: str
    root_slot: str
    keys_before: str
    keys_after: str
    keys_version: int
    older_copies: str
    acknowledged: str
    actor: str
    second: str = ""


class Certificate(msgspec.Struct, frozen=True):
    """As it lies in the ledger. index: None until its entry is found in the log."""

    statement: bytes
    page: bytes

    @property
    def said(self) -> Statement:
        return msgspec.json.decode(self.statement, type=Statement)


class Destroyed(msgspec.Struct, frozen=True, kw_only=True):
    """What was destroyed, for a certificate of it. digest_before: of the key state."""

    what: str
    why: str
    digest_before: bytes
    counts: Mapping[str, int]
    techniques: tuple[str, ...]
    customer: str = "all"
    case: str = ""
    second: str = ""


class Issued(msgspec.Struct, frozen=True):
    """id: of a certificate. writes, entries: what has to be written."""

    id: str
    writes: list[DocumentWrite]
    entries: list[bytes]


NONE: Final = Issued("", [], [])
"""Where nothing was destroyed."""

_encode: Final = msgspec.json.Encoder(order="sorted").encode
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Certificate).decode


class Certificates:
    """Those of one installation. installation: its shown id. slot: kind of the root slot."""

    def __init__(self, audit: AuditLog, keystore: Keystore, clock: Clock, *, installation: str, slot: str) -> None:
        self._audit = audit
        self._keystore = keystore
        self._clock = clock
        self._installation = installation
        self._slot = slot

    def digest(self) -> bytes:
        """Of the key state now. Raises LedgerUnavailable."""
        return self._keystore.marks.digest()

    def issue(self, destroyed: Destroyed) -> Issued:
        """For the act that ends the destruction. Raises LedgerUnavailable."""
        identifier, after = f"cert_{self._clock.random(8).hex()}", self.digest()
        statement = _encode(self._statement(identifier, destroyed, after))
        shown = page(msgspec.json.decode(statement))
        counts = dict(destroyed.counts)
        if counts.get("subjects", 0) < FEWEST:
            counts.pop("subjects", None)
        noted = self._audit.entry(
            Act.DESTRUCTION,
            identifier,
            what=destroyed.what,
            customer="" if destroyed.customer == "all" else destroyed.customer,
            second=destroyed.second,
            numbers={name: count for name, count in counts.items() if name in _NOTED},
            digests={
                "before": destroyed.digest_before,
                "after": after,
                "statement": sha256(statement).digest(),
                "page": sha256(shown).digest(),
            },
        )
        write = DocumentWrite(CERTIFICATE, identifier, _pack(Certificate(statement, shown)), 0)
        return Issued(identifier, [write], [noted])

    def _statement(self, identifier: str, destroyed: Destroyed, after: bytes) -> Statement:
        counts, standing = dict(destroyed.counts), self._keystore.version
        if counts.get("subjects", 0) < FEWEST:
            counts.pop("subjects", None)
        return Statement(
            version=VERSION,
            id=identifier,
            issued_at=rfc3339(self._clock.now_ms()),
            installation=self._installation,
            what=destroyed.what,
            why=destroyed.why,
            case=destroyed.case,
            customer=destroyed.customer,
            counts=counts,
            techniques=destroyed.techniques,
            tool=f"connect-gateway {version()}",
            root_slot=self._slot,
            keys_before=destroyed.digest_before.hex(),
            keys_after=after.hex(),
            keys_version=standing,
            older_copies=DEAD if self._keystore.rolls else WITH_ROOT,
            acknowledged=EVERY_NODE if self._keystore.is_certain(standing) else AS_LEASES_END,
            actor=self._audit.actor_id,
            second=destroyed.second,
        )


_NOTED: Final = frozenset({"messages", "subjects", "keys", "content", "records", "leftovers"})
"""What the entry counts, too."""


async def find_certificate(acts: Acts, identifier: str) -> Certificate | None:
    found = await acts.find(CERTIFICATE, identifier) if 0 < len(identifier) <= 64 else None
    return None if found is None else _read(found)


async def list_certificates(acts: Acts) -> list[Statement]:
    """Newest first. Raises LedgerUnavailable."""
    found, after = list[Statement](), ""
    while page_of := await acts.of_kind(CERTIFICATE, after):
        certificates = [_read(each) for each in page_of]
        found += [each.said for each in certificates if each is not None]
        after = page_of[-1].key
    return sorted(found, key=lambda each: each.issued_at, reverse=True)


async def forget_certificates(acts: Acts, before: str) -> int:
    """Those issued before that time, whose entries are pruned; how many. Raises LedgerUnavailable."""
    due = [each.id for each in await list_certificates(acts) if each.issued_at < before]
    for each in due:
        await acts.act([DocumentWrite(CERTIFICATE, each, None)])
    return len(due)


def _read(document: Document) -> Certificate | None:
    """None of what a later version wrote."""
    try:
        return _unpack(document.octets)
    except ROW_FAULTS:
        return None
