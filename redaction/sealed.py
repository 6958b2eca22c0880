"""The only forms of a personal value that a store may hold, and what they are bound to."""

from typing import NewType

import msgspec

from redaction.retention import RetentionTag

Sealed = NewType("Sealed", bytes)
"""Ciphertext with its header, as `redaction.seal` writes it."""

Pseudonym = NewType("Pseudonym", bytes)
"""A keyed, truncated digest (16 bytes) of a phone number; see `redaction.pseudonymise`."""


class SealContext(msgspec.Struct, frozen=True, gc=False):
    """What a sealed field is bound to.

    message_id: 16 bytes. period: index of the tag's period at acceptance. leaf: 40-bit index of the subject, from
    `redaction.pseudonymise`.
    """

    customer: int
    message_id: bytes
    field: str
    tag: RetentionTag
    period: int
    leaf: int


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A person, as one customer's records of one epoch know it. leaf: 0 .. 2^40 - 1."""

    pseudonym: Pseudonym
    leaf: int
