"""Freed memory is overwritten, so that a process forgets what it lets go of.

Two ways, of which a process takes the first that it has. In the compiled build `compiling/overwriter.c` replaces
Python's allocators. Elsewhere glibc's takes their place and overwrites (`glibc.malloc.perturb`), without the lists of
chunks by which it would pass that over; both are settings of a process that begins, and so this one begins once more
with them. docs/decisions/0050 has the figures.
"""

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

_PYTHON: Final = "PYTHONMALLOC"
_GLIBC: Final = "GLIBC_TUNABLES"
_TUNABLES: Final = ("glibc.malloc.perturb=165", "glibc.malloc.tcache_count=0")
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def overwrite_freed(*, may_begin_anew: bool = True) -> bool:
    """Whether what is freed is overwritten from now on. Called before anything is imported that could hold secrets.

    may_begin_anew: this process may be replaced by one with the same arguments and another environment, in which the
    signals that end a process wait until `gateway.process.early.be_calm`. An allocator that somebody chose stays.
    """
    if _PYTHON in os.environ:
        return is_set(os.environ)
    if (hook := _hook()) is not None:
        return bool(hook.install())
    if may_begin_anew and _has_glibc():
        _begin_anew()
    return False


def _begin_anew() -> NoReturn:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    environ = {**os.environ, **settings_for(os.environ)}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606  ourselves


def is_set(environ: Mapping[str, str]) -> bool:
    """Whether a process that began with these overwrites what it frees."""
    return _has_glibc() and environ.get(_PYTHON) == "malloc" and set(_TUNABLES) <= set(_tunables(environ))


def settings_for(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What is to be set in an environment, beside the tunables that are set there."""
    names = {each.partition("=")[0] for each in _TUNABLES}
    kept = [each for each in _tunables(environ) if each.partition("=")[0] not in names]
    return {_PYTHON: "malloc", _GLIBC: ":".join((*kept, *_TUNABLES))}


def give_back() -> None:
    """Give memory that is free for good to the system, as far as this build can."""
    if (hook := _hook()) is not None:
        hook.give_back()


def _tunables(environ: Mapping[str, str]) -> list[str]:
    return [each for each in environ.get(_GLIBC, "").split(":") if each]


def _has_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):
        return False


def _hook() -> Any:
    """compiling/overwriter.c; None where it is not built."""
    try:
        return importlib.import_module("gateway.process.overwriter")
    except ImportError:
        return None
