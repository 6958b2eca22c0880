"""The reader of docs/sealed-format.md reads a real ledger with its real key store, and only what still opens."""

import ast
import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.tools.trial_site import Stage
from tests.acceptance.client import customer_of
from tests.verbs import QuickStage

READER = Path(__file__).resolve().parents[2] / "docs" / "reader.py"
TEXTS = {"Your parcel is here": "transactional", "طلبكم في الطريق 🌷": "transactional", "Your code is 4821": "otp"}

LATER = "Sealed after the customer's key was replaced"


@pytest.mark.policy("P-05")
@pytest.mark.policy("P-10")
async def test_a_stranger_with_the_keys_reads_what_lives_and_nothing_that_died(tmp_path: Path) -> None:
    stage = QuickStage(tmp_path / "stage")
    try:
        await asyncio.to_thread(stage.prepare)
        async with customer_of(stage) as customer:
            sent = {await customer.send(text, **{"class": word}): text for text, word in TEXTS.items()}
            await asyncio.to_thread(stage.command, "keys", "rotate", "customer", stage.customer)
            sent[await customer.send(LATER, **{"class": "transactional"})] = LATER
            await customer.reach_all(sent)
        assert await asyncio.to_thread(stage.stop_gateway) == 0
    finally:
        await asyncio.to_thread(stage.stop)
    read = run_reader(stage)
    lasting = {identifier: text for identifier, text in sent.items() if TEXTS.get(text) != "otp"}
    assert {identifier: content[4] for identifier, content in read.items() if content} == lasting
    assert all(content is None for identifier, content in read.items() if identifier not in lasting)


def run_reader(stage: Stage) -> dict[str, list[object]]:
    paths = [stage.folder / "keys" / "keys.db", stage.folder / "root" / "root.key", stage.ledger]
    done = subprocess.run([sys.executable, "-I", READER, *paths], capture_output=True, text=True, check=True)
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return {identifier: ast.literal_eval(content) for identifier, content in lines}
