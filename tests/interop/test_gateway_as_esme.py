"""The whole gateway, a process of its own, in front of SMSCs built on three libraries that nobody here wrote."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.tools.trial_site import Stage
from tests.acceptance.client import customer_of, receiver, until, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.interop.conftest import Start
from tests.interop.smscs import Seen, Smsc
from tests.verbs import QuickStage

ARABIC = "عزيزي العميل، رصيد حسابك ١٢٬٣٤٥٫٦٧ ر.س. شكرًا لتعاملكم \u200fABC-12\u200f مع بنك الرياض. " * 4


class Answering:
    """Sends the receipt of every message that the SMSC takes, and keeps what it took."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self.taken: list[Seen] = []
        self.statuses: list[int] = []

    async def run(self) -> None:
        while True:
            message = await self._smsc.submits.get()
            self.taken.append(message)
            text = f"id:{message.identifier} stat:DELIVRD err:000 text:{message.text[:20]}"
            self.statuses.append(await self._smsc.deliver(text.encode("ascii", "replace"), esm_class=4))


@pytest.fixture
async def stage_at(start: Start, tmp_path: Path) -> AsyncIterator[tuple[Stage, Smsc, Answering]]:
    async with start() as smsc:
        stage = QuickStage(tmp_path / "stage", smsc_port=smsc.port)
        answering = Answering(smsc)
        task = asyncio.create_task(answering.run())
        try:
            await asyncio.to_thread(stage.prepare)
            async with asyncio.timeout(LIMIT_S):
                await until(lambda: bool(smsc.binds))
            yield stage, smsc, answering
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.to_thread(stage.stop)


async def test_a_long_arabic_message_is_delivered(stage_at: tuple[Stage, Smsc, Answering]) -> None:
    stage, _, answering = stage_at
    async with customer_of(stage) as customer:
        record = await customer.reach(await customer.send(ARABIC))
    assert (record["status"], record["segments"], record["encoding"]) == ("delivered", 5, "ucs2")
    parts = sorted(answering.taken, key=lambda seen: seen.part or (0, 0, 0))
    assert "".join(part.text for part in parts) == ARABIC
    await until(lambda: len(answering.statuses) == 5)
    assert answering.statuses == [0] * 5


@pytest.mark.smpp("S-49")
@pytest.mark.policy("P-05")
async def test_what_a_person_writes_reaches_the_customer(stage_at: tuple[Stage, Smsc, Answering]) -> None:
    stage, smsc, _ = stage_at
    async with receiver() as heard, customer_of(stage) as customer, asyncio.timeout(LIMIT_S):
        assert await smsc.deliver("قبل".encode("utf-16-be"), data_coding=8) == 0x66
        await asyncio.to_thread(stage.command, "number", "add", stage.customer, "90909")
        await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, heard.url)
        await until_endpoint_known(customer, heard)
        assert await smsc.deliver("طلب ٤٢".encode("utf-16-be"), data_coding=8) == 0
        await until(lambda: any(event["type"] == "message.received" for event in heard.events()))
        (event,) = [event for event in heard.events() if event["type"] == "message.received"]
        record = await customer.show(event["data"]["id"])
    told = {key: event["data"][key] for key in ("from", "to", "text")}
    assert told == {"from": "+966500000078", "to": "90909", "text": "طلب ٤٢"}
    assert (record["status"], record["direction"], record["from"]) == ("received", "inbound", "+966•••••••78")
    kept = b"".join(path.read_bytes() for path in stage.folder.rglob("*") if path.is_file())
    assert stage.customer.encode() in kept
    for clear in ("طلب ٤٢", "966500000078"):
        for form in (
            clear.encode(),
            clear.encode("utf-16-be"),
            clear.encode("utf-16-le"),
            clear.encode().hex().encode(),
        ):
            assert form not in kept
