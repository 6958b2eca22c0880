"""A number that has changed hands shows nothing of whoever had it before."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from config.rights import RightsSettings
from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.model.message import Status
from gateway.rights.access import NOBODYS
from gateway.rights.desk import RightsDesk
from operators.base import Accepted, MtMessage, ReceiptState, Refused, SubmitResult
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, running_road

DAY_S = 86_400


def answers() -> Iterator[bool]:
    """Delivered to the first holder; then nobody has the number; then delivered to the second one."""
    yield from (True, False, True)


async def test_whoever_has_a_number_now_sees_nothing_of_its_former_holder(tmp_path: Path) -> None:
    has_number = answers()

    def answer(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
        return Accepted(identifier) if next(has_number) else Refused(int(NOBODYS, 16))

    async with running_road(tmp_path, answers={"loop": answer}, receipts=lambda _: ReceiptState.DELIVERED) as road:
        sent = []
        for status in (Status.DELIVERED, Status.REJECTED, Status.DELIVERED):
            sent.append(await road.send(to=number(1)))
            await road.becomes(sent[-1], status)
            road.clock.advance(DAY_S)
            road.keyring.ensure_present()
        rights = Rights(road)
        desk = RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER])
        held = await desk.look(COMMAND_LINE, msisdn(1), None, "")
        assert [each.id for each in held.messages] == [sent[2].hex(), sent[1].hex()]
        everything = await desk.look(COMMAND_LINE, msisdn(1), CUSTOMER, "", since_ms=0)
        assert len(everything.messages) == 3
        near = msgspec.structs.replace(rights.on, settings=Settings(rights=RightsSettings(horizon_s=DAY_S)))
        desk = RightsDesk(near, rights.publish, lambda: [CUSTOMER])
        assert [each.id for each in (await desk.look(COMMAND_LINE, msisdn(1), None, "")).messages] == [sent[2].hex()]
