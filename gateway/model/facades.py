"""Names of the façades: other products' APIs that are spoken here, so that programs written for them work unchanged.

A key is made for some of them, or for the API of our own. `gateway.http_api.facades` speaks them.
"""

from typing import Final

FACADES: Final = ("kannel", "jasmin", "twilio", "unifonic", "taqnyat", "msegat", "opendsr")
"""In the order in which they are listed. `[http.facades]` has a switch for each."""
CALLED: Final = ("kannel", "jasmin", "twilio")
"""Those whose programs are called back."""
SIGNED: Final = frozenset({"twilio"})
"""Those whose callbacks are signed with the very token that the program has, which is kept sealed for that."""
