"""A disclosure has texts where they can still be opened, and its row goes with its key."""

import json
from pathlib import Path

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.model.refusals import Refusal
from gateway.rights.building import cases, disclosures
from gateway.rights.case_states import Kind, State
from gateway.rights.disclosures import Instrument
from gateway.rights.holds import Hands
from tests.unit.gateway.rights.desk import Rights, number
from tests.unit.gateway.rights.test_cases import said
from tests.unit.gateway.road import running_road

HANDS = Hands("usr_0123456789abcdef", "usr_fedcba9876543210")


async def test_texts_are_given_where_they_are_asked_for_and_can_be_opened(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        on = Rights(road).on
        made = disclosures(on, road.sealer, road.vault, COMMAND_LINE)
        found = cases(on, road.sealer, COMMAND_LINE)
        waiting = await road.stored(await road.send(to=number(1), text="canary text"))
        await road.settled()
        for texts in (True, False):
            case = await found.open(said(Kind.DISCLOSURE))
            disclosure, octets = await made.make(case, [waiting], Instrument("court", "order 47"), HANDS, texts=texts)
            (message,) = json.loads(octets)["messages"]
            assert (message.get("text"), message.get("recipient")) == (
                ("canary text", number(1)) if texts else (None, None)
            )
            assert (disclosure.of.messages, disclosure.of.with_texts) == (1, int(texts))
            assert (await found.find(case.id)).of.state is State.ANSWERED
        for instrument, code in ((Instrument(" ", "x"), "empty_field"), (Instrument("x", "x" * 201), "field_too_long")):
            with pytest.raises(Refusal, match=code):
                await made.make(await found.open(said(Kind.DISCLOSURE)), [waiting], instrument, HANDS, texts=False)
        keys = len(road.store.state.customers())
        await made.sweep(road.clock.now_ms() + 1)
        assert (await made.all(), len(road.store.state.customers())) == ([], keys - 2)
