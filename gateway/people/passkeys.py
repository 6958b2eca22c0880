"""Passkeys (WebAuthn): how one is registered, and how it answers when somebody signs in.

A passkey is kept by the authenticator under the person's random id, so nobody types a name, and whoever asks for a
ceremony learns nothing about anybody. The person is always verified by the authenticator (PIN, finger, face).
Attestation is neither asked for nor kept: it would tell devices apart.

What the library raises about an answer quotes it: the answer comes from a stranger. It becomes `PasskeyRefused`, which
says nothing. The library takes values for what they should be, so types are looked at before: of an answer to a
registration it is given a statement of attestation that says nothing, and a public key of the three kinds that serve.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    encode_cbor,
    parse_authentication_credential_json,
    parse_authenticator_data,
    parse_cbor,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSECRV, COSEKTY, COSEAlgorithmIdentifier, COSEKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.accounts.invalid import InvalidSetting
from gateway.people.record import Credentials, Passkey

LONGEST: Final = 65_536
"""Characters of what an authenticator answers."""
_MISREAD: Final = (WebAuthnException, ValueError, RecursionError)
"""What is raised of an answer: as JSON, Base64 or text it is none, or it is none of the library's, or a point on no
curve.
"""
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_RSA_OCTETS: Final = range(256, 513)


class PasskeyRefused(Exception):
    """What the authenticator said is not what was asked for. The text says nothing of it."""


class RelyingParty(msgspec.Struct, frozen=True):
    """origin: where people's browsers find the console, such as https://console.example.sa; its host names the keys."""

    origin: str
    name: str = "Connect Gateway"

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        local = parts.hostname in ("localhost", "127.0.0.1")
        if not parts.hostname or (parts.scheme != "https" and not local) or parts.path not in ("", "/"):
            raise InvalidSetting("an origin is https:// and a host, without a path")

    @property
    def id(self) -> str:
        return urlsplit(self.origin).hostname or ""


def registration_options(party: RelyingParty, identifier: str, held: Credentials, challenge: bytes, email: str) -> str:
    """What `navigator.credentials.create` takes, as JSON. email: what the authenticator lists the account as."""
    return options_to_json(
        generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=identifier.encode(),
            user_name=email,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each.id) for each in held.passkeys],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            supported_pub_key_algs=_ALGORITHMS,
        )
    )


def sign_in_options(party: RelyingParty, challenge: bytes) -> str:
    """What `navigator.credentials.get` takes, as JSON: the same for everybody but for the challenge."""
    return options_to_json(
        generate_authentication_options(
            rp_id=party.id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
    )


def challenge_of(answer: str) -> bytes:
    """The challenge that an authenticator signed; whether it is one of ours is another question.

    Raises PasskeyRefused.
    """
    try:
        response = msgspec.json.decode(answer[:LONGEST], type=_Answer).response
        return bytes(parse_client_data_json(base64url_to_bytes(response.client_data)).challenge)
    except _MISREAD:
        raise _refused() from None


class _Response(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")


class _Answer(msgspec.Struct, frozen=True):
    response: _Response


def registered(party: RelyingParty, answer: str, challenge: bytes, now_ms: int) -> Passkey:
    """The new passkey. Raises PasskeyRefused."""
    try:
        made = verify_registration_response(
            credential=_unattested(parse_registration_credential_json(answer[:LONGEST])),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin.rstrip("/"),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        decoded_public_key_to_cryptography(decode_credential_public_key(made.credential_public_key))
    except _MISREAD:
        raise _refused() from None
    return Passkey(made.credential_id, made.credential_public_key, made.sign_count, now_ms)


def owner_in(answer: str) -> str:
    """Whose passkey answers, as the authenticator says. Raises PasskeyRefused."""
    try:
        handle = parse_authentication_credential_json(answer[:LONGEST]).response.user_handle
        return "" if handle is None else handle.decode("ascii")
    except _MISREAD:
        raise _refused() from None


def used(party: RelyingParty, answer: str, challenge: bytes, held: Credentials) -> Passkey:
    """The passkey with its new count, once its signature holds. Raises PasskeyRefused."""
    try:
        credential = parse_authentication_credential_json(answer[:LONGEST])
        passkey = next((each for each in held.passkeys if each.id == credential.raw_id), None)
        if passkey is None or not _is_public_key(parse_cbor(passkey.public_key)):
            raise _refused()
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin.rstrip("/"),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.uses,
            require_user_verification=True,
        )
    except _MISREAD:
        raise _refused() from None
    return msgspec.structs.replace(passkey, uses=verified.new_sign_count)


def _unattested(credential: RegistrationCredential) -> RegistrationCredential:
    """The same without its statement of attestation, which nobody asked for. Raises PasskeyRefused for a public key
    that could not be used, and as `parse_cbor`.
    """
    said = parse_cbor(credential.response.attestation_object)
    data = said.get("authData") if isinstance(said, dict) else None
    if not isinstance(data, bytes) or not _is_public_key(_public_key_in(data)):
        raise _refused()
    credential.response.attestation_object = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
    return credential


def _public_key_in(data: bytes) -> object:
    """The public key in an authenticator's data (WebAuthn §6.1), as CBOR says it; extensions follow it."""
    attested = parse_authenticator_data(data).attested_credential_data
    return None if attested is None else parse_cbor(attested.credential_public_key)


def _is_public_key(said: Any) -> bool:
    """Whether it is of a kind that serves, with values of the types and lengths that it must have (RFC 9053)."""
    if not isinstance(said, dict):
        return False

    def octets(key: COSEKey) -> int:
        value = said.get(key)
        return len(value) if isinstance(value, bytes) else 0

    kind = (said.get(COSEKey.KTY), said.get(COSEKey.ALG), said.get(COSEKey.CRV))
    if kind == (COSEKTY.EC2, COSEAlgorithmIdentifier.ECDSA_SHA_256, COSECRV.P256):
        return octets(COSEKey.X) == octets(COSEKey.Y) == 32
    if kind == (COSEKTY.OKP, COSEAlgorithmIdentifier.EDDSA, COSECRV.ED25519):
        return octets(COSEKey.X) == 32
    if kind[:2] == (COSEKTY.RSA, COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256):
        return octets(COSEKey.N) in _RSA_OCTETS and 0 < octets(COSEKey.E) <= 8
    return False


def _refused() -> PasskeyRefused:
    """Says nothing of what it was about: the library's errors quote what was sent."""
    return PasskeyRefused("the passkey was refused")
