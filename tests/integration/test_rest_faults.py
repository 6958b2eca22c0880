"""A whole node on operators over HTTP with faults: no message ends for what is not its fault, none is sent twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.operators import (
    RestCallback,
    RestFields,
    RestOperatorSettings,
    RestSettings,
    RestSuccess,
    RouteSettings,
)
from config.secret import SecretRef
from config.settings import DispatchSettings, SmppServerSettings
from gateway.model.message import Message, Status
from gateway.node.assembly import operator_ids
from gateway.node.node import Node
from gateway.process.clock import SystemClock
from operators.rest.client import RestOperator
from tests.bounds import LIMIT_S
from tests.contract.rest_peer import CALLBACK_SECRET, RestPeer, post_receipt
from tests.integration.smpp_stage import settings_of
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, a_request, offered

SOON = DispatchSettings(
    refill_interval_s=0.02,
    retry_first_s=0.05,
    retry_limit_s=0.2,
    failover_after_s=0.2,
    circuit_failures=3,
    circuit_probe_first_s=0.05,
    circuit_probe_limit_s=0.2,
)


class Bench:
    """peers: the operators `north` and, where there are two, `south`."""

    def __init__(self, node: Node, peers: tuple[RestPeer, ...]) -> None:
        self.node = node
        self.peers = peers
        self.peer = peers[0]

    async def send(self, message_class: str = "transactional", to: str = "+966500000078") -> bytes:
        message, durable = offered(self.node.road.door, EVERY_CLASS, a_request(to=to, message_class=message_class))
        await durable
        return message.id

    async def record(self, identifier: bytes) -> Message:
        found = await self.node.stores.ledger.messages.find(CUSTOMER, identifier)
        assert found is not None
        return found

    async def becomes(self, identifier: bytes, status: Status) -> Message:
        async with asyncio.timeout(LIMIT_S):
            while (record := await self.record(identifier)).status is not status:  # the ledger sets no event
                await asyncio.sleep(0.01)
        return record

    def kept(self, identifier: str) -> str:
        """What the ledger has for an id of `north`'s."""
        stores = self.node.stores
        return operator_ids(stores.keyring, stores.vault, SystemClock()).kept("north", identifier)

    async def asked(self, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(self.peer.requests) < count:
                await asyncio.sleep(0.005)

    @property
    def callback_port(self) -> int:
        operator = self.node.road.operators["north"]
        assert isinstance(operator, RestOperator)
        return operator.callback_port


@asynccontextmanager
async def benched(folder: Path, monkeypatch: pytest.MonkeyPatch, count: int = 1, **more: Any) -> AsyncIterator[Bench]:
    """more: of the operators' settings."""
    monkeypatch.setenv("CALLBACK_SECRET", CALLBACK_SECRET)
    peers = tuple(RestPeer() for _ in range(count))
    for peer in peers:
        await peer.start()
    operators = tuple(settings(name, peer, **more) for name, peer in zip(("north", "south"), peers, strict=False))
    node = Node(
        msgspec.structs.replace(
            settings_of(folder, operators[0], SmppServerSettings(port=None)),
            operators=operators,
            routes=(RouteSettings(operators=tuple(each.name for each in operators)),),
            dispatch=SOON,
        )
    )
    await node.start()
    node.stores.keyring.ensure_customer(CUSTOMER)
    try:
        yield Bench(node, peers)
        assert not node.tasks.failed.done(), repr(node.tasks.failed.result())
        assert not any(node.contained.counts.values()), node.contained.counts
    finally:
        await node.stop()
        for peer in peers:
            await peer.stop()


def settings(name: str, peer: RestPeer, response_timeout_s: float = 30.0, **more: Any) -> RestOperatorSettings:
    callback = RestCallback(port=0, password=SecretRef(env="CALLBACK_SECRET"), reference=more.pop("reference", None))
    base: dict[str, Any] = {
        "url": peer.url,
        "connections": 2,
        "id": "data.id",
        "fields": RestFields(reference="request"),
        "callback": callback,
    }
    return RestOperatorSettings(name=name, response_timeout_s=response_timeout_s, rest=RestSettings(**(base | more)))


@pytest.mark.case("nodes-5")
@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 405, 410, 501])
async def test_a_fault_of_the_link_holds_messages_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async with benched(tmp_path, monkeypatch) as bench:
        bench.peer.status = status
        identifiers = [await bench.send() for _ in range(6)]
        await bench.asked(6)
        circuit = bench.node.road.dispatch.lanes.by_name["north"].circuit
        async with asyncio.timeout(LIMIT_S):
            while not circuit.opened:
                await asyncio.sleep(0.005)
        bench.peer.status = 200
        for identifier in identifiers:
            assert (await bench.becomes(identifier, Status.SUBMITTED)).error is None


