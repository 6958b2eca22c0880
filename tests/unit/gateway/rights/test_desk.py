"""One message is erased, unless that would end another one that waits; one thing is done at a time."""

from pathlib import Path

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.model.refusals import Refusal
from gateway.rights.breach_estimate import FEWEST, Span
from gateway.rights.desk import RightsDesk
from redaction.errors import KeyDestroyed
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, running_road


async def test_one_message_is_erased_where_no_other_of_its_person_waits(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        rights = Rights(road)
        desk = RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER])
        gone, other = await road.send(to=number(1)), await road.send(to=number(1))
        await road.settled()
        stored = await road.stored(gone)
        with pytest.raises(Refusal, match="others_wait"):
            await desk.erase_message(COMMAND_LINE, stored)
        assert road.vault.open_content(stored).to == msisdn(1)
        await road.dispatch.withdrawals.cancel(CUSTOMER, other)
        await road.settled()
        done = await desk.erase_message(COMMAND_LINE, stored)
        assert (done.messages, done.leaves) == (1, 1)
        with pytest.raises(KeyDestroyed):
            road.vault.open_content(stored)
        assert [each is None for each in await road.ledger.messages.find_many([gone, other])] == [True, False]


async def test_whoever_comes_while_somebody_is_at_it_is_told_so(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        rights = Rights(road)
        desk = RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER])
        async with desk._alone():
            with pytest.raises(Refusal, match="overloaded"):
                await desk.erase(COMMAND_LINE, [msisdn(1)], None, "")
            with pytest.raises(Refusal, match="overloaded"):
                await desk.estimate(Span(since_ms=0, until_ms=1), FEWEST)
        assert (await desk.erase(COMMAND_LINE, [msisdn(1)], None, "R-7")).messages == 0
        (intent, _) = await rights.entries("subject.erase")
        assert intent["obj"].startswith("case_")
