"""Sealing and opening: the only way from plaintext to what a store may hold, and back.

A message field takes three factors: the subject's leaf of a period key, and the customer's key (PRIVACY.md, key
scheme). HMAC-SHA-512(leaf || customer key, salt || AAD) gives 64 bytes: a 32-byte AES-256-GCM key that serves once, a
16-byte key commitment, and a 12-byte nonce. The AAD holds, each after its length: version, customer, message id,
field, tag, period.

A sealed message field, in bytes:

    1 version · 4 period · 5 leaf · 4 context check · 16 salt · 16 commitment · n ciphertext · 16 tag

The context check is a plain CRC-32 over AAD and leaf. It protects nothing; it lets an edited row be called an edited
row before a key is looked up, so that a destroyed key and a changed tag are not mistaken for each other. Everything in
it stands in clear in the same row anyway.

What is not about one message (webhook secrets, contact data) is sealed under the customer key alone, with a record id
in its AAD, and lives until that key or the row dies.

Every opening names a purpose. `POLICY` says which purposes may see which field; refusals and openings are counted, and
so is whatever does not authenticate. Known answers stand in tests/vectors/seal.json, and docs/reader.py reads the
format without this module.
"""

import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from hmac import digest
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction.errors import (
    IntegrityError,
    KeyDestroyed,
    PurposeRefused,
    SealError,
    UndeclaredField,
    UnknownVersion,
    WrongKey,
)
from redaction.keys import KeyState, Random
from redaction.masks import cover
from redaction.personal import Purpose
from redaction.primitives import leaf_in, open_field, open_ready, seal_field
from redaction.primitives.pure import HEADER, MESSAGE, TAG_BYTES, Ready, check_form, decrypt, pad
from redaction.retention import RetentionTag
from redaction.sealed import SealContext, Sealed
from redaction.stored_keys import Fresh

__all__ = [
    "POLICY",
    "IntegrityError",
    "KeyDestroyed",
    "PurposeRefused",
    "SealContext",
    "SealError",
    "Sealer",
    "UndeclaredField",
    "UnknownVersion",
    "WrongKey",
    "leaf_of",
    "period_in",
]

POLICY: Final[Mapping[str, tuple[Purpose, ...]]] = MappingProxyType(
    {
        # Body and numbers of an MT message: the dispatcher, the person concerned, the law. Never the API or a console.
        "content": (Purpose.DELIVER, Purpose.DATA_SUBJECT, Purpose.LEGAL, Purpose.LEGAL_HOLD),
        # Body and numbers of an MO message: the customer is who it was written to.
        "inbound": (Purpose.INFORM_CUSTOMER, Purpose.DATA_SUBJECT, Purpose.LEGAL, Purpose.LEGAL_HOLD),
        # What the customer attached for itself (reference, callback URL): goes back to it alone.
        "private": (Purpose.INFORM_CUSTOMER, Purpose.DATA_SUBJECT, Purpose.LEGAL, Purpose.LEGAL_HOLD),
        # Copies of all three that must not be destroyed yet, and why: the law alone.
        "held": (Purpose.LEGAL,),
        # Of a case: whom it is about, and in whose words.
        "case": (Purpose.DATA_SUBJECT, Purpose.LEGAL),
        # What was written to the support desk: who wrote it is answered.
        "ticket": (Purpose.DATA_SUBJECT, Purpose.LEGAL),
        # What is held of a person, on its way to it.
        "package": (Purpose.DATA_SUBJECT,),
        # An operator's own id of a segment, which it is asked by what became of it.
        "operator_id": (Purpose.DELIVER,),
        # Where a customer's events go, and what they are signed with.
        "webhook_url": (Purpose.INFORM_CUSTOMER,),
        "webhook_secret": (Purpose.CREDENTIAL,),
        "facade_token": (Purpose.CREDENTIAL,),
        # Why somebody who runs the gateway wanted something of it.
        "reason": (Purpose.SECURITY, Purpose.LEGAL),
        "account": (Purpose.INFORM_CUSTOMER, Purpose.SECURITY, Purpose.DATA_SUBJECT, Purpose.LEGAL),
        # Of people who administer: roles, contact data, what they sign in with, from where, and why they act.
        "person_standing": (Purpose.SECURITY,),
        "person_profile": (Purpose.SECURITY, Purpose.DATA_SUBJECT, Purpose.LEGAL),
        "person_credentials": (Purpose.CREDENTIAL,),
        "person_address": (Purpose.SECURITY, Purpose.DATA_SUBJECT, Purpose.LEGAL),
        "person_reason": (Purpose.SECURITY, Purpose.LEGAL),
    }
)
"""Which purposes may open which field; what is not here is refused (PRIVACY.md P-08, P-10, P-11)."""

_ACCOUNT: Final = 2

_ACCOUNT_HEADER = struct.Struct(">B16s16s")
_AAD_END = struct.Struct(">HI")  # 4 period

