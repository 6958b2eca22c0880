"""How records are written, as far as a vault asks for it."""

from types import SimpleNamespace
from typing import Final

from gateway.vault.vault import Format

AS_WRITTEN_NOW: Final[Format] = SimpleNamespace(masks_covered=True)
AS_BEFORE: Final[Format] = SimpleNamespace(masks_covered=False)
