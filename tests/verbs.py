"""Verbs of the command line, and gateways on a stage, in processes that are forked (tests/forked.py): on importing what
they need, tests that prepare a gateway would spend most of their time.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from gateway.tools.trial_site import Child, Stage, StageFailed
from tests.forked import start_forked


def run_verb(words: tuple[str, ...], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """One verb, to its end."""
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    command = [sys.executable, "-m", "gateway", *words]
    with start_forked(command, env=environ, stdin=null, stdout=pipe, stderr=pipe) as child:
        out, err = (text.decode(errors="replace") for text in child.communicate())
    return subprocess.CompletedProcess(words, child.returncode, out, err)


class QuickStage(Stage):
    """Its processes are forked."""

    def command(self, *words: str) -> Mapping[str, Any]:
        done = run_verb((*words, "--json"), self._environ)
        if done.returncode:
            raise StageFailed(done.stderr.strip())
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer

    def _spawn(self, *words: str, **streams: Any) -> Child:
        command = [sys.executable, "-m", "gateway", *words]
        child = start_forked(command, env=self._environ, cwd=self._sources, start_new_session=True, **streams)
        self._children.append(child)
        return child
