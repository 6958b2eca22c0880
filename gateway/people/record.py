"""What is kept of a person, and in which form: everything sealed under the person's own key (PRIVACY.md P-03).

A document of kind `person` holds the number of that key and three sealed parts, which are opened apart: what the person
may do, contact data, and what the person signs in with. Roles are sealed, too: whoever can write to the ledger alone
makes himself nobody's owner. Once the key is destroyed, no copy of the document opens any more.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.profile import AccountSealer
from gateway.ledger.contract import ROW_FAULTS, Document
from gateway.people.roles import CUSTOMER_ROLES, PLATFORM_ROLES, Role
from redaction.errors import IntegrityError, alone
from redaction.keys import PEOPLE, SIGN_IN_DAYS
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

PERSON: Final = "person"
"""The kind of document that a `Person` is."""
STANDING: Final = "person_standing"
PROFILE: Final = "person_profile"
CREDENTIALS: Final = "person_credentials"
"""The sealed fields."""
MOST_CHANGES: Final = 100
"""That are remembered of a person; the oldest go first."""
MOST_PASSKEYS: Final = 10
LONGEST_LABEL: Final = 64
"""Characters of a passkey's name."""
_LONGEST_WORDS: Final = 200
_LONGEST_EMAIL: Final = 254
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
T = TypeVar("T")

_ID: Final = re.compile(r"usr_[0-9a-f]{16}", re.ASCII)


class Change(msgspec.Struct, frozen=True, array_like=True):
    """Who changed what, and when; not into what. by: a person's id, or what else it was. what: names of fields."""

    at_ms: int
    by: str
    what: tuple[str, ...]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do. customer: public id of the one that he is of; "" for the platform.

    authority: another number with everything that ends sessions. left_ms: when somebody left for good.
    """

    roles: tuple[Role, ...]
    customer: str = ""
    created_ms: int
    authority: int = 1
    disabled_ms: int | None = None
    left_ms: int | None = None
    changes: tuple[Change, ...] = ()


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing else is taken of a person. email: what one signs in by, too."""

    name: MessageText
    email: MessageText
    phone: MessageText | None = None


class Passkey(msgspec.Struct, frozen=True, array_like=True):
    """uses: the authenticator's own count; 0 where it keeps none. name: its owner's word for it. used_ms: when it last
    signed in, or 0.
    """

    id: bytes
    public_key: bytes
    uses: int
    created_ms: int
    name: str = ""
    used_ms: int = 0

    @property
    def short_id(self) -> str:
        """By which people and addresses name it."""
        return f"passkey_{sha256(self.id).hexdigest()[:16]}"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """password: Argon2id; "" for none. totp: the secret in Base32; "" for none. totp_step: the last one that was used.

    totp_waiting: a secret that its owner has not confirmed. recovery: keyed digests of codes that are left.
    """

    password: str = ""
    totp: str = ""
    totp_step: int = 0
    totp_waiting: str = ""
    recovery: tuple[bytes, ...] = ()
    passkeys: tuple[Passkey, ...] = ()

    @property
    def has_second(self) -> bool:
        """Whether a password alone is too little."""
        return bool(self.totp or self.passkeys)

    def __repr__(self) -> str:
        return "Credentials(•••)"


class _StoredContact(msgspec.Struct, frozen=True, array_like=True):
    name: str
    email: str
    phone: str | None

    def __repr__(self) -> str:
        return "_StoredContact(•••)"


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    number: int
    standing: bytes
    contact: bytes
    credentials: bytes


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """As it stands in the ledger. number: of the key. version: the document's; 0 for one that is not stored yet."""

    id: str
    number: int
    version: int
    standing: Standing
    contact: Sealed
    credentials: Sealed

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.standing.roles

    @property
    def customer(self) -> str:
        return self.standing.customer

    @property
    def is_enabled(self) -> bool:
        return self.standing.disabled_ms is None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode
_decode_standing: Final = msgspec.msgpack.Decoder(Standing).decode
_decode_contact: Final = msgspec.msgpack.Decoder(_StoredContact).decode
_decode_credentials: Final = msgspec.msgpack.Decoder(Credentials).decode


