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


def cover(keys: KeyState, digits: int, customer: int, message_id: bytes, place: Place) -> int:
    """The digits as they are stored. place: the leaf that the message is sealed under. Raises as sealing does."""
    pad = digest_16(keys.leaf_key(*place), _PERSON, keys.customer_key(customer) + message_id)
    return CLEAR_BELOW + (digits ^ pad)


def uncover(keys: KeyState, stored: int, customer: int, message_id: bytes, place: Place) -> int | None:
    """The digits that were covered; None where it was not under these keys. Raises as opening does."""
    leaf_key = keys.leaf_key(*place)
    for key in (keys.customer_key(customer), *keys.former_keys(customer)):
        digits = stored - CLEAR_BELOW ^ digest_16(leaf_key, _PERSON, key + message_id)
        if 0 <= digits < CLEAR_BELOW:
            return digits
    return None


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
