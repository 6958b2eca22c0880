"""What the endpoints of one's own credentials and sessions take and answer, as types."""

from typing import Annotated, Any

from msgspec import Meta, Struct

Word = Annotated[str, Meta(min_length=1, max_length=254)]
Label = Annotated[str, Meta(min_length=1, max_length=64, description="What its owner calls it.")]


class PasskeyOptions(Struct, frozen=True):
    """options: for `navigator.credentials`, with octets in Base64 (`PublicKeyCredential.parse…OptionsFromJSON`)."""

    options: dict[str, Any]


class PasskeyAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """credential: what the authenticator answered, as `PublicKeyCredential.toJSON` has it."""

    credential: dict[str, Any]

    def __repr__(self) -> str:
        return "PasskeyAnswer(•••)"


class PasskeyRegistration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """credential: what the authenticator answered, as `PublicKeyCredential.toJSON` has it."""

    name: Label
    credential: dict[str, Any]

    def __repr__(self) -> str:
        return "PasskeyRegistration(•••)"


class NameRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another name for a passkey."""

    name: Label


class PasskeyView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passkey, without anything that proves something."""

    id: str
    name: str
    created_at: str
    used_at: str | None = None


class PasskeysView(Struct, frozen=True):
    """One's own passkeys, the oldest first. offered: whether more can be added here."""

    passkeys: list[PasskeyView]
    offered: bool


class SessionLine(Struct, frozen=True, kw_only=True):
    """One of one's own sessions. current: the one that asks."""

    id: str
    began_at: str
    seen_at: str
    current: bool


class SessionsView(Struct, frozen=True):
    """One's own sessions, newest first."""

    sessions: list[SessionLine]


class EndedView(Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class PasswordRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password, of 12 characters or more."""

    password: Annotated[str, Meta(min_length=1, max_length=1024)]

    def __repr__(self) -> str:
        return "PasswordRequest(•••)"


class ContactRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be another; what is left out stands."""

    name: Word | None = None
    email: Word | None = None
    phone: Word | None = None

    def __repr__(self) -> str:
        return "ContactRequest(•••)"


class CodeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the new authenticator shows now."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]

    def __repr__(self) -> str:
        return "CodeRequest(•••)"


class ProofRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Password, and the code of the second factor where there is one."""

    password: Annotated[str, Meta(min_length=1, max_length=1024)]
    code: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return "ProofRequest(•••)"


class AuthenticatorView(Struct, frozen=True):
    """A new authenticator's secret, shown once; it counts once a code of it was shown."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "AuthenticatorView(•••)"


class RecoveryView(Struct, frozen=True):
    """Codes that serve once each instead of the authenticator's, shown once."""

    recovery_codes: list[str]

    def __repr__(self) -> str:
        return "RecoveryView(•••)"
