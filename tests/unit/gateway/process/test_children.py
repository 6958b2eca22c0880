"""Children that do not outlive who started them."""

import asyncio
import subprocess
import sys
import threading

import psutil
import pytest

from gateway.process.children import start_mortal

PARENT = """
import subprocess, sys
from gateway.process.children import start_mortal
words = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"]
child = start_mortal(words, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
async def test_a_child_goes_with_a_parent_that_was_killed() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    assert child.is_running()
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(child.wait, 5)


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    children: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE
    asking = threading.Thread(target=lambda: children.append(start_mortal(["cat"], stdin=pipe, stdout=pipe)))
    asking.start()
    asking.join()
    said, _ = children[0].communicate(b"still here")
    assert said == b"still here"
    assert children[0].returncode == 0


def test_the_command_runs_as_it_would_alone() -> None:
    words = [sys.executable, "-c", "import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)", "a b", ""]
    with start_mortal(words, stdout=subprocess.PIPE) as child:
        said, _ = child.communicate()
    assert (said, child.returncode) == (f"{child.pid} a b \n".encode(), 7)
