"""Signatures of what is answered to others, by the key of a certificate that they can fetch: RSA (PKCS #1 v1.5) or
elliptic curves, over SHA-256 (FIPS 186-5).
"""

import base64
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from redaction.errors import alone

_HASH: Final = SHA256()


class BadSigningKey(ValueError):
    """The certificate or its key cannot be used; says nothing of what is in them."""


class BodySigner:
    """certificate, key: PEM, the key without a password. Raises BadSigningKey where they cannot be read, do not belong
    together, or are of another kind.
    """

    def __init__(self, certificate: bytes, key: bytes) -> None:
        try:
            public = load_pem_x509_certificate(certificate).public_key()
            private = load_pem_private_key(key, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise alone(BadSigningKey("http.opendsr: no certificate, or no key without a password")) from None
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise BadSigningKey("http.opendsr: the key is neither RSA nor of elliptic curves")
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if public.public_bytes(*form) != private.public_key().public_bytes(*form):
            raise BadSigningKey("http.opendsr: the key is another certificate's")
        self._key = private

    def __repr__(self) -> str:
        return "BodySigner(•••)"

    def sign(self, body: bytes) -> str:
        """In base64, on one line."""
        key = self._key
        if isinstance(key, rsa.RSAPrivateKey):
            octets = key.sign(body, padding.PKCS1v15(), _HASH)
        else:
            octets = key.sign(body, ec.ECDSA(_HASH))
        return base64.b64encode(octets).decode("ascii")
