"""A thousand messages through everything that happens to messages, and nothing of them on disk, in a log or a metric.

GSM 7-bit, UCS-2, emoji and Arabic-Indic digits; accepted, throttled, cut off, tried again, refused, failed, delivered,
told by webhook; then a kill -9 under way and a restart. What is shared by all texts of a kind, every number and the
reference are searched for in every form, in data, keys, logs at debug level, metrics and temporary files.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.tools.trial_site import Stage
from operators.simulator import Faults, Simulator
from operators.smpp import status as st
from redaction.traces import find, traces
from tests.acceptance.client import Customer, Receiver, customer_of, message, receiver, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

CORES = {
    "transactional": "Dear Maryam Alqahtani, file Qx7319 is",
    "awareness": "عزيزتنا مريم القحطاني، ملفك السري",
    "personal": "Maryam 🌷✨ come to see us 🎈 at",
    "otp": "رمز التحقق الخاص بمريم ٧٣١٩٤٤ ثم",
}
NUMBERS = tuple(f"+96653731944{last}" for last in range(8))
REFERENCE = "thousand-reference-731944"
COUNT = 1_000


def body(number: int) -> dict[str, Any]:
    word, core = list(CORES.items())[number % len(CORES)]
    fields = {"to": NUMBERS[number % len(NUMBERS)], "reference": f"{REFERENCE}-{number}", "class": word}
    return message(f"{core} {number}", **fields)


async def send(customer: Customer, first: int, last: int) -> list[str]:
    """In batches of fifty; their ids."""
    ids: list[str] = []
    for start in range(first, last, 50):
        messages = [body(number) for number in range(start, min(start + 50, last))]
        status, answer, _ = await customer.ask("POST", "/v1/messages/batch", json={"messages": messages})
        assert (status, answer["refused"]) == (202, 0), answer
        ids += [item["message"]["id"] for item in answer["items"]]
    return ids


async def play(stage: Stage, smsc: Simulator) -> tuple[list[str], bytes]:
    """The statuses that were reached, and the metrics before and after the crash."""
    async with receiver() as heard, customer_of(stage) as customer:
        await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, heard.url)
        await until_endpoint_known(customer, heard, "Is anybody there")
        reached = await through_trouble(customer, smsc, heard)
        pages = await metrics_of(stage)
        smsc.faults = Faults(silent_rate=1.0)
        silent = smsc.tally.silent
        under_way = await send(customer, 900, COUNT)
        async with asyncio.timeout(LIMIT_S):
            await smsc.until(lambda tally: tally.silent > silent)
        await asyncio.to_thread(stage.kill_gateway)
        keep_wreck(stage)
        smsc.faults = Faults()
        await asyncio.to_thread(stage.start_gateway)
        reached += [each["status"] for each in await customer.reach_all(under_way)]
        return reached, pages + await metrics_of(stage)


async def through_trouble(customer: Customer, smsc: Simulator, heard: Receiver) -> list[str]:
    """Nine hundred messages, three hundred for each kind of trouble."""
    reached = []
    for part, faults in enumerate(
        (
            Faults(throttle_rate=0.05, drop_every=170, receipt_twice_rate=0.1),
            Faults(error_rate=0.3, error_status=st.RINVDSTADR, receipt_before_response=True),
            Faults(receipt_state_failed_rate=0.5),
        )
    ):
        smsc.faults = faults
        ids = await send(customer, 300 * part, 300 * part + 300)
        reached += [each["status"] for each in await customer.reach_all(ids)]
        await heard.until_told(ids)
    return reached


def keep_wreck(stage: Stage) -> None:
    """What the crash left is searched too, before the restart tidies it."""
    for folder in ("data", "keys", "root"):
        for path in (each for each in (stage.folder / folder).rglob("*") if each.is_file()):
            name = "-".join(path.relative_to(stage.folder / folder).parts)
            (stage.folder / f"wreck-{name}").write_bytes(path.read_bytes())


async def metrics_of(stage: Stage) -> bytes:
    said = [json.loads(line) for line in stage.log.read_bytes().splitlines() if b'"metrics"' in line]
    url = f"http://127.0.0.1:{said[-1]['port']}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.read()


def search(folder: Path) -> Mapping[str, Any]:
    """The command, as a person runs it: the values by standard input."""
    values = [*CORES.values(), *NUMBERS, *(number[1:] for number in NUMBERS), REFERENCE]
    words = [sys.executable, "-m", "gateway", "leakscan", str(folder), "--json"]
    done = subprocess.run(words, input="\n".join(values), capture_output=True, text=True, check=False)
    report: Mapping[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.policy("P-05")
async def test_nothing_of_a_thousand_messages_is_left_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "stage" / "tmp"
    monkeypatch.setenv("TMPDIR", str(temporary))
    smsc = Simulator()
    await smsc.start()
    stage = QuickStage(tmp_path / "stage", smsc_port=smsc.port, window=32)  # less than lies between two cuts
    try:
        await asyncio.to_thread(stage.prepare)
        temporary.mkdir()
        reached, metrics = await play(stage, smsc)
        monkeypatch.delenv("TMPDIR")
        report = await asyncio.to_thread(search, stage.folder)
        log = stage.log.read_bytes()
        (stage.folder / "planted").write_bytes(b"..." + NUMBERS[3].encode("utf-16-le") + b"...")
        planted = await asyncio.to_thread(search, stage.folder)
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()
    assert len(reached) == COUNT
    assert {"delivered", "rejected", "undelivered"} <= set(reached)
    assert (report["leaks"], report["control_found"], report["clean"]) == ([], True, True)
    assert not planted["clean"]
    assert {Path(leak["place"]).name for leak in planted["leaks"]} == {"planted"}
    assert b'"debug"' in log
    for value in (*CORES.values(), *NUMBERS, REFERENCE):
        assert not find(metrics, traces(value))
