"""A reload over several nodes, each with a file of its own: all take over what changed, or none does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from config.reading import Source
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import read_entry
from gateway.control.reloads import ASKED, NOW, NobodyThere, Outcome, Reloads, State, Step, UnderWay, asked_in
from gateway.control.reports import Report, Reporter
from gateway.ledger.contract import DocumentWrite
from gateway.node.node import Node, Origin
from operators.simulator import Simulator
from tests.bounds import LIMIT_S
from tests.integration.test_shared_nodes import DURABLE, until
from tests.integration.valkey_server import Valkey

SETTINGS = """
[http]
port = 0
max_inflight = {inflight}
[metrics]
enabled = {metrics}
port = 0
[ledger]
engine = "redis"
[ledger.redis]
url = "{url}"
lease_s = 1.0
partitions = 8
[keystore]
path = "{folder}/keys/keys.db"
[keystore.root]
path = "{folder}/root/root.key"
[shutdown]
deadline_s = 8
[[operators]]
name = "north"
host = "127.0.0.1"
port = {port}
system_id = "gateway"
reconnect_first_s = 0.1
window = {window}
[[routes]]
operators = ["north"]
"""


class Nodes:
    """Two of them, with a settings file each."""

    def __init__(self, folder: Path, url: str, smsc: Simulator) -> None:
        self.folder = folder
        self.smsc = smsc
        self.files = [folder / "first.toml", folder / "second.toml"]
        self.nodes: list[Node] = []
        self._url = url

    def write(self, number: int, *, window: int = 10, inflight: int = 5000, metrics: str = "false") -> None:
        self.files[number].write_text(
            SETTINGS.format(
                folder=self.folder,
                url=self._url,
                port=self.smsc.port,
                window=window,
                inflight=inflight,
                metrics=metrics,
            )
        )

    async def start(self, number: int) -> Node:
        source = Source(path=self.files[number])
        reading = source.read()
        node = Node(reading.own, origin=Origin(source=source, said=reading.said))
        await node.start()
        self.nodes.append(node)
        return node

    def reloads(self, answer_s: float = LIMIT_S) -> Reloads:
        first = self.nodes[0]
        return Reloads(first.stores.ledger.acts, first.clock, COMMAND_LINE, answer_s=answer_s)

    def windows(self) -> list[int]:
        return [each.road.operators["north"].health().window for each in self.nodes]


@asynccontextmanager
async def two_files(folder: Path) -> AsyncIterator[Nodes]:
    server = Valkey(folder / "valkey", *DURABLE)
    server.start()
    smsc = Simulator(password="")
    await smsc.start()
    async with AsyncExitStack() as stack:
        stack.callback(server.kill)
        stack.push_async_callback(smsc.stop)
        pair = Nodes(folder, server.url, smsc)
        for number in range(2):
            pair.write(number)
            node = await pair.start(number)
            stack.push_async_callback(node.stop)
        await until(
            lambda: all(each.stores.peers is not None and each.stores.peers.partitions == 4 for each in pair.nodes)
        )
        async with asyncio.timeout(LIMIT_S):
            await smsc.until(lambda tally: smsc.bound == 2)
            while len(await pair.reloads()._names()) < 2:
                await asyncio.sleep(0.02)  # each reports within a second that it is there
        yield pair
        assert all(not node.tasks.failed.done() for node in pair.nodes)
        assert not any(any(node.contained.counts.values()) for node in pair.nodes)


def states(outcome: Outcome) -> list[State]:
    return [each.state for each in outcome.said.values()]


async def test_each_node_takes_over_its_own_file(tmp_path: Path) -> None:
    async with two_files(tmp_path) as pair:
        pair.write(0, window=3)
        pair.write(1, window=4, inflight=7)
        looked = await pair.reloads().look()
        assert pair.windows() == [10, 10]
        outcome = await pair.reloads().reload()
        assert outcome.applied
        assert states(outcome) == [State.APPLIED] * 2
        assert pair.windows() == [3, 4]
        said = sorted([change.setting for change in each.changes] for each in outcome.said.values())
        assert said == [["http.max_inflight", "operators[north].window"], ["operators[north].window"]]
        assert sorted([change.setting for change in each.changes] for each in looked.values()) == said
        assert [each.changes for each in (await pair.reloads().reload()).said.values()] == [(), ()]


@pytest.mark.parametrize(("change", "code"), [({"metrics": "true"}, "restart_needed"), ({"window": 0}, "out_of_range")])
async def test_what_one_node_cannot_take_over_no_node_does(
    tmp_path: Path, change: dict[str, object], code: str
) -> None:
    async with two_files(tmp_path) as pair:
        pair.write(0, window=3)
        pair.write(1, **change)  # type: ignore[arg-type]
        outcome = await pair.reloads().reload()
        assert not outcome.applied
        assert sorted(each.value for each in states(outcome)) == ["ready", "refused"]
        assert [each.code for said in outcome.said.values() for each in said.problems] == [code]
        assert pair.windows() == [10, 10]
        pair.write(1, window=4)
        assert (await pair.reloads().reload()).applied
        assert pair.windows() == [3, 4]


async def test_a_signal_to_one_node_reloads_all(tmp_path: Path) -> None:
    async with two_files(tmp_path) as pair:
        pair.write(0, window=3)
        pair.write(1, window=4)
        pair.nodes[1].reload_asked.set()
        await until(lambda: pair.windows() == [3, 4])


async def test_a_node_that_is_silent_has_nothing_taken_over(tmp_path: Path) -> None:
    """It reported a moment ago, and may be cut off: what it would say is not known."""
    async with two_files(tmp_path) as pair:
        first = pair.nodes[0]
        silent = Reporter(first.stores.ledger.acts, first.clock, lambda: Report(node="gone"))
        await silent.report()
        pair.write(0, window=3)
        outcome = await pair.reloads(answer_s=3.0).reload()
        assert not outcome.applied
        assert outcome.said["gone/1"].state is State.SILENT
        assert pair.windows() == [10, 10]
        await silent.leave()
        assert (await pair.reloads().reload()).applied
        assert pair.windows() == [3, 10]


async def test_once_it_is_said_to_apply_every_node_does_whoever_asked_may_die(tmp_path: Path) -> None:
    async with two_files(tmp_path) as pair:
        pair.write(0, window=3)
        pair.write(1, window=4)
        acts, reloads = pair.nodes[0].stores.ledger.acts, pair.reloads()
        names = await reloads._names()
        number = await reloads._ask(Step.PREPARE, names)
        await reloads._answers(number, names, (State.READY,), LIMIT_S)
        with pytest.raises(UnderWay):
            await pair.reloads().reload()
        await reloads._go_on(number, Step.APPLY)
        await until(lambda: pair.windows() == [3, 4])
        standing = await acts.find(ASKED, NOW)
        assert standing is not None
        asked = asked_in(standing)
        assert asked is not None
        assert asked.step is Step.APPLY


async def test_what_somebody_left_unfinished_is_over_in_time_and_closed_in_the_audit_log(tmp_path: Path) -> None:
    async with two_files(tmp_path) as pair:
        acts, reloads = pair.nodes[0].stores.ledger.acts, pair.reloads()
        left = b'{"number":"0123456789abcdef","step":"apply","at_ms":1}'
        await acts.act([DocumentWrite(ASKED, NOW, left)])
        pair.write(0, window=3)
        assert (await reloads.reload()).applied
        pending = [read_entry(each.octets) for each in await acts.pending(100)]
        mine = [each for each in pending if each["act"] == "settings.reload"]
        assert [(each["res"], each["intent"]) for each in mine[:1]] == [("aborted", "0123456789abcdef")]
        assert [each["res"] for each in mine[1:]] == ["intent", "ok"]
        assert mine[1]["intent"] == mine[2]["intent"]
        assert mine[1]["n"] == {"nodes": 2}
        assert set(mine[1]["d"]) == {"after", "before"}


async def test_nobody_is_there_to_reload(tmp_path: Path) -> None:
    async with two_files(tmp_path) as pair:
        await pair.nodes[1].stop()
        first = pair.nodes[0]
        for document in await first.stores.ledger.acts.of_kind("applied"):
            await first.stores.ledger.acts.act([DocumentWrite("applied", document.key, None)])
        with pytest.raises(NobodyThere):
            await pair.reloads().look()
