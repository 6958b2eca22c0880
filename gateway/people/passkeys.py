"""Passkeys (WebAuthn): how one is registered, and how it answers when somebody signs in.

A passkey is kept by the authenticator under the person's random id, so nobody types a name, and whoever asks for a
ceremony learns nothing about anybody. The person is always verified by the authenticator (PIN, finger, face).
Attestation is neither asked for nor kept: it would tell devices apart.

What the library raises about an answer quotes it: the answer comes from a stranger. It becomes `PasskeyRefused`, which
says nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
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
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.accounts.invalid import InvalidSetting
from gateway.people.record import Credentials, Passkey

LONGEST: Final = 65_536
"""Characters of what an authenticator answers."""
_MISREAD: Final = (WebAuthnException, ValueError, RecursionError)
"""What reading an answer raises: as JSON, Base64 or text it is none, or it is none of the library's."""


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
    with _judging():
        made = verify_registration_response(
            credential=parse_registration_credential_json(answer[:LONGEST]),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin.rstrip("/"),
            require_user_verification=True,
        )
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
    with _judging():
        credential = parse_authentication_credential_json(answer[:LONGEST])
        passkey = next((each for each in held.passkeys if each.id == credential.raw_id), None)
        if passkey is None:
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
    return msgspec.structs.replace(passkey, uses=verified.new_sign_count)


@contextmanager
def _judging() -> Iterator[None]:
    """Whatever the library raises of the public keys, CBOR and certificates in an answer refuses it.

    Its own errors are not all: what is of another type than it expects ends in KeyError, TypeError, AttributeError or
    IndexError, and a key or certificate that cannot be used in errors of cryptography, OpenSSL and ASN.1, which have no
    common base. A tuple of them would let a stranger raise the one that is missing.
    """
    try:
        yield
    except Exception:
        raise _refused() from None


def _refused() -> PasskeyRefused:
    """Says nothing of what it was about: the library's errors quote what was sent."""
    return PasskeyRefused("the passkey was refused")
