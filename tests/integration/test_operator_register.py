"""What the operator register holds back: no bind, no disclosure (P-17, P-38). Over TCP, against the simulator."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from config.operators import SmppOperatorSettings
from operators.base import Down, OperatorEvent, Ready
from operators.simulator import Simulator
from operators.smpp import links
from operators.smpp.client import SmppOperator
from redaction.personal import Secret
from tests.bounds import LIMIT_S

LAST_DAY = date(2027, 3, 31)
ON_RECORD = {"transfer_record": "TR-7", "safeguard": "standard clauses", "risk_assessment": "RA-7"}


class Link:
    """An operator's link whose calendar the test turns; `told` has what it said."""

    def __init__(self, port: int, register: dict[str, Any]) -> None:
        raw = {
            "name": "one",
            "host": "127.0.0.1",
            "port": port,
            "system_id": "gateway",
            "reconnect_first_s": 0.01,
            "reconnect_limit_s": 0.01,
            "register": register,
        }
        self.day = LAST_DAY
        self.told: asyncio.Queue[OperatorEvent] = asyncio.Queue()
        self.operator = SmppOperator(
            msgspec.convert(raw, SmppOperatorSettings),
            Secret("secret"),
            monotonic=asyncio.get_running_loop().time,
            now_ms=lambda: 1_800_000_000_000,
            today=lambda: self.day,
            salt=bytes(16),
        )

    def take(self, events: Sequence[OperatorEvent]) -> None:
        for event in events:
            self.told.put_nowait(event)

    async def next(self) -> OperatorEvent:
        return await asyncio.wait_for(self.told.get(), LIMIT_S)

    async def until(self, state: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while self.operator.health().state != state:  # nothing announces that nothing happens
                await asyncio.sleep(0)


@pytest.mark.policy("P-17")
@pytest.mark.policy("P-38")
@pytest.mark.parametrize(
    ("register", "state"),
    [
        ({"contract_expires": "2027-03-30"}, "blocked_contract"),
        ({"contract_expires": "2027-03-31"}, "up"),
        ({"country": "DE"}, "blocked_transfer"),
        ({"country": "DE", **ON_RECORD, "safeguard": None}, "blocked_transfer"),
        ({"country": "DE", **ON_RECORD}, "up"),
    ],
)
async def test_a_link_binds_only_where_the_register_allows_it(register: dict[str, Any], state: str) -> None:
    simulator = Simulator()
    await simulator.start()
    link = Link(simulator.port, register)
    await link.operator.start(link.take)
    await link.until(state)
    assert link.operator.is_up() is (state == "up")
    assert simulator.tally.binds == (state == "up")
    await link.operator.stop(1)
    await simulator.stop()


@pytest.mark.policy("P-17")
async def test_a_link_that_stands_ends_with_its_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "REGISTER_S", 0.01)
    simulator = Simulator()
    await simulator.start()
    link = Link(simulator.port, {"contract_expires": LAST_DAY})
    await link.operator.start(link.take)
    assert isinstance(await link.next(), Ready)
    link.day = date(2027, 4, 1)
    assert isinstance(await link.next(), Down)
    await link.until("blocked_contract")
    assert not link.operator.is_up()
    await link.operator.stop(1)
    await simulator.stop()
