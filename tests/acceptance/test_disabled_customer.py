"""`connect-gateway customer disable` and `enable` beside a running gateway."""

import asyncio
from pathlib import Path

from operators.simulator import Simulator
from tests.acceptance.client import customer_of, message, until_answered
from tests.acceptance.test_bad_accounts import metric
from tests.bounds import LIMIT_S
from tests.integration.valkey_server import free_port
from tests.verbs import QuickStage


async def test_a_customer_is_disabled_its_messages_are_held_and_it_is_enabled_again(tmp_path: Path) -> None:
    port = free_port()
    stage = QuickStage(tmp_path / "stage", smsc_port=port)
    smsc = Simulator(port=port, record=True)
    try:
        await asyncio.to_thread(stage.prepare)
        async with customer_of(stage) as customer:
            later = await customer.send("later")  # the operator is not there yet
            answer = await asyncio.to_thread(stage.command, "customer", "disable", stage.customer)
            assert answer["disabled"] is not None
            body = await until_answered(customer, 403, LIMIT_S)
            assert body["code"] == "customer_disabled"
            status, body, _ = await customer.ask("POST", "/v1/messages", json=message("refused"))
            assert (status, body["code"]) == (403, "customer_disabled")
            await smsc.start()
            async with asyncio.timeout(LIMIT_S):
                while await metric(stage, "gateway_held_total") < 1:
                    await asyncio.sleep(0.05)  # another process sets no event
            assert smsc.received == []
            answer = await asyncio.to_thread(stage.command, "customer", "enable", stage.customer)
            assert answer == {"customer": stage.customer, "disabled": None}
            await until_answered(customer, 200, LIMIT_S)
            await customer.reach(later, "delivered")
            await customer.reach(await customer.send("as before"), "delivered")
        assert [each.short_message for each in smsc.received] == [b"later", b"as before"]
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()
