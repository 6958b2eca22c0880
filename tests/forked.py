"""Python processes that need not import the gateway first: one process that has imports nothing more, and forks them.

Such a process is `python -m MODULE` all the same, from its arguments to its exit code: a child of who started it, ended
with it, with its own signals, environment, files, session and working directory, and it overwrites what it frees. What
it saves is most of a second of CPU. What is about the start itself, another Python, other sources, a library loaded
before (LD_PRELOAD), or all that lies in a process's memory starts one afresh, by `gateway.process.children`.

    python -m tests.forked      answers each `_Asked`, with its files, by the process's number. Linux; elsewhere unused
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from gateway.process.children import start_mortal
from gateway.process.hardening import end_with_parent
from gateway.process.overwriting import overwrite_freed

ROOT: Final = Path(__file__).resolve().parents[1]
MESSAGE_LIMIT_BYTES: Final = 128 << 10
"""Of the arguments and the environment of one process; less than what a local socket takes at once."""

_PR_SET_CHILD_SUBREAPER: Final = 36
_CHOSEN: Final = ("PYTHONMALLOC", "GLIBC_TUNABLES")
"""By which a process began to overwrite what it frees, which its forks do without beginning anew."""

_LATE: Final = (
    "benchmarks.load",
    "benchmarks.smsc",
    "gateway.ledger.redis.engine",
    "gateway.ledger.sqlite.engine",
    "gateway.keystore.redis",
    "gateway.node.node",
)
"""What verbs import where it is needed."""


class _Asked(msgspec.Struct):
    """module: with its arguments. parent: whose child it becomes, and with whom it ends."""

    module: str
    words: list[str]
    environ: dict[str, str]
    folder: str
    parent: int
    own_session: bool


def start_forked(words: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """As `gateway.process.children.start_mortal`; words: this Python, `-m`, a module, and its arguments."""
    if sys.platform != "linux":
        return start_mortal(words, **options)
    assert list(words[:2]) == [sys.executable, "-m"]
    return _Forked(words, **options)


class _Forked(subprocess.Popen[bytes]):
    """A child that another process forks in the place of `subprocess`, which would fork this one."""

    def _execute_child(self, words: Any, *rest: Any) -> None:
        """What Popen calls, of all Pythons from 3.11 on, with its arguments in order."""
        (_, _, _, _, folder, environ, _, _, _, *pipes) = rest[:15]
        (in_read, _, _, out_write, _, err_write), own_session = pipes, rest[20]
        files = [given if given != -1 else usual for usual, given in enumerate((in_read, out_write, err_write))]
        asked = _Asked(
            module=words[2],
            words=[str(word) for word in words[3:]],
            environ=dict(os.environ if environ is None else environ),
            folder=str(Path.cwd() if folder is None else folder),
            parent=os.getpid(),
            own_session=own_session,
        )
        try:
            self.pid = _FORKER.fork(asked, files)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


class _Forker:
    """The process that forks, from the first one on."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def fork(self, asked: _Asked, files: list[int]) -> int:
        """A child of this process; its number. files: its standard input, output and error."""
        with self._turn, _orphans_taken():
            line = self._line = self._line or self._start()
            socket.send_fds(line, [msgspec.json.encode(asked)], files)
            return int(line.recv(MESSAGE_LIMIT_BYTES))

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = start_mortal([sys.executable, "-m", "tests.forked"], cwd=ROOT, stdin=theirs)
        return ours


_FORKER: Final = _Forker()


@contextlib.contextmanager
def _orphans_taken() -> Iterator[None]:
    """This process becomes the parent of what its descendants leave behind (prctl(2)), for as long as this lasts."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _serve() -> None:
    """Until who asks is gone."""
    from gateway.cli.main import VERBS

    for module in (*(module for module, _ in VERBS.values()), *_LATE):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # or each child's collector would have it copied
    with socket.socket(fileno=os.dup(0)) as line:
        while True:
            message, files, _, _ = socket.recv_fds(line, MESSAGE_LIMIT_BYTES, 3)
            if not message:
                return
            line.send(str(_fork(msgspec.json.decode(message, type=_Asked), files)).encode())
            for file in files:
                os.close(file)


def _fork(asked: _Asked, files: Sequence[int]) -> int:
    """A grandchild, whose parent has ended: it is a child of who asked."""
    read, write = os.pipe()
    between = os.fork()
    if not between:
        between = os.getpid()
        child = os.fork()
        if not child:
            try:
                while os.getppid() == between:
                    time.sleep(0.0002)
                _become(asked, files)
            finally:
                os._exit(1)
        os.write(write, str(child).encode())
        os._exit(0)
    os.waitpid(between, 0)
    with open(read, "rb") as told, open(write, "wb"):
        return int(os.read(told.fileno(), 16))


def _become(asked: _Asked, files: Sequence[int]) -> NoReturn:
    end_with_parent(signal.SIGKILL, asked.parent)
    for usual, file in enumerate(files):
        os.dup2(file, usual)
    os.closerange(3, 1 << 16)  # what the process that forks has open
    if asked.own_session:
        os.setsid()
    os.chdir(asked.folder)
    if not sys.flags.safe_path:
        sys.path[0] = asked.folder
    chosen = {name: os.environ[name] for name in _CHOSEN if name in os.environ}
    os.environ.clear()
    os.environ.update(asked.environ | chosen)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    sys.argv = [asked.module, *asked.words]
    os._exit(_run(asked.module))


def _run(module: str) -> int:
    """The exit code, as the interpreter makes it."""
    code: object = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = None
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    overwrite_freed()
    _serve()
