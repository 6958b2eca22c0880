"""What a link holds by which a person stops messages: one block of AES, written as 22 characters. Nothing is stored.

The block is customer (3 octets), purpose (1), the person's suppression token (8) and a check (4) under one key of the
installation. So a link says nothing to whoever reads it, works as long as the key, and cannot be made up: of 2^32
blocks of anybody's making one passes the check.
"""

import base64
import binascii
import struct
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from redaction.primitives import hmac_sha256

LENGTH: Final = 22
"""Characters of what `write` gives."""
TOKEN_OCTETS: Final = 8
MOST_CUSTOMERS: Final = 2**24
"""Numbers of customers are below that; others have no links."""
_CHECK_OCTETS: Final = 4
_BODY: Final = struct.Struct(">I8s")
_PURPOSE_BITS: Final = 8


class StopLinks:
    """key: 32 octets that serve for nothing else."""

    def __init__(self, key: bytes) -> None:
        # One block is a permutation of blocks that never repeat but for one person: no mode hides more of it.
        self._cipher = Cipher(AES(hmac_sha256(key, b"stop link block")[:16]), ECB())  # noqa: S305
        self._check_key = hmac_sha256(key, b"stop link check")

    def __repr__(self) -> str:
        return "StopLinks(•••)"

    def write(self, customer: int, purpose: int, token: bytes) -> str:
        """purpose: a number below 256. Raises ValueError for a customer without links."""
        if not (0 <= customer < MOST_CUSTOMERS and 0 <= purpose < 1 << _PURPOSE_BITS and len(token) == TOKEN_OCTETS):
            raise ValueError("this cannot stand in a stop link")
        body = _BODY.pack(customer << _PURPOSE_BITS | purpose, token)
        encryptor = self._cipher.encryptor()
        block = encryptor.update(body + self._check(body)) + encryptor.finalize()
        return base64.urlsafe_b64encode(block).decode().rstrip("=")

    def read(self, written: str) -> tuple[int, int, bytes] | None:
        """Customer, purpose and token; None for what is no link of ours."""
        if len(written) != LENGTH or not written.isascii():
            return None
        try:
            block = base64.b64decode(f"{written}==".encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(block) + decryptor.finalize()
        body, check = plain[: _BODY.size], plain[_BODY.size :]
        if not compare_digest(check, self._check(body)):
            return None
        joined, token = _BODY.unpack(body)
        return joined >> _PURPOSE_BITS, joined & (1 << _PURPOSE_BITS) - 1, token

    def _check(self, body: bytes) -> bytes:
        return hmac_sha256(self._check_key, body)[:_CHECK_OCTETS]
