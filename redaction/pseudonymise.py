"""Keyed names for numbers and secrets: what a store may search by.

All Saudi mobile numbers can be hashed in a minute, so a digest without a key is the number itself. Everything here is
HMAC-SHA-256 under a pepper that lives in the key store and dies with its epoch (PRIVACY.md, pseudonyms).

One HMAC names a subject twice: 16 bytes of pseudonym to find its records by, and a 40-bit leaf that its content keys
hang on. Both depend on customer and epoch, so two customers' records of one person cannot be joined, and after an epoch
nothing links old records to new ones. The price: an erasure must puncture the leaf of *every* live epoch, in every live
period; `search_all_epochs` gives them. Therefore an epoch may be dropped only when every period that began during it
is dead, or its people could no longer be found for erasure.
"""

from redaction.keys import LASTING_EPOCH, PLATFORM, KeyState
from redaction.personal import Msisdn, Purpose, Secret
from redaction.primitives import hmac_sha256
from redaction.sealed import Pseudonym
from redaction.sealed import Subject as Subject


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


def credential_digest(keys: KeyState, secret: Secret) -> bytes:
    """32 bytes to store and find an API key by. An API key is long and random, so one HMAC is enough."""
    pepper = keys.pepper(PLATFORM, "credential", LASTING_EPOCH)
    return hmac_sha256(pepper, secret.reveal(Purpose.CREDENTIAL).encode())


def idempotency_digest(keys: KeyState, customer: int, key: str, index: int = 0) -> bytes:
    """16 bytes for an Idempotency-Key; `index` distinguishes the items of one batch."""
    pepper = keys.pepper(customer, "idempotency", LASTING_EPOCH)
    return hmac_sha256(pepper, index.to_bytes(4, "big") + key.encode("utf-8", "surrogatepass"))[:16]
