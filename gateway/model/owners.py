"""Whom a number stands for, where keys, ESME accounts and customers share one: made and read here and nowhere else.

A record's `key_id` names what its message came with: an API key's number, an ESME account's below zero, or 0 for a
message from a person. A limit's owner is such a number, or a customer's, kept apart by the last bit.
"""

from typing import Final, NewType, cast

LimitOwner = NewType("LimitOwner", int)
"""Who has a limit; never 0."""

PLATFORM: Final = 0
"""The customer number of the platform itself; its keys stand under it, too (`redaction.customer_keys`)."""
PLATFORM_ID: Final = "platform"
"""What customer 0 is called, whose messages are the platform's own: by routes, and to whoever asks what is held."""


def key_id_of_esme(account: int) -> int:
    return -account


def esme_of(key_id: int) -> int:
    """The ESME account; 0 for an API key and for a message from a person."""
    return max(0, -key_id)


def limit_of_key(key_id: int) -> LimitOwner:
    """The owner of a key's own limit, or of an ESME account's."""
    return cast(LimitOwner, 2 * key_id)


def limit_of_customer(customer: int) -> LimitOwner:
    """The owner of the limit that all keys and accounts of a customer share."""
    return cast(LimitOwner, 2 * customer + 1)
