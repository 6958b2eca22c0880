"""Keyed names for numbers and secrets: what a store may search by.

All Saudi mobile numbers can be hashed in a minute, so a digest without a key is the number itself. Everything here is
HMAC-SHA-256 under a pepper that lives in the key store and dies with its epoch (PRIVACY.md, pseudonyms).

The first 16 bytes of an HMAC are the pseudonym, which a subject's records are found by; the 40-bit leaf that its
content keys hang on is derived from the pseudonym, so that a row names its leaf without any pepper. Both depend on
customer, retention tag and epoch, so two customers' records of one person cannot be joined, and after an epoch nothing
links old records to new ones. An erasure finds the records under the pseudonyms of every live epoch, and punctures the
leaves that they name. Therefore a secret may leave the nodes only when no content of its tag and epoch can be opened
any more, or its people could not be found for erasure.

Versions before took the leaf from the HMAC, too. What they sealed names its leaf itself; where it was emptied since,
`former_leaves` says which leaf its copies lie under.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from redaction.epoch_secrets import SEARCH
from redaction.errors import KeyDestroyed
from redaction.keys import LASTING_EPOCH, PLATFORM, KeyState
from redaction.personal import Msisdn, Purpose, Secret
from redaction.primitives import Begun, hmac_sha256
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym
from redaction.sealed import Subject as Subject
from redaction.search_epochs import epoch_of, former_epoch_of
from redaction.turning import Digests as Digests
from redaction.windows import window

IDEMPOTENCY: Final = "idempotency"
_LEAF: Final = Begun(b"", key=b"connect-gateway leaf")


def pseudonymise(
    keys: KeyState, customer: int, msisdn: Msisdn, epoch: int, purpose: str = SEARCH, tag: str = ""
) -> Subject:
    """The subject behind a number. Raises `KeyDestroyed` when the customer has no pepper for purpose, tag and epoch.

    purpose: one of `PEPPER_PURPOSES`; pseudonyms of different purposes cannot be compared. Only the leaf of "search"
    is a leaf of content keys. tag: '' where one pepper serves all tags.
    """
    name = hmac_sha256(keys.pepper(customer, purpose, epoch, tag), msisdn.reveal(Purpose.ACCEPT).encode())
    pseudonym = Pseudonym(name[:16])
    return Subject(pseudonym, leaf_of_pseudonym(pseudonym))


def leaf_of_pseudonym(pseudonym: Pseudonym) -> int:
    """0 .. 2^40 - 1. It need not be secret: pseudonyms and leaves stand in clear in what is stored."""
    return int.from_bytes(_LEAF.of(pseudonym)[:5], "big")


def former_leaves(keys: KeyState, customer: int, msisdn: Msisdn) -> dict[Pseudonym, int]:
    """The pseudonyms of a subject under every live epoch, and the leaf under which any version sealed beside each."""
    number = msisdn.reveal(Purpose.ACCEPT).encode()
    former = [hmac_sha256(keys.pepper(customer, SEARCH, it), number) for it in keys.epochs(customer, SEARCH)]
    found = {Pseudonym(name[:16]): int.from_bytes(name[16:21], "big") for name in former}
    for pepper in keys.tagged_peppers(customer, SEARCH):
        name = Pseudonym(hmac_sha256(pepper, number)[:16])
        found[name] = leaf_of_pseudonym(name)
    return found


def names_at(
    keys: KeyState, customer: int, msisdn: Msisdn, tag: RetentionTag, times_ms: Iterable[int]
) -> set[Pseudonym]:
    """What a person is called in records of this tag that begin at one of these times, as far as keys live for it."""
    found: set[Pseudonym] = set()
    for at_ms in times_ms:
        for epoch, name in ((epoch_of(at_ms), tag), (former_epoch_of(at_ms), "")):
            with suppress(KeyDestroyed):
                found.add(pseudonymise(keys, customer, msisdn, epoch, SEARCH, name).pseudonym)
    return found


def names_of_many(
    keys: KeyState, customer: int, people: Iterable[Msisdn], tag: RetentionTag, at_ms: int
) -> Iterator[list[Pseudonym]]:
    """As `names_at`, of each of many people at one time: peppers are looked up once."""
    peppers: list[bytes] = []
    for epoch, name in ((epoch_of(at_ms), tag), (former_epoch_of(at_ms), "")):
        with suppress(KeyDestroyed):
            peppers.append(keys.pepper(customer, SEARCH, epoch, name))
    for msisdn in people:
        number = msisdn.reveal(Purpose.ACCEPT).encode()
        yield [Pseudonym(hmac_sha256(pepper, number)[:16]) for pepper in peppers]


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
    return Digests(
        hmac_sha256(keys.pepper(customer, IDEMPOTENCY, claimed), text)[:16],
        tuple([hmac_sha256(keys.pepper(customer, IDEMPOTENCY, epoch), text)[:16] for epoch in before]),
        tuple([hmac_sha256(keys.pepper(customer, IDEMPOTENCY, epoch), text)[:16] for epoch in sought]),
    )


def consent_token(keys: KeyState, customer: int, msisdn: Msisdn) -> bytes:
    """16 octets that a person's consents to one customer are found by. Raises `KeyDestroyed`."""
    pepper = keys.pepper(customer, "consent", LASTING_EPOCH)
    return hmac_sha256(pepper, msisdn.reveal(Purpose.ACCEPT).encode())[:16]


def suppression_token(keys: KeyState, customer: int, msisdn: Msisdn) -> bytes:
    """8 octets that what a person stopped of one customer's is found by. Raises `KeyDestroyed`."""
    pepper = keys.pepper(customer, "suppress", LASTING_EPOCH)
    return hmac_sha256(pepper, msisdn.reveal(Purpose.ACCEPT).encode())[:8]


def override_token(keys: KeyState, customer: int, msisdn: Msisdn) -> bytes:
    """16 octets of a number that a customer exempted from controls against abuse: under the pepper of suppressions, a
    word before the number, with which no number begins. Raises `KeyDestroyed`.
    """
    pepper = keys.pepper(customer, "suppress", LASTING_EPOCH)
    return hmac_sha256(pepper, b"override:" + msisdn.reveal(Purpose.ACCEPT).encode())[:16]


def windowed(keys: KeyState, customer: int, msisdn: Msisdn, purpose: str, now_ms: int) -> list[Pseudonym]:
    """What a number may have been kept under for a purpose with short epochs, "rate" or "join": the one to keep it
    under from now on comes first.
    """
    claimed, before, sought = window(keys, purpose, now_ms)
    epochs = (claimed, *before, *sought)
    return [pseudonymise(keys, customer, msisdn, epoch, purpose).pseudonym for epoch in epochs]


def counted_digest(keys: KeyState, word: str, now_ms: int) -> bytes:
    """8 octets that the platform counts a day's requests under; the pepper is destroyed within three days: then nobody
    can test numbers against the counts. Raises `KeyDestroyed`.
    """
    pepper = keys.pepper(PLATFORM, "rate", window(keys, "rate", now_ms).claimed)
    return hmac_sha256(pepper, word.encode())[:8]
