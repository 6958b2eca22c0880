"""Consents and suppressions as typed values, and the rows of the ledger that hold them.

A row's details are what a consent is proved by: times, means, wording, a commitment to evidence. No text, no number and
no name of a person stands in one.
"""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.consent.purposes import consent_word, purpose_and_option
from gateway.ledger.permissions import Permission, PermissionKind, PermissionName

MONTH_MS: Final = 2_629_800_000
CONSENT_KEPT_MS: Final = 24 * MONTH_MS
"""How long after its last use, or its withdrawal, a consent is forgotten."""
SOFT_MS: Final = 90 * 24 * 3600 * 1000
"""How long what an operator says of a subscriber stands."""
NO_HASH: Final = b""


class Means(enum.StrEnum):
    """How somebody consented, or withdrew it."""

    WEB = "web"
    API = "api"
    SMS = "sms"
    PAPER = "paper"
    VERBAL = "verbal"
    IMPORT = "import"


class Source(enum.StrEnum):
    """Where a suppression comes from."""

    PERSON = "person"  # a message to a number of the customer's
    LINK = "link"
    API = "api"
    IMPORT = "import"
    COMMAND = "command"
    OPERATOR = "operator"  # a subscriber's filter, by a status code: soft
    ERASURE = "erasure"


Digest = Annotated[bytes, Meta(max_length=32)]


class Proof(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What a consent is proved by. channel: of the messages. wording: hash of the text that was agreed to, b"" for
    none. evidence: commitment to a document that the customer keeps. prior: there was prior interaction (IR 28(1)).
    file: id of the import, b"" for none. withdrawn_ms: 0 while it stands. withdrawn_by: means; '' while it stands.
    """

    channel: str = "sms"
    given_ms: int = 0
    means: Means = Means.API
    wording: Digest = NO_HASH
    evidence: Digest = NO_HASH
    prior: bool = False
    file: Digest = NO_HASH
    withdrawn_ms: int = 0
    withdrawn_by: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One person's consent to one customer, for a purpose and within it an option ('' for all of it)."""

    purpose: str
    option: str = ""
    proof: Proof

    @property
    def is_given(self) -> bool:
        return not self.proof.withdrawn_ms


class Suppression(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """scope: see `gateway.consent.purposes`. until_ms: when a soft one ends; 0: with an opt-in."""

    scope: str
    source: Source
    since_ms: int
    until_ms: int = 0


class _Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    source: Source


_encode: Final = msgspec.msgpack.Encoder().encode
_proof: Final = msgspec.msgpack.Decoder(Proof).decode
_origin: Final = msgspec.msgpack.Decoder(_Origin).decode


def consent_name(customer: int, token: bytes) -> PermissionName:
    return PermissionName(PermissionKind.CONSENT, customer, token)


def suppression_name(customer: int, token: bytes) -> PermissionName:
    return PermissionName(PermissionKind.SUPPRESSION, customer, token)


def consent_row(customer: int, token: bytes, consent: Consent) -> Permission:
    """A consent was used when it was given or withdrawn; later uses prolong the row."""
    proof = consent.proof
    changed_ms = proof.withdrawn_ms or proof.given_ms
    return Permission(
        consent_name(customer, token),
        consent_word(consent.purpose, consent.option),
        bool(proof.withdrawn_ms),
        changed_ms,
        changed_ms + CONSENT_KEPT_MS,
        _encode(proof),
    )


def consent_from(row: Permission) -> Consent:
    """Raises msgspec.ValidationError for what another version wrote."""
    purpose, option = purpose_and_option(row.word)
    return Consent(purpose=purpose, option=option, proof=_proof(row.details))


def suppression_row(customer: int, token: bytes, suppression: Suppression) -> Permission:
    return Permission(
        suppression_name(customer, token),
        suppression.scope,
        True,
        suppression.since_ms,
        suppression.until_ms,
        _encode(_Origin(suppression.source)),
    )


def suppression_from(row: Permission) -> Suppression:
    """As `consent_from`."""
    return Suppression(
        scope=row.word, source=_origin(row.details).source, since_ms=row.changed_ms, until_ms=row.ends_ms
    )
