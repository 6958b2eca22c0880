"""How often the gateway's processes force what they wrote to disk: one that answers before that is found out.

Whoever waits for an answer before it asks again lets a commit hold at most one request of each connection. So a run has
a least number of commits, and each has to be forced.
"""

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("syncs.c")
_NUMBER: Final = struct.Struct("=Q")


class Syncs:
    """folder: for the counter and what counts. Without a C compiler nothing is counted."""

    def __init__(self, folder: Path) -> None:
        self._counter = folder.resolve() / "syncs.count"
        self._library = folder.resolve() / "syncs.so"
        compiler = shutil.which("cc")
        self._counts = compiler is not None
        if compiler is not None:
            folder.mkdir(parents=True, exist_ok=True)
            places = (f'-DCOUNTER="{self._counter}"', f'-DLIBRARY="{self._library}"')
            words = (compiler, "-shared", "-fPIC", "-O2", *places, "-o", str(self._library), str(SOURCE), "-ldl")
            subprocess.run(words, check=True)
            self._counter.write_bytes(bytes(_NUMBER.size))

    def environ(self) -> Mapping[str, str]:
        """Of the processes that are counted; all that they start are counted as well."""
        return {"LD_PRELOAD": str(self._library)} if self._counts else {}

    def count(self) -> int | None:
        """So far; None where nothing is counted."""
        return _NUMBER.unpack(self._counter.read_bytes()[: _NUMBER.size])[0] if self._counts else None
