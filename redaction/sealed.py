"""The only forms of a personal value that a store may hold."""

from typing import NewType

Sealed = NewType("Sealed", bytes)
"""Ciphertext with its header, as `redaction.seal` writes it."""

Pseudonym = NewType("Pseudonym", bytes)
"""A keyed, truncated digest (16 bytes) of a phone number; see `redaction.pseudonymise`."""
