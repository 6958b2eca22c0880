"""A pipe that the log goes into, whose reader may hang: a line waits for it for a moment, and never holds up the node.

The pipe is opened once more, so that whoever shares it, as a shell does, writes as before.
"""

import contextlib
import fcntl
import io
import os
import select
import stat
from typing import Final, TextIO

WAIT_MS: Final = 50
"""For a reader that is slow. While lines are lost none waits."""
ROOM_BYTES: Final = 1 << 20
"""What the pipe is to hold, where the system lets it."""


class Pipe(io.TextIOBase):
    """descriptor: that does not block; it is closed with this. Lines up to 4,096 octets go whole or not at all."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: Final = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._is_full = False

    def write(self, text: str) -> int:
        """Raises BlockingIOError where there is no room, and OSError where there is no reader."""
        octets = text.encode("utf-8", "backslashreplace")
        try:
            os.write(self._descriptor, octets)
        except BlockingIOError:
            if self._is_full or not self._poll.poll(WAIT_MS):
                self._is_full = True
                raise
            os.write(self._descriptor, octets)
        self._is_full = False
        return len(text)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def unblocked(stream: TextIO) -> TextIO | Pipe:
    """The stream itself, where it is no pipe."""
    try:
        number = stream.fileno()
        if not stat.S_ISFIFO(os.fstat(number).st_mode):
            return stream
        own = os.open(f"/proc/self/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return stream
    with contextlib.suppress(OSError):  # beyond what this user may have
        fcntl.fcntl(own, fcntl.F_SETPIPE_SZ, ROOM_BYTES)
    return Pipe(own)
