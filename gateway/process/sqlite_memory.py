"""SQLite without its count of its memory: a lock and two sums at each allocation, for a figure that nobody asks for."""

import _sqlite3
import ctypes
import sys
from typing import Final

_OK: Final = 0
_MEMSTATUS: Final = 9
"""SQLITE_CONFIG_MEMSTATUS."""


def stop_counting() -> bool:
    """Whether SQLite counts no memory from now on. Called before this process opens its first database, because SQLite
    is begun anew for it; where its functions are not to be found, it goes on as it is.
    """
    if sys.platform != "linux":  # elsewhere a function of any number of arguments may be called otherwise
        return False
    try:
        library = ctypes.CDLL(_sqlite3.__file__)
        end, configure, begin = library.sqlite3_shutdown, library.sqlite3_config, library.sqlite3_initialize
    except (OSError, AttributeError):
        return False
    if end() != _OK:
        return False
    stopped = configure(_MEMSTATUS, 0) == _OK
    return bool(begin() == _OK) and stopped
