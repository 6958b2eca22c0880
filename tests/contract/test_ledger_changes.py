"""Processes that change the same account at the same time: every change stands."""

import asyncio
import sys
from pathlib import Path

import gateway
from gateway.accounts.settings import CustomerSettings, read_customer, stored_form
from gateway.model.message import MessageClass
from tests.bounds import LIMIT_S
from tests.contract.changer import COUNT, CUSTOMER, DEEDS, url
from tests.contract.conftest import Engine
from tests.contract.records import a_customer, an_endpoint

ROOT = Path(gateway.__file__).parent.parent


async def run(engine: Engine, *deeds: str) -> dict[str, list[str]]:
    """What each of these says, which go on at the same time."""
    processes = {
        deed: await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.contract.changer",
            engine.name,
            str(engine.place),
            deed,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        for deed in deeds
    }
    try:
        async with asyncio.timeout(LIMIT_S):
            said = {deed: (await each.communicate())[0].decode().split() for deed, each in processes.items()}
    finally:
        for each in processes.values():
            if each.returncode is None:
                each.kill()
    assert [each.returncode for each in processes.values()] == [0] * len(deeds)
    return said


async def test_processes_that_change_different_settings_of_one_customer_all_have_their_way(engine: Engine) -> None:
    ledger = await engine.open(exclusive=False)
    before = CustomerSettings(default_class=MessageClass.OTP.value, plain_punctuation=True)
    await ledger.accounts.save_customer(a_customer(settings=stored_form(before)))
    await run(engine, "senders", "numbers", "limits")
    (stored,) = await ledger.accounts.customers()
    reading = read_customer(stored.settings)
    assert (reading.faults, reading.lost) == ((), ())
    assert set(reading.settings.senders) == {f"SENDER-{number}" for number in range(COUNT)}
    assert set(reading.settings.numbers) == {str(90_000 + number) for number in range(COUNT)}
    assert reading.settings.throughput_per_s == COUNT
    assert (reading.settings.default_class, reading.settings.plain_punctuation) == ("otp", True)


async def test_a_url_stays_set_beside_a_node_that_notes_that_the_endpoint_fails(engine: Engine) -> None:
    ledger = await engine.open(exclusive=False)
    await ledger.accounts.save_endpoint(an_endpoint(CUSTOMER, url=url(0), settings=b'{"batch":7,"colour":1}'))
    said = await run(engine, "urls", "failures")
    assert said["urls"] == ["kept"] * (3 * COUNT)
    (stored,) = await ledger.accounts.endpoints()
    assert stored.url == url(COUNT)
    assert stored.failing_since_ms is not None
    assert stored.settings == b'{"batch":7,"colour":1}'


def test_every_deed_is_tried() -> None:
    text = Path(__file__).read_text("utf-8")
    assert all(f'"{deed}"' in text for deed in DEEDS)
