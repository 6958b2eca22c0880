"""What the system refuses, in words and with a stable code."""

import errno
from typing import Final

CODES: Final = {
    errno.EADDRINUSE: "address_in_use",
    errno.EADDRNOTAVAIL: "address_not_available",
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.ENOENT: "file_not_found",
    errno.ENOSPC: "disk_full",
}
"""By the system's number; any other is `system_error`."""


def system_code(error: OSError) -> str:
    return CODES.get(error.errno or 0, "system_error")


def system_text(error: OSError) -> str:
    """With the file that it is about, where the system names one."""
    said = error.strerror or type(error).__name__
    return f"{error.filename}: {said}" if isinstance(error.filename, str) else said