@pytest.mark.case("nodes-5")
async def test_the_next_operator_takes_what_one_with_a_wrong_address_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with benched(tmp_path, monkeypatch, 2) as bench:
        bench.peer.status = 404
        for message_class in ("otp", "transactional", "promotional"):
            record = await bench.becomes(await bench.send(message_class), Status.SUBMITTED)
            assert record.operator == "south"


@pytest.mark.case("nodes-5")
@pytest.mark.parametrize("message_class", ["otp", "transactional", "promotional"])
async def test_the_next_operator_takes_what_one_that_is_gone_did_not_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message_class: str
) -> None:
    async with benched(tmp_path, monkeypatch, 2) as bench:
        await bench.peer.stop()
        record = await bench.becomes(await bench.send(message_class), Status.SUBMITTED)
        assert record.operator == "south"


@pytest.mark.case("nodes-5")
async def test_a_listed_status_is_the_message_s_own_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched(tmp_path, monkeypatch, refused_statuses=(404,)) as bench:
        bench.peer.status = 404
        assert (await bench.becomes(await bench.send(), Status.REJECTED)).error == "00000194"


@pytest.mark.case("nodes-4")
async def test_words_of_refusal_in_an_answer_of_success_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RestSuccess(path="data.id", refused=("r-1",))
    async with benched(tmp_path, monkeypatch, success=rule) as bench:
        await bench.becomes(await bench.send(), Status.REJECTED)
        await bench.becomes(await bench.send(), Status.SUBMITTED)


@pytest.mark.case("nodes-4")
async def test_what_is_no_success_goes_to_the_next_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched(tmp_path, monkeypatch, 2, success=RestSuccess(path="data.id", words=("r-2",))) as bench:
        bench.peers[1].requests.append(({}, b""))  # it counts from the second one
        assert (await bench.becomes(await bench.send(), Status.SUBMITTED)).operator == "south"


@pytest.mark.case("nodes-3")
@pytest.mark.parametrize("doubt", ["500", "502", "504", "silence"])
async def test_a_conflict_after_an_attempt_without_an_outcome_is_no_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doubt: str
) -> None:
    async with benched(tmp_path, monkeypatch, response_timeout_s=0.3) as bench:
        bench.peer.status, bench.peer.silent = (200, True) if doubt == "silence" else (int(doubt), False)
        identifier = await bench.send()
        await bench.asked(1)
        bench.peer.status, bench.peer.silent = 404, False  # which does not take the doubt away
        await bench.asked(3)
        bench.peer.status = 409
        record = await bench.becomes(identifier, Status.SUBMITTED)
        assert record.operator_ids == (bench.kept(f"r-{len(bench.peer.bodies)}"),)
        assert len({body["request"] for body in bench.peer.bodies}) == 1


@pytest.mark.case("nodes-3")
async def test_a_conflict_without_a_doubt_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched(tmp_path, monkeypatch) as bench:
        bench.peer.status = 404
        identifier = await bench.send()
        await bench.asked(1)
        bench.peer.status = 409
        await bench.becomes(identifier, Status.REJECTED)


@pytest.mark.case("nodes-8")
@pytest.mark.parametrize("message_class", ["promotional", "transactional", "otp"])
@pytest.mark.parametrize("is_answered", [True, False])
async def test_the_receipt_of_what_was_not_answered_finds_it_by_our_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message_class: str, is_answered: bool
) -> None:
    """Before its time is out, or after it."""
    timeout_s = 30.0 if is_answered else 0.3
    async with benched(tmp_path, monkeypatch, reference="request", response_timeout_s=timeout_s) as bench:
        bench.peer.silent = True
        identifier = await bench.send(message_class)
        await bench.asked(1)
        if not is_answered:
            async with asyncio.timeout(LIMIT_S):
                while not bench.node.road.dispatch.counters.unknown:
                    await asyncio.sleep(0.005)
        receipt = {"request": bench.peer.bodies[0]["request"], "status": "DELIVRD"}
        assert await post_receipt(bench.callback_port, receipt) == 204
        assert (await bench.becomes(identifier, Status.DELIVERED)).operator == "north"


@pytest.mark.case("nodes-8")
async def test_a_promotion_without_an_answer_is_sent_once_and_waits_for_its_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with benched(tmp_path, monkeypatch, reference="request") as bench:
        bench.peer.status = 504
        record = await bench.becomes(await bench.send("promotional"), Status.SUBMITTED)
        assert record.operator_ids == (bench.kept(bench.peer.bodies[0]["request"]),)
        assert len(bench.peer.requests) == 1


@pytest.mark.case("nodes-8")
async def test_without_a_reference_in_receipts_it_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched(tmp_path, monkeypatch) as bench:
        bench.peer.status = 504
        assert (await bench.becomes(await bench.send("promotional"), Status.FAILED)).error == "outcome_unknown"
