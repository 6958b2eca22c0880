"""A node that is steered while customers send over SMPP: what they are answered, and what its operator gets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from gateway.audit.actor import COMMAND_LINE
from gateway.control.desk import Control, Hand
from gateway.keystore.platform_key import ensure_platform
from gateway.model.message import Status
from operators.simulator import Faults
from operators.smpp import status as st
from redaction.personal import MessageText
from tests.bounds import LIMIT_S
from tests.integration.reload_stage import PREFIXES, reload_stage
from tests.integration.smpp_stage import Peer, Stage, running_gateway, submit

HAND = Hand(actor=COMMAND_LINE, reason=MessageText("a test"))


class Steering:
    """The verbs, and waiting until the node has applied one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stores = stage.node.stores
        self.control = Control(
            stores.ledger.acts,
            stage.node.clock,
            sealer=stores.sealer,
            ensure_key=partial(ensure_platform, stores.keystore, stage.node.clock),
            operators=["north"],
        )

    async def applied(self, verb: Awaitable[object]) -> None:
        await verb
        wanted = await self.control.book.versions()
        async with asyncio.timeout(LIMIT_S):
            while not any(each.applied == wanted for each in await self.control.reports()):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def steered(folder: Path, **more: object) -> AsyncIterator[tuple[Stage, Steering, Peer]]:
    faults = more.pop("faults", None)
    assert faults is None or isinstance(faults, Faults)
    async with running_gateway(folder, faults=faults) as stage:
        account = await stage.account(window=500)
        yield stage, Steering(stage), await stage.peer(account)


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():
            await asyncio.sleep(0.02)


async def test_submissions_are_throttled_while_nothing_is_accepted(tmp_path: Path) -> None:
    async with steered(tmp_path) as (stage, steering, peer):
        assert (await peer.ask(submit())).status == st.OK
        await steering.applied(steering.control.set_accepting(HAND, on=False))
        assert (await peer.ask(submit())).status == st.RTHROTTLED
        await steering.applied(steering.control.set_accepting(HAND, on=True))
        assert (await peer.ask(submit())).status == st.OK
        await stage.arrived(2)


async def test_a_drained_node_ends_its_binds_takes_no_new_ones_and_sends_what_it_has(tmp_path: Path) -> None:
    async with steered(tmp_path) as (stage, steering, peer):
        await steering.applied(steering.control.set_dispatch(HAND, on=False))
        for _ in range(5):
            assert (await peer.ask(submit())).status == st.OK
        node = stage.node.stores.follower.node
        await steering.applied(steering.control.drain_node(node, HAND, draining=True))
        async with asyncio.timeout(LIMIT_S):
            await peer.until_ended()
        account = await stage.account("other")
        assert (await stage.peer(account)).refused == st.RBINDFAIL
        await steering.applied(steering.control.set_dispatch(HAND, on=True))
        await stage.arrived(5)
        await steering.applied(steering.control.drain_node(node, HAND, draining=False))
        assert (await (await stage.peer(account)).ask(submit())).status == st.OK


async def test_binds_are_made_anew_under_load_and_nothing_is_lost_or_sent_twice(tmp_path: Path) -> None:
    async with steered(tmp_path, faults=Faults()) as (stage, steering, peer):
        await until(lambda: stage.smsc.bound == 1)
        (before,) = stage.smsc.receivers
        numbers = [peer.send(submit(b"number %d" % number)) for number in range(300)]
        await steering.applied(steering.control.rebind("north", HAND))
        await until(lambda: stage.smsc.receivers and stage.smsc.receivers[0] is not before)
        await peer.until(lambda: all(each in peer.answers for each in numbers))
        assert {peer.answers[each].status for each in numbers} == {st.OK}
        arrived = await stage.arrived(300)
        assert stage.smsc.tally.duplicates == 0
        assert len({each.short_message for each in arrived}) == 300
        assert stage.node.road.dispatch.counters.unknown == 0


async def test_another_throughput_holds_at_once_and_no_longer_than_it_is_to(tmp_path: Path) -> None:
    async with steered(tmp_path) as (stage, steering, peer):
        link = stage.node.road.operators["north"]
        until_ms = stage.node.clock.now_ms() + 3_600_000
        await steering.applied(steering.control.throughput("north", 2.0, until_ms, HAND))
        assert link._bucket.rate_per_s(stage.node.clock.monotonic()) == 2.0  # type: ignore[attr-defined]
        numbers = [peer.send(submit(b"number %d" % number)) for number in range(50)]
        await peer.until(lambda: all(each in peer.answers for each in numbers))
        assert stage.smsc.tally.submits < 50
        await steering.applied(steering.control.throughput("north", None, None, HAND))
        await stage.arrived(50)


async def test_a_paused_operator_is_told_as_such_and_its_health_is_reported(tmp_path: Path) -> None:
    async with steered(tmp_path) as (stage, steering, peer):
        await until(lambda: stage.smsc.bound == 1)
        await steering.applied(steering.control.pause("north", HAND))
        (report,) = await steering.control.reports()
        link = report.operators["north"]
        assert (link.paused, link.state, link.binds_up, link.binds, link.why) == (True, "up", 1, 1, ())
        assert (await peer.ask(submit())).status == st.OK
        await stage.smsc.go_down()
        async with asyncio.timeout(LIMIT_S):
            while not (await steering.control.reports())[0].operators["north"].why:
                await asyncio.sleep(0.02)
        assert stage.smsc.tally.submits == 0
        await stage.smsc.come_up()
        await steering.applied(steering.control.resume("north", HAND))
        await stage.arrived(1)


async def test_a_paused_operator_stays_paused_when_its_settings_change_while_the_node_runs(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("turned",), faults=Faults(receipt_delay_s=0.01)) as stage:
        stores, dispatch = stage.node.stores, stage.node.road.dispatch
        control = Control(
            stores.ledger.acts,
            stage.node.clock,
            sealer=stores.sealer,
            ensure_key=partial(ensure_platform, stores.keystore, stage.node.clock),
            operators=["turned"],
        )
        await stage.until_bound("turned")
        await control.pause("turned", HAND)
        await until(lambda: dispatch.lanes.by_name["turned"].is_paused)
        stage.write(("turned",), turned="window = 5")
        assert await stage.reload() == ["operators[turned].window"]
        await stage.until_bound("turned", times=2)
        await stage.send(10, PREFIXES["turned"])
        assert dispatch.lanes.by_name["turned"].is_paused
        assert stage.smscs["turned"].tally.submits == 0
        await control.resume("turned", HAND)
        await stage.until_all(Status.DELIVERED)
        assert stage.smscs["turned"].tally.submits == 10
