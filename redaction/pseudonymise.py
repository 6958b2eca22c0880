"""Keyed names for numbers and secrets: what a store may search by.

All Saudi mobile numbers can be hashed in a minute, so a digest without a key is the number itself. Everything here is
HMAC-SHA-256 under a pepper that lives in the key store and dies with its epoch (PRIVACY.md, pseudonyms).

One HMAC names a subject twice: 16 bytes of pseudonym to find its records by, and a 40-bit leaf that its content keys
hang on. Both depend on customer and epoch, so two customers' records of one person cannot be joined, and after an epoch
nothing links old records to new ones. The price: an erasure must puncture the leaf of *every* live epoch, in every live
period; `search_all_epochs` gives them. Therefore an epoch may be dropped only when every period that began during it
is dead, or its people could no longer be found for erasure.
"""

from typing import Final, NamedTuple

from redaction.keys import LASTING_EPOCH, PLATFORM, KeyState
from redaction.personal import Msisdn, Purpose, Secret
from redaction.primitives import hmac_sha256
from redaction.sealed import Pseudonym
from redaction.sealed import Subject as Subject
from redaction.windows import window

IDEMPOTENCY: Final = "idempotency"


class Digests(NamedTuple):
    """What an idempotency key is found by. claimed, before, sought: as the epochs of `redaction.windows.Window`."""

    claimed: bytes
    before: tuple[bytes, ...] = ()
    sought: tuple[bytes, ...] = ()


def pseudonymise(keys: KeyState, customer: int, msisdn: Msisdn, epoch: int, purpose: str = "search") -> Subject:
    """The subject behind a number. Raises `KeyDestroyed` when the customer has no pepper for purpose and epoch.

    purpose: one of `PEPPER_PURPOSES`; pseudonyms of different purposes cannot be compared. Only the leaf of "search"
    is a leaf of content keys.
    """
    name = hmac_sha256(keys.pepper(customer, purpose, epoch), msisdn.reveal(Purpose.ACCEPT).encode())
    return Subject(Pseudonym(name[:16]), int.from_bytes(name[16:21], "big"))


def search_all_epochs(keys: KeyState, customer: int, msisdn: Msisdn, purpose: str = "search") -> list[Subject]:
    """The subject under every live epoch, oldest first: whom to look up, and which leaves to puncture."""
    return [pseudonymise(keys, customer, msisdn, epoch, purpose) for epoch in keys.epochs(customer, purpose)]


def credential_digest(keys: KeyState, secret: Secret, epoch: int = LASTING_EPOCH) -> bytes:
    """32 bytes to store and find an API key by. An API key is long and random, so one HMAC is enough."""
    pepper = keys.pepper(PLATFORM, "credential", epoch)
    return hmac_sha256(pepper, secret.reveal(Purpose.CREDENTIAL).encode())


def person_digest(keys: KeyState, secret: Secret) -> bytes:
    """32 bytes to find by what people who administer sign in with: addresses, tokens, codes."""
    pepper = keys.pepper(PLATFORM, "person", LASTING_EPOCH)
    return hmac_sha256(pepper, secret.reveal(Purpose.CREDENTIAL).encode("utf-8", "surrogatepass"))


def idempotency_digests(keys: KeyState, customer: int, key: str, now_ms: int, index: int = 0) -> Digests:
    """16 bytes each for an Idempotency-Key; `index` distinguishes the items of one batch."""
    text = index.to_bytes(4, "big") + key.encode("utf-8", "surrogatepass")
    claimed, before, sought = window(keys, IDEMPOTENCY, now_ms)

    def digest(epoch: int) -> bytes:
        return hmac_sha256(keys.pepper(customer, IDEMPOTENCY, epoch), text)[:16]

    return Digests(digest(claimed), tuple(map(digest, before)), tuple(map(digest, sought)))


def windowed(keys: KeyState, customer: int, msisdn: Msisdn, purpose: str, now_ms: int) -> list[Pseudonym]:
    """What a number may have been kept under for a purpose with short epochs, "rate" or "join": the one to keep it
    under from now on comes first.
    """
    claimed, before, sought = window(keys, purpose, now_ms)
    epochs = (claimed, *before, *sought)
    return [pseudonymise(keys, customer, msisdn, epoch, purpose).pseudonym for epoch in epochs]
