"""Signatures of bodies check by the certificate alone, and a key that is another's signs nothing."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from redaction.body_signatures import BadSigningKey, BodySigner
from tests.interop.certificates import certified

BODY = b'{"controller_id":"cus_1"}'
CURVE = ec.generate_private_key(ec.SECP256R1())


def pem(key: "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey", password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_rsa_and_curves_sign() -> None:
    for key in (CURVE, rsa.generate_private_key(65537, 2048)):
        signature = BodySigner(certified(key), pem(key)).sign(BODY)
        assert "\n" not in signature
        octets = base64.b64decode(signature, validate=True)
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(octets, BODY, padding.PKCS1v15(), SHA256())
        else:
            key.public_key().verify(octets, BODY, ec.ECDSA(SHA256()))


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (b"", pem(CURVE)),
        (certified(CURVE), b""),
        (certified(CURVE), pem(ec.generate_private_key(ec.SECP256R1()))),
        (certified(CURVE), pem(CURVE, b"word")),
        (certified(CURVE), pem(Ed25519PrivateKey.generate())),
    ],
    ids=["no certificate", "no key", "another's", "with a password", "another kind"],
)
def test_what_cannot_sign_is_refused_at_once(certificate: bytes, key: bytes) -> None:
    with pytest.raises(BadSigningKey):
        BodySigner(certificate, key)
