"""Verbs of the command line in processes that need not import it first: a process that has, and forks.

A verb is a process of its own all the same, from `main` to its exit code. What it saves is half a second of CPU, on
which tests that prepare a gateway spent much of theirs. Tests about the start of a process start one.

    python -m tests.verbs       answers each line of JSON, {"words", "environ"}, by {"code", "out", "err"}
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from gateway.process.children import start_mortal
from gateway.tools.trial_site import Stage, StageFailed

ROOT = Path(__file__).resolve().parents[1]


class Verbs:
    """The process that forks, from the first verb on."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def run(self, words: tuple[str, ...], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        """One verb, to its end."""
        with self._turn:
            process = self._process = self._process or self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"words": words, "environ": dict(environ)}).encode() + b"\n")
            process.stdin.flush()
            done = json.loads(process.stdout.readline())
        return subprocess.CompletedProcess(words, done["code"], done["out"], done["err"])

    def _start(self) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "tests.verbs"]
        return start_mortal(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


VERBS = Verbs()


class QuickStage(Stage):
    """Its verbs are forked."""

    def command(self, *words: str) -> Mapping[str, Any]:
        done = VERBS.run((*words, "--json"), self._environ)
        if done.returncode:
            raise StageFailed(done.stderr.strip())
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer


def _serve() -> None:
    from gateway.cli import (  # noqa: F401  # noqa: F401
        api_keys,
        customers,
        esmes,
        keystore,
        ledger,
        main,
        numbers,
        people,
        retention,
        tokens,
        webhooks,
    )
    from gateway.ledger.redis import engine as _redis  # noqa: F401
    from gateway.ledger.sqlite import engine as _sqlite  # noqa: F401

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        asked = json.loads(line)
        with TemporaryFile() as out, TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _become(asked["words"], asked["environ"], out, err)
            _, status = os.waitpid(child, 0)
            said = {"code": os.waitstatus_to_exitcode(status), "out": _text(out), "err": _text(err)}
        answers.write(json.dumps(said) + "\n")


def _become(words: list[str], environ: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    """The verb, in the child; does not return."""
    from gateway.cli.main import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["connect-gateway", *words]
    code: Any = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


if __name__ == "__main__":
    _serve()
