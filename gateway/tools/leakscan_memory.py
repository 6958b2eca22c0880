"""The memory of a process, as a place to search: what it could be made to give away.

Reading it takes the same user and a process that may be dumped, or root (ptrace(2)); the gateway itself forbids the
first. Memory changes while it is read: a run that is gone is no gap, one that may not be read is.
"""

import errno
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from gateway.tools.leakscan import ScanImpossible, Window, noise_around, windows_of

_RUN = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+ *(.*)")
_NOT_MEMORY: Final = (b"[vvar", b"[vsyscall]")
_GONE: Final = frozenset({errno.EIO, errno.EFAULT, errno.ENOMEM, errno.ESRCH})

_HOLD: Final = "import sys; held = sys.stdin.buffer.read(); print('held', flush=True); __import__('signal').pause()"


class Memory:
    """Every readable run of the memory of process `pid`."""

    def __init__(self, pid: int) -> None:
        self.unread = 0
        self._folder = Path("/proc", str(pid))

    def windows(self) -> Iterator[Window]:
        try:
            with (self._folder / "mem").open("rb", buffering=0) as memory:
                for line in (self._folder / "maps").read_bytes().splitlines():
                    match = _RUN.fullmatch(line)
                    if match and not match[3].startswith(_NOT_MEMORY):
                        yield from self._run(memory, int(match[1], 16), int(match[2], 16), match[3].decode())
        except OSError as error:
            raise ScanImpossible(f"the memory of this process cannot be read: {error.strerror}") from None

    def _run(self, memory: BinaryIO, begin: int, end: int, name: str) -> Iterator[Window]:
        memory.seek(begin)

        def read(limit: int) -> bytes:
            try:
                return memory.read(min(limit, end - memory.tell()))
            except OSError as error:
                self.unread += error.errno not in _GONE
                return b""

        yield from windows_of(f"memory {name or 'anonymous'}", read, begin)

    @contextmanager
    def planted(self, forms: Sequence[bytes]) -> "Iterator[Memory]":
        with subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-I", "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            try:
                assert holder.stdin is not None
                assert holder.stdout is not None
                holder.stdin.write(noise_around(forms))
                holder.stdin.close()
                holder.stdout.readline()
                yield Memory(holder.pid)
            finally:
                holder.kill()
