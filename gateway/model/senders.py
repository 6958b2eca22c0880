"""What a sender may look like: a name, a short code or a number."""

import re
from typing import Final

_SENDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{1,9}[A-Za-z0-9]|[0-9]{3,15}", re.ASCII)
_NUMBER: Final = re.compile(r"(?:\+|00)?([1-9][0-9]{8,14})", re.ASCII)


def is_sender(raw: str) -> bool:
    """Whether a name has the form of a sender: 3 to 11 characters, a short code of 3 to 8 digits, or a number of up to
    15 as `sender_key` spells it.
    """
    return _SENDER.fullmatch(raw) is not None


def sender_key(raw: str) -> str:
    """The one spelling of a sender: of a number its digits in international form, without + or 00."""
    number = _NUMBER.fullmatch(raw)
    return raw if number is None else number.group(1)