_LEAF_BITS: Final = 40
_LEAST_BYTES: Final = HEADER.size + TAG_BYTES
_CACHED_LABELS: Final = 1_024


def _unheard(_purpose: Purpose, _field: str) -> None:
    """No listener for refusals."""


def _on_no_lease() -> bool:
    """Keys of a key store of a single node."""
    return True


class Sealer:
    """Seals and opens with the keys of one `KeyState`, which may change or be replaced (`keys`) at any time.

    opened, refused: how often (purpose, field) was opened or refused since the start, for metrics and alarms.
    broken: how often a field did not authenticate. on_refused: called with every refusal, to record it (P-08).
    before_use: called before keys are used; it may withhold them. Whether they may be used.
    """

    __slots__ = ("_before_use", "_labels", "_on_refused", "_random", "broken", "keys", "opened", "refused")

    def __init__(
        self,
        keys: KeyState,
        random: Random,
        *,
        on_refused: Callable[[Purpose, str], None] | None = None,
        before_use: Callable[[], bool] | None = None,
    ) -> None:
        self.keys = keys
        self.opened: dict[tuple[Purpose, str], int] = {}
        self.refused: dict[tuple[Purpose, str], int] = {}
        self.broken: dict[str, int] = {}
        self._on_refused = on_refused or _unheard
        self._before_use = before_use or _on_no_lease
        self._random = random
        self._labels: dict[tuple[str, RetentionTag, int], bytes] = {}

    def may_use_keys(self) -> bool:
        """Whether they are there: not withheld."""
        return self._before_use() and not self.keys.withheld

    def seal(self, plaintext: bytes, context: SealContext) -> Sealed:
        """Raises `KeyDestroyed` without a living period, customer or leaf, `KeysWithheld`, and `UndeclaredField` for a
        field outside `POLICY`.
        """
        leaf_key, customer_key = self._keys_of(context)
        return self._seal(plaintext, context, leaf_key, customer_key)[0]

    def seal_content(self, plaintext: bytes, context: SealContext, digits: int) -> tuple[Sealed, int]:
        """What will be opened in a moment, once: its key stays at hand for whoever opens the object that is given back
        here. And the last two digits of its number, covered. Raises as `seal`.
        """
        leaf_key, customer_key = self._keys_of(context)
        sealed, ready = self._seal(plaintext, context, leaf_key, customer_key)
        self.keys.fresh.keep(Fresh(sealed, context, ready))
        return sealed, cover(leaf_key, customer_key, digits, context.message_id)

    def _keys_of(self, context: SealContext) -> tuple[bytes, bytes]:
        self._before_use()
        keys = self.keys
        return keys.leaf_key(context.tag, context.period, context.leaf), keys.customer_key(context.customer)

    def _seal(
        self, plaintext: bytes, context: SealContext, leaf_key: bytes, customer_key: bytes
    ) -> tuple[Sealed, Ready]:
        period = context.period
        return seal_field(
            leaf_key,
            customer_key,
            self._random(16),
            context.customer,
            context.message_id,
            self._label(context.field, context.tag, period),
            period,
            context.leaf,
            plaintext,
        )

    def open(
        self, sealed: Sealed, *, customer: int, message_id: bytes, field: str, tag: RetentionTag, purpose: Purpose
    ) -> bytes:
        """The plaintext. The caller says what the row says; `sealed` itself knows period and leaf.

        Raises `PurposeRefused`, `KeyDestroyed` when any factor is gone, `KeysWithheld`, `IntegrityError` when bytes or
        row were changed, `UnknownVersion`.
        """
        self._admit(purpose, field)
        try:
            fresh = self.keys.fresh.take(sealed, message_id)
            if fresh is not None and _is_of(fresh.context, customer, field, tag):
                plaintext = open_ready(fresh.ready, sealed)
            else:
                plaintext = self._open(sealed, customer, message_id, field, tag)
        except IntegrityError:
            self.broken[field] = self.broken.get(field, 0) + 1
            raise
        self._count(purpose, field)
        return plaintext

    def _open(self, sealed: Sealed, customer: int, message_id: bytes, field: str, tag: RetentionTag) -> bytes:
        period, keys = period_in(sealed), self.keys
        label = self._label(field, tag, period)
        leaf_key = keys.leaf_key(tag, period, leaf_in(sealed, customer, message_id, label))
        try:
            return open_field(leaf_key, keys.customer_key(customer), sealed, customer, message_id, label)
        except WrongKey:
            former = keys.former_keys(customer)
            if not former:
                raise
        for key in former[:-1]:
            with suppress(WrongKey):
                return open_field(leaf_key, key, sealed, customer, message_id, label)
        return open_field(leaf_key, former[-1], sealed, customer, message_id, label)

    def vouch(self, context: SealContext, purpose: Purpose) -> None:
        """Count the use of what is still in memory of a field sealed with this context as an opening.

        Raises as `open` does when purpose or keys do not allow it.
        """
        self._admit(purpose, context.field)
        self.keys.leaf_key(context.tag, context.period, context.leaf)
        self.keys.customer_key(context.customer)
        self._count(purpose, context.field)

    def seal_account(self, plaintext: bytes, customer: int, field: str, record_id: bytes) -> Sealed:
        """Seal what is not about a message, bound to its record. Raises `KeyDestroyed` or `UndeclaredField`."""
        self._before_use()
        aad = _account_aad(customer, field, record_id)
        salt = self._random(16)
        material = digest(self.keys.customer_key(customer), salt + aad, "sha512")
        header = _ACCOUNT_HEADER.pack(_ACCOUNT, salt, material[32:48])
        return Sealed(header + AESGCM(material[:32]).encrypt(material[48:60], pad(plaintext), aad))

    def open_account(self, sealed: Sealed, customer: int, field: str, record_id: bytes, purpose: Purpose) -> bytes:
        """What `seal_account` sealed. Raises as `open` does."""
        self._admit(purpose, field)
        try:
            salt, commitment = _account_header(sealed)
            aad = _account_aad(customer, field, record_id)
            plaintext = self._open_account(customer, salt + aad, commitment, sealed[_ACCOUNT_HEADER.size :], aad)
        except IntegrityError:
            self.broken[field] = self.broken.get(field, 0) + 1
            raise
        self._count(purpose, field)
        return plaintext

    def _open_account(self, customer: int, derivation: bytes, commitment: bytes, octets: bytes, aad: bytes) -> bytes:
        """Under the customer's key, or one that was replaced."""
        keys = [self.keys.customer_key(customer), *self.keys.former_keys(customer)]
        for key in keys[:-1]:
            with suppress(WrongKey):
                return decrypt(digest(key, derivation, "sha512"), commitment, octets, aad)
        return decrypt(digest(keys[-1], derivation, "sha512"), commitment, octets, aad)

    def _label(self, field: str, tag: RetentionTag, period: int) -> bytes:
        """The end of the AAD; the messages of a period share few of them."""
        label = self._labels.get((field, tag, period))
        if label is None:
            _check_declared(field)
            if len(self._labels) >= _CACHED_LABELS:
                self._labels.clear()
            label = _prefixed(field.encode()) + _prefixed(tag.encode()) + _AAD_END.pack(4, period)
            self._labels[field, tag, period] = label
        return label

    def _admit(self, purpose: Purpose, field: str) -> None:
        if purpose not in POLICY.get(field, ()):
            self.refused[purpose, field] = self.refused.get((purpose, field), 0) + 1
            self._on_refused(purpose, field)
            raise PurposeRefused(field, purpose.value)
        self._before_use()

    def _count(self, purpose: Purpose, field: str) -> None:
        name = (purpose, field)
        self.opened[name] = self.opened.get(name, 0) + 1


