"""Secrets that have left the nodes: sealed to the custodian, and kept in the key state until their records are gone.

They are sealed in *strands*. A strand begins with 32 random octets that are sealed to the custodian's public key. Out
of them comes the key of the first secret and what the strand goes on with, out of that the key of the second, and so
on. The state keeps what the strand goes on with, which says nothing of the keys before: so a node hands one more secret
over and cannot open any, and the 1,168 octets of a sealed beginning are spent once a week and not once for each.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from redaction.custodian import PrivateKey, PublicKey, open_once, seal_once
from redaction.primitives import hmac_sha256
from redaction.stored_keys import Key, StoredCustodian, StoredHanded, StoredStrand

HANDED: Final = "handed"
"""A kind of groups, each of which rests in a segment of its own: secrets of some epochs."""
CUSTODIAN: Final = "custodian"
"""Another: the custodian's key and the strands, in one."""
STRAND_MS: Final = 7 * 24 * 3_600_000
"""How long a strand goes on."""

_BEGINNING: Final = b"connect-gateway custodian strand"
_KEY_BYTES: Final = 32

Random = Callable[[int], bytes]


class Strand:
    """start: its beginning, sealed. key_id: to which key. after: what it goes on with; None once it has ended."""

    __slots__ = ("after", "count", "key_id", "made_ms", "number", "start")

    def __init__(self, stored: StoredStrand) -> None:
        self.number = stored.number
        self.key_id = stored.key_id
        self.start = stored.start
        self.made_ms = stored.made_ms
        self.count = stored.count
        self.after = Key(stored.after, stored.made_ms) if stored.after else None

    def stored(self) -> StoredStrand:
        after = b"" if self.after is None else self.after.value
        return StoredStrand(self.number, self.key_id, self.start, self.made_ms, self.count, after)

    def next_key(self) -> bytes:
        """For one more secret; it is not kept. Only of one that goes on."""
        assert self.after is not None
        key, after = step(self.after.value)
        self.after = Key(after, self.made_ms)
        self.count += 1
        return key


class HandedOver:
    """custodian: whose key it is now, None for nobody. rows: by tag and epoch; '' for the epochs of 90 days."""

    __slots__ = ("custodian", "rows", "since_ms", "strands")

    def __init__(self) -> None:
        self.custodian: PublicKey | None = None
        self.since_ms = 0
        self.rows: dict[tuple[str, int], StoredHanded] = {}
        self.strands: dict[int, Strand] = {}

    def set_custodian(self, custodian: PublicKey, now_ms: int) -> None:
        """From now on secrets are handed over to this one; what was before stays the former's."""
        self.custodian, self.since_ms = custodian, now_ms

    def hand_over(self, tag: str, epoch: int, secret: Key, random: Random, now_ms: int) -> None:
        """Seal one; the caller wipes it. Raises NoCustodianKey for a key that cannot be used, or none."""
        strand = self._strand(random, now_ms)
        place = strand.count
        octets = seal_once(strand.next_key(), secret.value, _aad(tag, epoch))
        self.rows[tag, epoch] = StoredHanded(tag, epoch, strand.number, place, octets, secret.created_ms)

    def drop(self, tag: str, epoch: int) -> bool:
        """Nobody finds people of this epoch any more; true if it was there."""
        row = self.rows.pop((tag, epoch), None)
        if row is None:
            return False
        strand = self.strands.get(row.strand)
        is_used = any(each.strand == row.strand for each in self.rows.values())
        if strand is not None and strand.after is None and not is_used:
            del self.strands[row.strand]
        return True

    def first_ms(self) -> Iterable[int]:
        """When the secrets were made."""
        return (each.created_ms for each in self.rows.values())

    def _strand(self, random: Random, now_ms: int) -> Strand:
        """One that goes on, to the present key."""
        assert self.custodian is not None
        for each in self.strands.values():
            if each.after is not None and each.key_id == self.custodian.id and now_ms < each.made_ms + STRAND_MS:
                return each
        beginning = random(_KEY_BYTES)
        start = self.custodian.seal(beginning, _BEGINNING)
        for each in list(self.strands.values()):
            each.after = None
            if not any(row.strand == each.number for row in self.rows.values()):
                del self.strands[each.number]
        number = max(self.strands, default=0) + 1
        self.strands[number] = Strand(StoredStrand(number, self.custodian.id, start, now_ms, 0, beginning))
        return self.strands[number]

    def stored(self) -> StoredCustodian | None:
        """What is not a row; None where there is nothing."""
        if self.custodian is None:
            return None
        strands = [each.stored() for _, each in sorted(self.strands.items())]
        return StoredCustodian(self.custodian.kem, self.custodian.octets, self.since_ms, strands)

    def read(self, stored: StoredCustodian) -> None:
        """What `stored` gave."""
        self.custodian, self.since_ms = PublicKey(stored.kem, stored.octets), stored.since_ms
        self.strands = {each.number: Strand(each) for each in stored.strands}


def step(at: bytes) -> tuple[bytes, bytes]:
    """The key of the next secret of a strand, and what comes after it."""
    return hmac_sha256(at, b"key"), hmac_sha256(at, b"after")


def opened(
    rows: Iterable[StoredHanded], strands: Iterable[StoredStrand], keys: Mapping[bytes, PrivateKey]
) -> tuple[list[tuple[StoredHanded, bytes]], bool]:
    """What the custodian opens with its keys: rows with their secrets, and whether that was all of them.

    Raises Tampered for what was changed.
    """
    rows = list(rows)
    last: dict[int, int] = {}
    for row in rows:
        last[row.strand] = max(row.place, last.get(row.strand, 0))
    walked: dict[tuple[int, int], bytes] = {}
    for strand in strands:
        if strand.number in last and strand.key_id in keys:
            at = keys[strand.key_id].open(strand.start, _BEGINNING)
            for place in range(last[strand.number] + 1):
                walked[strand.number, place], at = step(at)
    found = [
        (row, open_once(walked[row.strand, row.place], row.octets, _aad(row.tag, row.epoch)))
        for row in rows
        if (row.strand, row.place) in walked
    ]
    return found, len(found) == len(rows)


def _aad(tag: str, epoch: int) -> bytes:
    return msgspec.msgpack.encode((tag, epoch))