class PersonSealer:
    """Seals and opens the parts of people's documents, each bound to the person's id."""

    def __init__(self, sealer: AccountSealer) -> None:
        self._sealer = sealer

    def contact(self, contact: Contact, number: int, identifier: str) -> Sealed:
        words = [_revealed(each) for each in (contact.name, contact.email, contact.phone)]
        return self._sealer.seal_account(_encode(words), number, PROFILE, identifier.encode())

    def credentials(self, credentials: Credentials, number: int, identifier: str) -> Sealed:
        return self._sealer.seal_account(_encode(credentials), number, CREDENTIALS, identifier.encode())

    def octets(self, person: Person) -> bytes:
        """As the document has it."""
        record_id = person.id.encode()
        standing = self._sealer.seal_account(_encode(person.standing), person.number, STANDING, record_id)
        return _encode(_Stored(person.number, standing, person.contact, person.credentials))

    def read(self, document: Document) -> Person:
        """Raises `redaction.errors.SealError`: KeyDestroyed for one who was erased."""
        number, parts = stored_number(document), _of_form(_decode, document.octets)
        standing = self._open(Sealed(parts.standing), number, STANDING, document.key, Purpose.SECURITY)
        return Person(
            id=document.key,
            number=number,
            version=document.version,
            standing=_of_form(_decode_standing, standing),
            contact=Sealed(parts.contact),
            credentials=Sealed(parts.credentials),
        )

    def open_contact(self, person: Person, purpose: Purpose) -> Contact:
        """Raises `redaction.errors.SealError`."""
        said = _of_form(_decode_contact, self._open(person.contact, person.number, PROFILE, person.id, purpose))
        phone = None if said.phone is None else MessageText(said.phone)
        return Contact(name=MessageText(said.name), email=MessageText(said.email), phone=phone)

    def open_credentials(self, person: Person) -> Credentials:
        """Raises `redaction.errors.SealError`."""
        octets = self._open(person.credentials, person.number, CREDENTIALS, person.id, Purpose.CREDENTIAL)
        return _of_form(_decode_credentials, octets)

    def _open(self, sealed: Sealed, number: int, field: str, identifier: str, purpose: Purpose) -> bytes:
        return self._sealer.open_account(sealed, number, field, identifier.encode(), purpose)


def stored_number(document: Document) -> int:
    """The number of the key of a person's document. Raises IntegrityError."""
    number = _of_form(_decode, document.octets).number
    if not PEOPLE <= number < SIGN_IN_DAYS:
        raise IntegrityError("a person's record names a key that is no person's")
    return number


def _of_form(decode: Callable[[bytes], T], octets: bytes) -> T:
    try:
        return decode(octets)
    except ROW_FAULTS:
        raise alone(IntegrityError("a person's record cannot be read")) from None


def check_contact(contact: Contact) -> None:
    """Raises InvalidSetting."""
    words = [contact.name, contact.phone]
    if not all(each is None or _is_plain(each) for each in words):
        raise InvalidSetting(f"names and telephone numbers have 1 to {_LONGEST_WORDS} characters that can be printed")
    email = contact.email.reveal(Purpose.ACCEPT)
    if not (_EMAIL.fullmatch(email) and email.isprintable() and len(email) <= _LONGEST_EMAIL):
        raise InvalidSetting(f"an e-mail address has one @ and up to {_LONGEST_EMAIL} characters")


def check_label(label: str) -> None:
    """Of a passkey. Raises InvalidSetting."""
    if not (label.isprintable() and label.strip() and len(label) <= LONGEST_LABEL):
        raise InvalidSetting(f"a passkey's name has 1 to {LONGEST_LABEL} characters that can be printed")


def _is_plain(words: MessageText) -> bool:
    said = words.reveal(Purpose.ACCEPT)
    return said.isprintable() and len(said.strip()) > 0 and len(said) <= _LONGEST_WORDS


def check_roles(roles: tuple[Role, ...], customer: str) -> None:
    """That somebody of the platform has roles of the platform, and somebody of a customer a customer's.

    Raises InvalidSetting.
    """
    side = CUSTOMER_ROLES if customer else PLATFORM_ROLES
    if not roles or not set(roles) <= side:
        allowed = ", ".join(each for each in Role if each in side)
        whose = "a customer's people" if customer else "people of the platform"
        raise InvalidSetting(f"roles of {whose} are {allowed}; at least one")


def is_person_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _revealed(value: MessageText | None) -> str | None:
    return None if value is None else value.reveal(Purpose.ACCEPT)