def _is_of(context: SealContext, customer: int, field: str, tag: RetentionTag) -> bool:
    """Whether a row says of its field what it was sealed with."""
    return context.field == field and context.customer == customer and context.tag == tag


def period_in(sealed: Sealed) -> int:
    """The period of a sealed message field, for whoever counts what still depends on a period key."""
    check_form(sealed)
    return int.from_bytes(sealed[1:5], "big")


def leaf_of(sealed: Sealed) -> int:
    """The subject leaf of a sealed message field: with the period, what an erasure punctures."""
    check_form(sealed)
    return int.from_bytes(sealed[5:10], "big")


def place_in(sealed: Sealed) -> tuple[int, int]:
    """Both."""
    if len(sealed) < _LEAST_BYTES or sealed[0] != MESSAGE:
        check_form(sealed)  # raises
    both = int.from_bytes(sealed[1:10], "big")
    return both >> _LEAF_BITS, both & (1 << _LEAF_BITS) - 1


def _account_header(sealed: Sealed) -> tuple[bytes, bytes]:
    """Salt and commitment. Raises `UnknownVersion`, or `IntegrityError` for bytes too few to be sealed."""
    if len(sealed) < _ACCOUNT_HEADER.size + TAG_BYTES:
        raise IntegrityError("sealed bytes are cut")
    version, salt, commitment = _ACCOUNT_HEADER.unpack_from(sealed)
    if version != _ACCOUNT:
        raise UnknownVersion("sealed in another form")
    return salt, commitment


def _account_aad(customer: int, field: str, record_id: bytes) -> bytes:
    _check_declared(field)
    start = struct.pack(">HBHQ", 1, _ACCOUNT, 8, customer)
    return start + _prefixed(record_id) + _prefixed(field.encode())


def _check_declared(field: str) -> None:
    if field not in POLICY:
        raise UndeclaredField("a field outside the purpose policy")


def _prefixed(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value
