"""Who pays in advance and submits over SMPP: nothing is taken beyond what is left, however much comes at once."""

import asyncio
from pathlib import Path

import msgspec

from gateway.audit.actor import COMMAND_LINE
from gateway.limits.balance import MICRO, BalanceDesk, top_up
from operators.smpp import status as st
from tests.integration.smpp_stage import Stage, running_gateway, submit

SUBMIT_FAILED = 0x45


async def pay(stage: Stage, messages: int) -> None:
    """For so many messages."""
    ledger = stage.node.stores.ledger
    desk = BalanceDesk(ledger.acts, ledger.balances, stage.node.clock, COMMAND_LINE)
    await desk.change(stage.customer, f"cus_{stage.customer:016x}", top_up(messages * MICRO))
    await stage.node.road.till.load()


async def test_of_many_at_once_as_many_are_taken_as_are_paid_for_and_the_bind_stays(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        router = stage.node.road.ways.routes
        router.adopt([msgspec.structs.replace(each, prices=(1.0,) * len(each.operators)) for each in router.lines])
        await pay(stage, 5)
        account = await stage.account()
        peers = [await stage.peer(account) for _ in range(2)]
        answers = await asyncio.gather(*(peers[at % 2].ask(submit()) for at in range(20)))
        assert sorted(each.status for each in answers) == [st.OK] * 5 + [SUBMIT_FAILED] * 15
        balances = stage.node.stores.ledger.balances
        assert await balances.spent(stage.customer) == 5 * MICRO
        await pay(stage, 1)
        assert [(await peers[0].ask(submit())).status for _ in range(2)] == [st.OK, SUBMIT_FAILED]
        assert await balances.spent(stage.customer) == 6 * MICRO
