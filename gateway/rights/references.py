"""References by which people follow what they asked for: the case's id, and what shows that we gave it to somebody.

Nothing of one is stored. One is made for every request, also where no code could be sent and nothing was kept, so that
who asks sees no difference.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Callable
from typing import Final

from redaction.personal import Purpose, Secret

_REFERENCE: Final = re.compile(r"(R-[A-Z2-7]{13})-([A-Z2-7]{16})", re.ASCII)
_OCTETS: Final = 10


class References:
    """digest: keyed, of 32 octets; raises KeysWithheld."""

    def __init__(self, digest: Callable[[Secret], bytes]) -> None:
        self._digest = digest

    def of(self, case: str) -> Secret:
        return Secret(f"{case}-{self._shown(case)}")

    def read(self, reference: Secret) -> str:
        """The case's id; '' for what is no reference of ours."""
        found = _REFERENCE.fullmatch(reference.reveal(Purpose.CREDENTIAL).strip().upper())
        if found is None or not hmac.compare_digest(self._shown(found[1]), found[2]):
            return ""
        return found[1]

    def _shown(self, case: str) -> str:
        return b32encode(self._digest(Secret(f"case reference {case}"))[:_OCTETS]).decode()
