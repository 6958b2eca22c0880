"""Sealing what was written: one layer inside the other, so that each key that is destroyed ends it in every copy.

Innermost is the key of whoever wrote it, if it has one; then the customer's, if the ticket is a customer's; outermost
that of the day, which is destroyed when the time of support data is over.
"""

from typing import Final

from gateway.accounts.profile import AccountSealer
from gateway.support.record import StoredPost
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

FIELD: Final = "ticket"
"""The sealed field."""


def seal_post(sealer: AccountSealer, text: MessageText, keys: list[int], key: str) -> bytes:
    """keys: numbers, the innermost first. key: of the document."""
    octets = text.reveal(Purpose.ACCEPT).encode()
    for number in keys:
        octets = sealer.seal_account(octets, number, FIELD, key.encode())
    return octets


def open_post(sealer: AccountSealer, post: StoredPost, key: str) -> MessageText | None:
    """None where one of its keys is destroyed. Raises `redaction.errors.SealError`."""
    octets = post.sealed
    try:
        for number in reversed(post.keys):
            octets = sealer.open_account(Sealed(octets), number, FIELD, key.encode(), Purpose.DATA_SUBJECT)
    except KeyDestroyed:
        return None
    return MessageText(octets.decode())
