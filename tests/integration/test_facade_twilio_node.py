"""A program of npm's `twilio` works unchanged, where node finds that package (NODE_PATH)."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.http_api.facades.twilio.signing import signature
from redaction.personal import Secret
from tests.bounds import LIMIT_S
from tests.integration.twilio_stage import SID, programs
from tests.unit.gateway.stage import FACADE_TOKEN

NODE = shutil.which("node")
PROGRAM = Path(__file__).parent / "twilio_program.js"


def _is_there() -> bool:
    if NODE is None:
        return False
    asked = subprocess.run([NODE, "-e", "require.resolve('twilio')"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.mark.skipif(not _is_there(), reason="node does not find npm's twilio; the Python SDK covers the same calls")
async def test_a_program_of_node_does_what_it_did(tmp_path: Path) -> None:
    url, form = "https://shop.example/sms?x=1", {"To": "+966•••••••78", "MessageStatus": "sent", "Body": ""}
    signed = {"url": url, "form": form, "signature": signature(Secret(FACADE_TOKEN), url, form).decode()}
    async with programs(tmp_path, down=["loop"]) as first:
        assert NODE is not None
        ran = await asyncio.create_subprocess_exec(
            *(NODE, PROGRAM, first.base, SID, FACADE_TOKEN, json.dumps(signed)), stdout=subprocess.PIPE
        )
        async with asyncio.timeout(LIMIT_S):
            said, _ = await ran.communicate()
    told = json.loads(said)
    assert (told["valid"], told["changed"]) == (True, False)
    by_client, by_base = told["seen"]
    expected = {
        "status": "queued",
        "cancelled": "canceled",
        "body": "",
        "removed": True,
        "gone": [404, 20404],
        "refused": [400, 21211, "RestException"],
    }
    assert {name: by_client[name] for name in expected} == expected
    assert {name: by_base[name] for name in expected} == expected
    assert by_client["listed"]
