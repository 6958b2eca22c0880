"""The samples of docs/samples send a message, where their language is installed."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.unit.gateway.stage import TOKEN, running_api

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"
RUNS = {
    "send.sh": ("sh",),
    "send.py": (sys.executable,),
    "send.php": ("php",),
    "send.mjs": ("node",),
    "Send.java": ("java",),
}


def test_every_sample_is_run() -> None:
    assert RUNS.keys() == {each.name for each in SAMPLES.iterdir() if each.suffix not in (".md", "")}


@pytest.mark.parametrize("name", RUNS)
async def test_a_sample_sends_a_message_once_and_says_why_it_is_refused(name: str) -> None:
    if shutil.which(RUNS[name][0]) is None:
        pytest.skip(f"{RUNS[name][0]} is not installed")
    async with running_api() as stage:
        wanted = [await _run(name, stage.port, TOKEN) for _ in range(2)]
        (sent,) = stage.ledger.messages
        assert wanted == [(0, sent.hex())] * 2
        code, _ = await _run(name, stage.port, "cgw_none")
        assert code


async def _run(name: str, port: int, key: str) -> tuple[int | None, str]:
    environ = os.environ | {"CGW_URL": f"http://127.0.0.1:{port}", "CGW_KEY": key}
    process = await asyncio.create_subprocess_exec(
        *RUNS[name], str(SAMPLES / name), "order-4711", env=environ, stdout=-1, stderr=-1
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode().strip()
