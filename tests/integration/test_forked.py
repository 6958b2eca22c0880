"""A forked process is what one that starts afresh would be, to who started it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.process.children import start_mortal
from gateway.process.overwriting import is_set
from gateway.process.version import BUILD
from tests.forked import ROOT, start_forked

PIPE = subprocess.PIPE
SHOWS = """
import json, os, signal, sys
print(json.dumps({
    "argv": sys.argv[1:],
    "environ": dict(os.environ),
    "files": sorted(os.listdir("/proc/self/fd")),
    "folder": os.getcwd(),
    "masked": sorted(signal.pthread_sigmask(0, ())),
    "parent": os.getppid(),
    "read": sys.stdin.read(),
    "session": os.getsid(0),
}))
print("aside", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
WAITS = "import time\nprint(flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Of processes that find the two programs above as modules."""
    (tmp_path / "shows.py").write_text(SHOWS, "utf-8")
    (tmp_path / "waits.py").write_text(WAITS, "utf-8")
    return {"PATH": os.environ["PATH"], "ONLY": "this"}


def shown(environ: dict[str, str], folder: Path, code: str) -> "subprocess.CompletedProcess[bytes]":
    words = [sys.executable, "-m", "shows", code, "sämtlich"]
    with start_forked(words, env=environ, cwd=folder, stdin=PIPE, stdout=PIPE, stderr=PIPE) as child:
        out, err = child.communicate(b"given")
    return subprocess.CompletedProcess(words, child.returncode, out, err)


def test_it_has_its_own_arguments_environment_files_and_exit_code(environ: dict[str, str], tmp_path: Path) -> None:
    done = shown(environ, tmp_path, "7")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["argv"], said["read"]) == (7, b"aside\n", ["7", "sämtlich"], "given")
    assert (said["folder"], said["parent"], said["session"]) == (str(tmp_path), os.getpid(), os.getsid(0))
    assert said["files"] == ["0", "1", "2", "3"]  # the last, to list them
    assert said["masked"] == []
    assert said["environ"].pop("ONLY") == "this"
    assert said["environ"].keys() <= {"PATH", "PYTHONMALLOC", "GLIBC_TUNABLES", "LC_CTYPE"}
    assert BUILD == "compiled" or is_set(said["environ"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_ends_it_and_its_code_says_which(environ: dict[str, str], tmp_path: Path, number: int) -> None:
    words = [sys.executable, "-m", "waits"]
    with start_forked(words, env=environ, cwd=tmp_path, stdout=PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        assert os.getsid(child.pid) == child.pid
        child.send_signal(number)
        assert child.wait() == -number


def test_what_cannot_be_run_says_so_and_later_ones_run(environ: dict[str, str], tmp_path: Path) -> None:
    with start_forked([sys.executable, "-m", "missing"], env=environ, cwd=tmp_path, stderr=PIPE) as child:
        _, err = child.communicate()
    assert child.returncode == 1
    assert b"No module named missing" in err
    assert shown(environ, tmp_path, "0").returncode == 0


def test_it_ends_with_who_started_it(environ: dict[str, str], tmp_path: Path) -> None:
    """The pipe, which the forked process has too, ends when both are gone."""
    starts = "import sys; from tests.forked import start_forked; start_forked(sys.argv[2:], cwd=sys.argv[1]).wait()"
    words = [sys.executable, "-c", starts, str(tmp_path), sys.executable, "-m", "waits"]
    with start_mortal(words, cwd=ROOT, stdout=PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"\n"
        starter.kill()
        assert starter.stdout.read() == b""
