"""What is freed is overwritten, seen from within a process that frees; and nothing else changes."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from gateway.process.overwriting import is_set, settings_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is freed as usual")

PROGRAM = """
import ctypes, os, sys
if sys.argv[1] == "overwrite":
    from gateway.process.overwriting import overwrite_freed
    assert overwrite_freed()
HEAD = bytes.__basicsize__ - 1

def left_of(size, grow=0):
    value = os.urandom(size)
    said = value.hex()
    if grow:
        value = bytearray(value)
        address = ctypes.addressof(ctypes.c_char.from_buffer(value))
        value += bytes(grow)
    else:
        address = id(value) + HEAD
    del value
    return ctypes.string_at(address + 16, size - 32).hex() in said

print(os.getpid(), [size for size in (48, 100, 400, 600, 5000, 90000) if left_of(size)])
"""


def run(word: str, environ: Mapping[str, str] = os.environ) -> tuple[int, int, str]:
    """Process id at the start and at the end, and sizes that were found again."""
    words = [sys.executable, "-c", PROGRAM, word]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environ, text=True) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    pid, _, found = out.partition(" ")
    return process.pid, int(pid), found.strip()


def test_what_was_freed_is_not_found_again() -> None:
    before, after, found = run("overwrite")
    assert before == after
    assert found == "[]"


def test_without_it_most_is_found_again() -> None:
    assert run("leave")[2].count(",") >= 2


def test_an_allocator_that_somebody_chose_stays() -> None:
    program = "from gateway.process.overwriting import overwrite_freed; print(overwrite_freed())"
    environ = {**os.environ, "PYTHONMALLOC": "pymalloc"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("tunables", "kept"),
    [
        ("", ""),
        ("glibc.malloc.arena_max=1", "glibc.malloc.arena_max=1:"),
        ("glibc.malloc.perturb=0:glibc.malloc.arena_max=1", "glibc.malloc.arena_max=1:"),
    ],
)
def test_other_tunables_stay(tunables: str, kept: str) -> None:
    made = settings_for({"GLIBC_TUNABLES": tunables})
    assert made["GLIBC_TUNABLES"] == f"{kept}glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"
    assert is_set(made)
    assert not is_set({"GLIBC_TUNABLES": tunables})
