"""Which gateway this is: its version, and whether its hot modules are compiled or interpreted."""

import importlib.metadata
from functools import cache
from typing import Final

from gateway.process import clock
from redaction.primitives import BY_OPENSSL

BUILD: Final = "interpreted" if str(clock.__file__).endswith(".py") else "compiled"
"""All modules in compiling/modules.txt are one extension: what one of them is, all are."""


@cache
def version() -> str:
    """Read from the installation's files once: that takes a tenth of a millisecond, and pages ask each second."""
    return importlib.metadata.version("connect-gateway")


def build() -> str:
    """As people read it. A compiled build that was made without OpenSSL's headers says so."""
    return BUILD if BY_OPENSSL or BUILD == "interpreted" else "compiled, but sealing is not"
