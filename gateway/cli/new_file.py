"""A file that a verb writes: it is there before anything is done that cannot be done again, and never over another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gateway.cli.output import Failed


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open for writing, for its owner alone; gone again where what is inside fails. Raises Failed, OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Failed("this file exists", "file_exists") from None
    with os.fdopen(descriptor, "wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(descriptor)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
