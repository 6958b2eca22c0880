"""A node in which something does not end, though it was told to and cancelled, ends all the same."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.acceptance.test_mistakes import PLACES
from tests.bounds import LIMIT_S

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from config.loader import load
from gateway.node import node
from gateway.process.logs import configure

async def deaf():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

class Node(node.Node):
    async def start(self):
        await super().start()
        self.tasks.start("deaf", deaf())

node.Node = Node
node.CLOSE_LIMIT_S = 0.5
configure("info", "json")
asyncio.run(node.serve(load(Path(sys.argv[1]), os.environ)))
"""


async def test_a_node_ends_though_a_task_does_not(tmp_path: Path) -> None:
    settings = tmp_path / "gateway.toml"
    settings.write_text(PLACES.format(tmp_path) + "[shutdown]\ndeadline_s = 2\n", encoding="utf-8")
    words = (sys.executable, "-c", PROGRAM, str(settings))
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE, env=dict(os.environ))
    assert process.stderr is not None
    while b'"started"' not in await asyncio.wait_for(process.stderr.readline(), LIMIT_S):
        pass
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 1
    assert b'"stop_overdue"' in said
    assert b'"task": "deaf"' in said
