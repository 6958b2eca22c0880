"""Twilio's ids: two letters for the kind, and 32 hexadecimal digits.

A message's is made of our id and back, without a table. Those of a customer, its keys and its messaging service are
digests of names that are public anyway, so that no internal number is seen.
"""

from hashlib import blake2s
from typing import Final

from gateway.model.identifiers import parse_message_id

_MESSAGE: Final = "SM"
_PAGE: Final = "PA"


def message_sid(identifier: bytes) -> str:
    return _MESSAGE + identifier.hex()


def message_of(sid: str) -> bytes | None:
    """The 16 octets of a message's id; None for what is no sid of a message."""
    return parse_message_id(sid[2:]) if sid.startswith(_MESSAGE) else None


def account_sid(public_id: str) -> str:
    """Of a customer, by its public id."""
    return "AC" + _digest(b"account", public_id)


def service_sid(public_id: str) -> str:
    """Of the one messaging service that a customer has: its senders."""
    return "MG" + _digest(b"service", public_id)


def key_sid(prefix: str) -> str:
    """Of an API key, by the prefix that people see."""
    return "SK" + _digest(b"key", prefix)


def sids_of(public_id: str, prefix: str) -> dict[str, str]:
    """What whoever sets a program up needs beside a key's token."""
    return {"account_sid": account_sid(public_id), "key_sid": key_sid(prefix), "service_sid": service_sid(public_id)}


def page_token(cursor: bytes) -> str:
    """Where a list goes on."""
    return _PAGE + cursor.hex()


def cursor_of(token: str) -> bytes | None:
    """The 16 octets of a page's token; None for what is none."""
    return parse_message_id(token[2:]) if token.startswith(_PAGE) else None


def _digest(kind: bytes, name: str) -> str:
    return blake2s(name.encode(), digest_size=16, person=kind).hexdigest()
