"""Which gateway this is: its version, and whether its hot modules are compiled or interpreted."""

import importlib.metadata
from typing import Final

from gateway.ledger import journal

BUILD: Final = "interpreted" if str(journal.__file__).endswith(".py") else "compiled"
"""All modules in compiling/modules.txt are one extension: what one of them is, all are."""


def version() -> str:
    return importlib.metadata.version("connect-gateway")
