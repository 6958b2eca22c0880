"""The rights desk on the road of `tests.unit.gateway.road`: real stores, and people whose numbers count up."""

import json
from collections.abc import Sequence
from typing import Any

from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import Notify
from gateway.model.message import OutboxEvent
from gateway.rights.building import Stands, eraser, tracer
from gateway.rights.erasing import Eraser, Erasure, Purpose
from gateway.rights.subjects import NO_ANSWER, Answer, DataSubject
from gateway.rights.tracing import Trace
from redaction.personal import Msisdn
from tests.unit.gateway.road import CUSTOMER, Road


def msisdn(index: int) -> Msisdn:
    return Msisdn(f"9665{10_000_000 + index}", 966)


def number(index: int) -> str:
    return f"+9665{10_000_000 + index}"


class Rights:
    """published: events that customers are told."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.published: list[OutboxEvent] = []
        self.on = Stands(
            settings=Settings(),
            ledger=road.ledger,
            keystore=road.store,
            keyring=road.keyring,
            policies=road.policies,
            clock=road.clock,
            installation=7,
            public_id=lambda customer: f"cus_{customer:016x}",
        )

    async def publish(self, events: Sequence[OutboxEvent]) -> None:
        self.published += events
        await self.road.ledger.apply([Notify(each) for each in events])

    @property
    def eraser(self) -> Eraser:
        return eraser(self.on, COMMAND_LINE, self.publish)

    async def traces(self, *people: Msisdn, answer: Answer = NO_ANSWER, customer: int = CUSTOMER) -> list[Trace]:
        await self.road.settled()
        return await tracer(self.on).trace([DataSubject(customer, each) for each in people], answer)

    async def erase(self, *people: Msisdn, answer: Answer = NO_ANSWER) -> Erasure:
        return await self.eraser.erase(await self.traces(*people, answer=answer), Purpose())

    async def entries(self, act: str) -> list[dict[str, Any]]:
        found = [json.loads(each.octets) for each in await self.road.ledger.acts.pending(10_000)]
        return [each for each in found if each["act"] == act]
