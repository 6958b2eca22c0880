"""A route of two operators over SMPP, the first of which is up and useless: codes reach the second within seconds.

A whole node, and two simulated SMSCs; the times are those that a gateway has by default.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.operators import RouteSettings, SmppOperatorSettings
from config.secret import SecretRef
from config.settings import SmppServerSettings
from gateway.delivery.dispatch.circuit import CircuitState
from gateway.model.message import Message, Status
from gateway.node.node import Node
from operators.simulator import Faults, Simulator, SimulatorSettings
from operators.smpp import status as st
from tests.integration.smpp_stage import settings_of
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, a_request, offered

SOON_S = 30.0
"""How long anything may take on a busy machine."""
CODES = 300


class Bench:
    """first, second: the SMSCs of the route, in its order."""

    def __init__(self, node: Node, first: Simulator, second: Simulator) -> None:
        self.node = node
        self.first = first
        self.second = second
        self.circuit = node.road.dispatch.lanes.by_name["first"].circuit
        self._numbers = iter(range(10_000_000))

    async def send(self, count: int, message_class: str = "otp") -> list[bytes]:
        """Accepted and durable, each to a number of its own."""
        pending = [
            offered(
                self.node.road.door,
                EVERY_CLASS,
                a_request(to=f"+96650{next(self._numbers):07d}", message_class=message_class, text="Your code is 1234"),
            )
            for _ in range(count)
        ]
        return [message.id for message, durable in pending if await durable]

    async def record(self, identifier: bytes) -> Message:
        found = await self.node.stores.ledger.messages.find(CUSTOMER, identifier)
        assert found is not None
        return found

    async def accepted_by(self, smsc: Simulator, count: int) -> None:
        async with asyncio.timeout(SOON_S):
            await smsc.until(lambda tally: tally.accepted >= count)


def operator(name: str, port: int, **more: Any) -> SmppOperatorSettings:
    return SmppOperatorSettings(
        name=name, host="127.0.0.1", port=port, system_id="gateway", password=SecretRef(), reconnect_first_s=0.1, **more
    )


@asynccontextmanager
async def benched(folder: Path, faults: Faults, **settings: Any) -> AsyncIterator[Bench]:
    """settings: of the first operator."""
    first, second = (
        Simulator(password="", record=True, track=True, settings=SimulatorSettings(seed=seed)) for seed in (1, 2)
    )
    await first.start()
    await second.start()
    operators = (operator("first", first.port, **settings), operator("second", second.port))
    node = Node(
        msgspec.structs.replace(
            settings_of(folder, first.port, SmppServerSettings(port=None)),
            operators=operators,
            routes=(RouteSettings(operators=("first", "second")),),
        )
    )
    await node.start()
    node.stores.keyring.ensure_customer(CUSTOMER)
    try:
        async with asyncio.timeout(SOON_S):
            for smsc in (first, second):
                await smsc.until(lambda tally: tally.binds > 0)
        first.faults = faults
        yield Bench(node, first, second)
        assert not node.tasks.failed.done(), repr(node.tasks.failed.result())
    finally:
        await node.stop()
        await first.stop()
        await second.stop()


KINDS: dict[str, tuple[Faults, dict[str, Any]]] = {
    "throttles": (Faults(throttle_rate=1.0), {}),
    "has a full queue": (Faults(queue_full_rate=1.0), {}),
    "says nothing": (Faults(silent_rate=1.0), {"response_timeout_s": 600.0}),
    "has passing errors": (Faults(error_rate=1.0, error_status=st.RX_T_APPN), {}),
    "has a system error": (Faults(error_rate=1.0, error_status=st.RSYSERR), {}),
    "refuses the account": (Faults(error_rate=1.0, error_status=st.RINVSYSID), {}),
    "cuts the link": (Faults(drop_every=1), {}),
}


@pytest.mark.case("faults-1")
@pytest.mark.parametrize("kind", KINDS)
async def test_codes_reach_the_second_operator_and_the_first_gets_traffic_again(tmp_path: Path, kind: str) -> None:
    faults, settings = KINDS[kind]
    async with benched(tmp_path, faults, **settings) as bench:
        identifiers = await bench.send(CODES)
        await bench.accepted_by(bench.second, CODES)
        assert {each.destination_addr for each in bench.second.received} == {f"96650{n:07d}" for n in range(CODES)}
        assert bench.second.tally.duplicates == 0
        assert not bench.circuit.is_closed
        for identifier in identifiers:
            await until_taken(bench, identifier, "second")
        bench.first.faults = Faults()
        async with asyncio.timeout(2 * SOON_S):
            while not bench.circuit.is_closed:
                for identifier in await bench.send(1):
                    await until_taken(bench, identifier)
        before = bench.first.tally.accepted
        await bench.send(20)
        await bench.accepted_by(bench.first, before + 20)
        assert bench.second.tally.duplicates == 0


@pytest.mark.case("faults-1")
async def test_a_few_codes_that_are_not_answered_go_on_before_their_answer_is_due(tmp_path: Path) -> None:
    """The window has room, so nothing waits: what was sent is all that there is to see of the operator."""
    async with benched(tmp_path, Faults(silent_rate=1.0), response_timeout_s=600.0) as bench:
        codes = await bench.send(3)
        await bench.first.until(lambda tally: tally.submits >= 3)
        await bench.accepted_by(bench.second, 3)
        assert bench.circuit.state is CircuitState.OPEN
        for identifier in codes:
            await until_taken(bench, identifier, "second")
        (code,) = await bench.send(1)
        await until_taken(bench, code, "second")


@pytest.mark.case("faults-1")
async def test_what_must_not_leave_twice_waits_for_its_answer(tmp_path: Path) -> None:
    async with benched(tmp_path, Faults(silent_rate=1.0), response_timeout_s=600.0) as bench:
        waiting = await bench.send(2, "promotional") + await bench.send(2, "transactional")
        (code,) = await bench.send(1)
        await until_taken(bench, code, "second")
        for identifier in waiting:
            assert (await bench.record(identifier)).status in (Status.ACCEPTED, Status.QUEUED)
        assert bench.second.tally.submits == 1


async def until_taken(bench: Bench, identifier: bytes, name: str | None = None) -> None:
    """An operator has it, this one if it is named."""
    async with asyncio.timeout(SOON_S):
        while (record := await bench.record(identifier)).status in (Status.ACCEPTED, Status.QUEUED):
            await asyncio.sleep(0.005)  # the ledger sets no event
    assert record.status in (Status.SUBMITTED, Status.DELIVERED)
    assert name is None or record.operator == name


@pytest.mark.case("faults-1")
async def test_promotional_messages_wait_for_a_throttling_operator_which_is_asked_ever_more_rarely(
    tmp_path: Path,
) -> None:
    async with benched(tmp_path, Faults(throttle_rate=1.0)) as bench:
        waiting = await bench.send(200, "promotional")
        async with asyncio.timeout(SOON_S):
            while bench.circuit.state is not CircuitState.OPEN:
                await asyncio.sleep(0.01)  # the circuit sets no event
        submits = bench.first.tally.submits
        await bench.send(50)
        await bench.accepted_by(bench.second, 50)
        async with asyncio.timeout(SOON_S):
            await bench.first.until(partial(_has_more, submits, 4))
        assert bench.second.tally.submits == 50
        bench.first.faults = Faults()
        await bench.accepted_by(bench.first, 200)
        for identifier in waiting:
            await until_taken(bench, identifier, "first")
        assert bench.first.tally.submits < 1_000


def _has_more(submits: int, count: int, tally: Any) -> bool:
    return bool(tally.submits >= submits + count)
