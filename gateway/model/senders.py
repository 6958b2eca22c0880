"""What a sender may look like: a name or a short code."""

import re
from typing import Final

_SENDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{1,9}[A-Za-z0-9]|[0-9]{3,8}", re.ASCII)


def is_sender(raw: str) -> bool:
    """Whether a name has the form of a sender: 3 to 11 characters, or a short code of 3 to 8 digits."""
    return _SENDER.fullmatch(raw) is not None
