"""Messages that wait for their receipts."""

from typing import Any

from gateway.model.message import Status
from operators.base import ReceiptState
from tests.unit.gateway.road import Road

DELIVERED = ReceiptState.DELIVERED


async def submitted(road: Road, **changes: Any) -> bytes:
    identifier = await road.send(**changes)
    await road.becomes(identifier, Status.SUBMITTED)
    await road.settled()
    return identifier
