"""A customer's rules for personal data in texts, set by the command line and felt over HTTP and at the operator."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from operators.simulator import Simulator
from tests.acceptance.client import LOOK_S, Customer, customer_of, message
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

IBAN = "SA0380000000608010167519"


async def until_refused(customer: Customer, body: object, limit_s: float = LIMIT_S) -> Any:
    """Until the running node has heard of the rules, which takes less than a second."""
    async with asyncio.timeout(limit_s):
        while True:
            status, answer, _ = await customer.ask("POST", "/v1/messages", json=body)
            if status == 422:
                return answer
            await asyncio.sleep(LOOK_S)


@pytest.mark.policy("P-16")
async def test_personal_data_is_masked_or_blocked_as_the_customer_asked(tmp_path: Path) -> None:
    smsc = Simulator(record=True)
    await smsc.start()
    stage = QuickStage(tmp_path / "stage", smsc_port=smsc.port)
    try:
        await asyncio.to_thread(stage.prepare)
        rules = ["--detect", "iban=mask", "--detect", "card=block", "--detect", "mobile=warn"]
        await asyncio.to_thread(stage.command, "customer", "set", stage.customer, *rules)
        async with customer_of(stage) as customer:
            blocked = message("Card 4111 1111 1111 1111")
            body = await until_refused(customer, blocked)
            assert (body["code"], body["field"]) == ("content_blocked", "text")
            _, masked, _ = await customer.ask("POST", "/v1/messages", json=message(f"Pay to {IBAN} today"))
            _, warned, _ = await customer.ask("POST", "/v1/messages", json=message("Call 0512345678"))
            _, plain, _ = await customer.ask("POST", "/v1/messages", json=message("Nothing here"))
            await customer.reach_all([masked["id"], warned["id"], plain["id"]])
        texts = {each.short_message for each in smsc.received}
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()
    assert masked["warnings"] == ["masked_iban"]
    assert warned["warnings"] == ["contains_mobile"]
    assert "warnings" not in plain
    assert {text for text in texts if b"4111" not in text} == {
        b"Pay to \x1b<iban\x1b> today", b"Call 0512345678", b"Nothing here"
    }  # fmt: skip
