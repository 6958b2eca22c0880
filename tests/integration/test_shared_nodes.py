"""Two whole nodes on one shared ledger: what comes to one of them and concerns the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from config.redis_ledger import RedisSettings
from config.settings import LedgerSettings, SmppServerSettings
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import ApiKey, CustomerSettings, EsmeSettings, KeySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.model.message import Message, Status
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.node.node import Node
from operators.base import ReceiptState
from operators.simulator import Faults, Simulator
from operators.smpp import pdu as p
from operators.smpp import status as st
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Msisdn, Purpose, Secret
from redaction.retention import TRANSACTIONAL
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Peer, settings_of, submit
from tests.integration.valkey_server import Valkey
from tests.unit.gateway.road import LONG, a_request, offered

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class Pair:
    """Two nodes that have half of the partitions each, and an SMSC to which both are bound."""

    def __init__(self, nodes: list[Node], smsc: Simulator, accounts: Accounts, customer: int) -> None:
        self.nodes = nodes
        self.smsc = smsc
        self.accounts = accounts
        self.customer = customer

    async def key(self, **settings: object) -> ApiKey:
        """A key that both nodes know."""
        key = self.nodes[0].stores.directory.find(await self.secret(**settings))
        assert key is not None
        return key

    async def secret(self, **settings: object) -> Secret:
        """What opens a key that both nodes know."""
        wanted = msgspec.convert(settings, KeySettings)
        _, secret = await self.accounts.add_key(self.customer, scopes=("send", "status"), settings=wanted)
        for node in self.nodes:
            await node.stores.directory.refresh()
        await until(lambda: all(has_keys(node, self.customer) for node in self.nodes))
        return secret

    async def account(self) -> tuple[str, str]:
        _, password = await self.accounts.add_esme(self.customer, "bank", settings=EsmeSettings())
        for node in self.nodes:
            await node.stores.directory.refresh()
        return "bank", password.reveal(Purpose.CREDENTIAL)

    async def ends(self, identifier: bytes, node: Node, status: Status = Status.DELIVERED) -> Message:
        """The record, as this node reads it, once it has this status."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                found = await node.stores.ledger.messages.find(self.customer, identifier)
                if found is not None and found.status is status:
                    return found
                await asyncio.sleep(0.02)


