"""Keys of documents that are the number of a customer: as this version writes them, in one way for each."""

import re
from typing import Final

_NUMBER: Final = re.compile("0|[1-9][0-9]{0,17}", re.ASCII)


def customer_of(key: str) -> int | None:
    """None for a key that is no such number, which another version or another hand wrote."""
    return int(key) if _NUMBER.fullmatch(key) else None
