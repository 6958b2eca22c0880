"""A customer is disabled while it works: on every node its binds end, its messages are held, and later go on."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from operators.smpp import pdu as p
from operators.smpp import status as st
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import running_gateway, submit
from tests.integration.test_shared_nodes import send, two_nodes, until


async def test_binds_end_new_ones_are_refused_and_what_waits_is_held(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        account = await stage.account()
        peer = await stage.peer(account)
        due = datetime.now(UTC) + timedelta(seconds=3)
        scheduled = due.strftime("%y%m%d%H%M%S") + "000+"
        taken = await peer.ask(submit(schedule_delivery_time=scheduled))
        assert taken.status == st.OK
        await stage.accounts.disable(stage.customer)
        await stage.node.stores.directory.refresh()
        async with asyncio.timeout(LIMIT_S):
            await peer.until_ended()
        again = await stage.peer(account)
        assert (again.bound, again.refused) == (None, st.RBINDFAIL)
        assert stage.node.fronts.smpp_server.denied["disabled"] == 1
        await until(lambda: stage.node.road.dispatch.counters.held == 1)
        assert stage.smsc.tally.submits == 0
        await stage.accounts.disable(stage.customer, disabled=False)
        (arrived,) = await stage.arrived(1)
        assert isinstance(arrived, p.SubmitSm)
        await stage.node.stores.directory.refresh()
        assert (await (await stage.peer(account)).ask(submit())).status == st.OK


async def test_nodes_that_share_a_ledger_hold_and_release_each_its_own(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key()
        due = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
        sent = [await send(pair.nodes[number % 2], key, f"Message {number}", schedule_at=due) for number in range(40)]
        await pair.accounts.disable(pair.customer)
        for node in pair.nodes:
            await node.stores.directory.refresh()
        await until(lambda: sum(node.road.dispatch.counters.held for node in pair.nodes) == 40)
        assert all(node.road.dispatch.counters.held for node in pair.nodes)
        assert pair.smsc.tally.submits == 0
        await pair.accounts.disable(pair.customer, disabled=False)
        for identifier in sent:
            await pair.ends(identifier, pair.nodes[1])
        assert sum(node.road.dispatch.counters.released for node in pair.nodes) == 40
        assert pair.smsc.tally.duplicates == 0
        assert pair.smsc.tally.submits == 40
