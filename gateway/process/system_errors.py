"""What the system refuses, in words and with a stable code."""

import errno
from pathlib import Path
from typing import Final

CODES: Final = {
    errno.EADDRINUSE: "address_in_use",
    errno.EADDRNOTAVAIL: "address_not_available",
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.ENOENT: "file_not_found",
    errno.ENOSPC: "disk_full",
    errno.EROFS: "read_only",
    errno.EIO: "disk_failed",
    errno.EMFILE: "too_many_files",
}
"""By the system's number; any other is `system_error`."""


def system_code(error: OSError) -> str:
    return CODES.get(error.errno or 0, "system_error")


def reading_fault(path: Path) -> OSError | None:
    """What hinders the reading of a file, if anything does: a file system that has failed makes files look damaged."""
    try:
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass
    except OSError as error:
        return error
    return None


def system_text(error: OSError) -> str:
    """With the file that it is about, where the system names one."""
    said = error.strerror or type(error).__name__
    return f"{error.filename}: {said}" if isinstance(error.filename, str) else said