@asynccontextmanager
async def two_nodes(folder: Path, faults: Faults | None = None, *, count: int = 2) -> AsyncIterator[Pair]:
    """Or more of them, each with its part of eight partitions."""
    server = Valkey(folder / "valkey", *DURABLE)
    server.start()
    smsc = Simulator(record=True, track=True, faults=faults or Faults(receipt_delay_s=0.05), password="")
    await smsc.start()
    ledger = LedgerSettings(engine="redis", redis=RedisSettings(url=server.url, lease_s=1.0, partitions=8))
    settings = msgspec.structs.replace(
        settings_of(folder, smsc.port, SmppServerSettings(port=0, refused_bind_pause_s=0.0)), ledger=ledger
    )
    async with AsyncExitStack() as stack:
        stack.callback(server.kill)
        stack.push_async_callback(smsc.stop)
        nodes = []
        for _ in range(count):
            node = Node(settings)
            await node.start()
            stack.push_async_callback(node.stop)
            nodes.append(node)
        await until(lambda: sum(map(_partitions, nodes)) == 8 and min(map(_partitions, nodes)) >= 8 // count)
        await smsc.until(lambda tally: smsc.bound == count)
        first = nodes[0]
        accounts = Accounts(
            first.stores.ledger.accounts,
            first.clock,
            COMMAND_LINE,
            sealer=first.stores.sealer,
            ensure_keys=first.stores.keyring.ensure_customer,
            digest=first.stores.keyring.credential_digest,
        )
        stored = await accounts.add_customer(
            Profile(name=MessageText("Trial")), CustomerSettings(senders={"INTERKEY": ()})
        )
        yield Pair(nodes, smsc, accounts, stored.id)
        assert all(not node.tasks.failed.done() for node in nodes)
        assert not any(any(node.contained.counts.values()) for node in nodes)


def has_keys(node: Node, customer: int) -> bool:
    """A node hears of another process's keys within a second."""
    try:
        node.stores.keyring.pseudonymise(customer, Msisdn("966512345678", 966), TRANSACTIONAL, node.clock.now_ms())
    except KeyDestroyed:
        return False
    return True


def _partitions(node: Node) -> int:
    assert node.stores.peers is not None
    return node.stores.peers.partitions


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():
            await asyncio.sleep(0.02)


async def send(node: Node, key: ApiKey, text: str = "hello", **more: object) -> bytes:
    _, durable = offered(node.road.door, key, a_request(text=text, **more))
    identifier = await durable
    assert isinstance(identifier, bytes)
    return identifier


async def test_receipts_reach_the_node_that_has_the_message(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key()
        sent = [await send(pair.nodes[0], key, f"Message {number}") for number in range(40)]
        for identifier in sent:
            await pair.ends(identifier, pair.nodes[1])
        forwarded = [node.road.outcomes.counters.forwarded for node in pair.nodes]
        assert forwarded[0] == 0
        assert 10 <= forwarded[1] <= 30
        assert pair.smsc.tally.receipts_sent == 40
        assert pair.smsc.tally.duplicates == 0


@pytest.mark.smpp("S-65")
async def test_receipts_that_overtake_the_answer_at_another_node_are_waited_for(tmp_path: Path) -> None:
    async with two_nodes(tmp_path, Faults(receipt_before_response=True, answer_delay_s=0.3)) as pair:
        key = await pair.key()
        sent = [await send(pair.nodes[0], key, f"Message {number}") for number in range(20)]
        for identifier in sent:
            await pair.ends(identifier, pair.nodes[1])
        assert pair.nodes[1].road.outcomes.counters.early > 0
        assert [node.road.outcomes.counters.unclaimed for node in pair.nodes] == [0, 0]


@pytest.mark.smpp("S-40")
async def test_the_segments_of_a_message_are_put_together_from_both_nodes(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key()
        sent = [await send(pair.nodes[number % 2], key, LONG) for number in range(12)]
        for identifier in sent:
            assert (await pair.ends(identifier, pair.nodes[0])).segments == 3
        assert all(node.road.outcomes.counters.forwarded for node in pair.nodes)
        assert pair.smsc.tally.receipts_sent == 36


async def test_news_reaches_a_bind_at_another_node(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        account = await pair.account()
        sender = await Peer(pair.nodes[0].fronts.smpp_server.port).bind(account)
        answers = [await sender.ask(submit(b"hello %d" % n, registered_delivery=1)) for n in range(5)]
        sender.close()
        receiver = await Peer(pair.nodes[1].fronts.smpp_server.port).bind(account)
        missing = {answer.message_id.encode() for answer in answers}

        def heard() -> bool:
            texts = [pdu.short_message for pdu in [*sender.got, *receiver.got]]
            return all(any(identifier in text for text in texts) for identifier in missing)

        await until(heard)
        assert receiver.got
        receiver.close()


async def test_a_message_is_cancelled_by_way_of_the_node_that_has_it(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key()
        here, there = pair.nodes
        identifier = await send(here, key, schedule_at=soon(here))
        cancelled = await there.road.revocation.cancel(key.customer.id, identifier)
        assert cancelled is not None
        assert cancelled.status is Status.CANCELLED
        with pytest.raises(Refusal, match="not_cancellable"):
            await there.road.revocation.cancel(key.customer.id, identifier)
        assert await there.road.revocation.cancel(key.customer.id, bytes(16)) is None


@pytest.mark.smpp("S-51")
async def test_a_bind_at_another_node_asks_for_replaces_and_cancels_a_message(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        await pair.key()  # once both have the customer's keys
        account = await pair.account()
        sender, other = [await Peer(node.fronts.smpp_server.port).bind(account) for node in pair.nodes]
        later = submit(b"before", schedule_delivery_time="000000010000000R", registered_delivery=1)
        first, second = [(await sender.ask(later)).message_id for _ in range(2)]
        sharing = pair.nodes[1].stores.peers
        assert sharing is not None
        assert not sharing.works_on(bytes.fromhex(first))
        asked = await other.ask(p.QuerySm(message_id=first, source_addr="INTERKEY"))
        assert (asked.status, asked.message_state) == (st.OK, ReceiptState.ENROUTE.value)
        said = p.ReplaceSm(
            message_id=first,
            source_addr="INTERKEY",
            schedule_delivery_time="000000000000000R",
            registered_delivery=1,
            short_message=b"after",
        )
        assert (await other.ask(said)).status == st.OK
        await pair.ends(bytes.fromhex(first), pair.nodes[1])
        assert [each.short_message for each in pair.smsc.received] == [b"after"]
        assert (await other.ask(said)).status == 0x13
        assert (await other.ask(p.CancelSm(message_id=second, source_addr="INTERKEY"))).status == st.OK
        await pair.ends(bytes.fromhex(second), pair.nodes[0], Status.CANCELLED)
        said = msgspec.structs.replace(said, message_id=second)
        assert (await other.ask(said)).status == 0x13
        sender.close()
        other.close()


def has_left(node: Node, key: ApiKey, messages: int) -> bool:
    """Whether so many messages are left of the key's quota, as this node knows; none of them is used up."""
    try:
        node.road.admission.admit(key, messages, node.clock.now_ms())
    except Refusal:
        return False
    node.road.admission.settle(key, messages, refused=messages)
    return True


def soon(node: Node) -> str:
    return rfc3339(node.clock.now_ms() + 3_600_000)


async def test_a_quota_is_counted_over_both(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key(daily_quota=10)
        for node in pair.nodes:
            for number in range(3):
                node.road.admission.admit(key, 1, node.clock.now_ms())
                await send(node, key, f"Message {number}")
                node.road.admission.settle(key, 1)
        await until(lambda: all(not has_left(node, key, 5) for node in pair.nodes))
        assert all(has_left(node, key, 4) for node in pair.nodes)


async def test_a_message_outlives_the_node_that_took_it(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        key = await pair.key()
        here, there = pair.nodes
        identifier = await send(here, key, schedule_at=soon(here))
        await here.stop()
        await until(lambda: _partitions(there) == 8)
        cancelled = await there.road.revocation.cancel(key.customer.id, identifier)
        assert cancelled is not None
        assert cancelled.status is Status.CANCELLED
