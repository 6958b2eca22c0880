"""The last two digits of a number, which a mask shows, so stored that they can be read for as long as what is sealed
under the same keys, and no longer.

Stored is a number: below 100 it is the digits themselves, as earlier versions wrote them; from there on 100 and the
digits XOR a pad of 16 bits. The pad is a keyed digest of message and customer's key under the leaf key, so it goes with
the period, with the leaf and with the customer. What comes out of a wrong pad is no two digits but in one of 655 tries.
"""

from typing import Final

from redaction.errors import KeyDestroyed
from redaction.keys import KeyState, Place
from redaction.primitives import digest_16

CLEAR_BELOW: Final = 100
_PERSON: Final = b"cgw mask"


def cover(leaf_key: bytes, customer_key: bytes, digits: int, message_id: bytes) -> int:
    """The digits as they are stored, under the keys that the message is sealed with."""
    return CLEAR_BELOW + (digits ^ digest_16(leaf_key, _PERSON, customer_key + message_id))


def uncover(keys: KeyState, stored: int, customer: int, message_id: bytes, place: Place) -> int | None:
    """The digits that were covered; None where it was not under these keys. place: the leaf. Raises as opening does."""
    tag, period, leaf = place
    leaf_key = keys.leaf_key(tag, period, leaf)
    digits = _uncover(leaf_key, keys.customer_key(customer), stored, message_id)
    if digits is None:
        for key in keys.former_keys(customer):
            digits = _uncover(leaf_key, key, stored, message_id)
            if digits is not None:
                return digits
    return digits


def _uncover(leaf_key: bytes, customer_key: bytes, stored: int, message_id: bytes) -> int | None:
    digits = stored - CLEAR_BELOW ^ digest_16(leaf_key, _PERSON, customer_key + message_id)
    return digits if 0 <= digits < CLEAR_BELOW else None


def uncover_named(keys: KeyState, stored: int, customer: int, message_id: bytes, place: Place) -> int | None:
    """The same where the row has nothing sealed any more, which would say under which leaf: that of its pseudonym, or
    the next one where this one was forgotten before.
    """
    try:
        return uncover(keys, stored, customer, message_id, place)
    except KeyDestroyed as gone:
        if gone.factor != "subject":
            raise
        tag, period, leaf = place
        return uncover(keys, stored, customer, message_id, (tag, period, keys.usable_leaf(tag, period, leaf)))
