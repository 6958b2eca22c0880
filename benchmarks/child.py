"""Processes of a run that talk by lines of JSON: commands on standard input, answers and samples on standard output.

A sample is a progress report that nobody asked for; everything else answers one command, in order. A child ends when
its standard input does, so none outlives the run.
"""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.truth import Wrong

Line = dict[str, Any]


class Silence(Wrong):
    """A child was to say something and did not in time."""


ANSWER_LIMIT_S = 300.0
_POLL_S = 0.2


class Child:
    """Runs `python -m <module>`; the first line that it says is `ready`."""

    def __init__(self, module: str, job: Mapping[str, Any]) -> None:
        self.module = module
        self.samples: list[list[Any]] = []
        self._answers: queue.Queue[Line | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, daemon=True, name=module).start()
        self.say(dict(job))
        self.ready = self.hear()

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, command: Line) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def hear(self, meanwhile: Callable[[], None] | None = None, limit_s: float = ANSWER_LIMIT_S) -> Line:
        """The next answer; `meanwhile` is called a few times a second. Raises Wrong when none comes."""
        for _ in range(int(limit_s / _POLL_S)):
            try:
                answer = self._answers.get(timeout=_POLL_S)
            except queue.Empty:
                if meanwhile is not None:
                    meanwhile()
                continue
            if answer is None:
                raise Wrong(f"{self.module} ended early, with code {self._process.wait(_POLL_S * 10)}")
            if "failed" in answer:
                raise Wrong(f"{self.module}: {answer['failed']}")
            return answer
        raise Silence(f"{self.module} said nothing for {limit_s:.0f} s; last sample: {self.samples[-1:]}")

    def ask(self, command: Line) -> Line:
        self.say(command)
        return self.hear()

    def stop(self) -> None:
        """End it, whatever it does."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "sample" in said:
                self.samples.append(said["sample"])
            else:
                self._answers.put(said)
        self._answers.put(None)


# ------------------------------------------------------------------------------------------------- inside the child


def say(line: Mapping[str, Any]) -> None:
    """Answer, or give a sample."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def work(main: Callable[[], None]) -> None:
    """Run a child's main; what ends it is said in one line."""
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)  # whoever started it is gone, and has said so
    except Exception as error:
        say({"failed": str(error) or type(error).__name__})
        sys.exit(1)


def job() -> Line:
    """The first line."""
    line = command()
    return sys.exit(0) if line is None else line


def command() -> Line | None:
    """The next command; None when the run is over."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None
