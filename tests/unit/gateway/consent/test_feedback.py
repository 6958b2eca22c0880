"""Codes by which operators say that a subscriber has adverts filtered: the person is stopped, softly."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.accounts.customers import Customer, CustomerSettings
from gateway.audit.actor import NODE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.feedback import Feedback
from gateway.consent.rows import SOFT_MS, Source
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.consent_mode import ConsentMode
from gateway.model.message import Message, MessageClass
from gateway.process.clock import ManualClock
from redaction.errors import KeyDestroyed
from redaction.personal import Msisdn
from tests.contract.records import a_message

PERSON = Msisdn("966500000078", 966)
OF = Of(7, "cus_0123456789abcdef")


def tokens(_customer: int, _number: Msisdn) -> tuple[bytes, bytes]:
    return b"c" * 16, b"s" * 8


def customer(mode: ConsentMode) -> Customer:
    return Customer(id=7, public_id=OF.public_id, settings=CustomerSettings(consent=mode), disabled=False)


CASES: dict[str, tuple[dict[str, Any], ConsentMode, bool]] = {
    "filtered": ({}, ConsentMode.ENFORCE, True),
    "written in capitals": ({"error": "0000040B"}, ConsentMode.ENFORCE, True),
    "watched": ({}, ConsentMode.WATCH, True),
    "off": ({}, ConsentMode.OFF, False),
    "another code": ({"error": "00000401"}, ConsentMode.ENFORCE, False),
    "another operator": ({"operator": "mobily"}, ConsentMode.ENFORCE, False),
    "a code": ({"message_class": MessageClass.OTP}, ConsentMode.ENFORCE, False),
    "without error": ({"error": None}, ConsentMode.ENFORCE, False),
    "content is gone": ({"content": None}, ConsentMode.ENFORCE, False),
}


@pytest.mark.parametrize("case", CASES)
async def test_who_has_adverts_filtered_is_stopped_for_90_days(tmp_path: Path, case: str) -> None:
    changes, mode, expected = CASES[case]
    clock, works = ManualClock(), list[Coroutine[Any, Any, None]]()
    ledger = SqliteLedger(tmp_path / "ledger.db", clock)
    await ledger.open()
    desk = ConsentDesk(ledger.permissions, tokens, clock, NODE)

    def person(message: Message) -> Msisdn:
        if message.content is None:
            raise KeyDestroyed("period")
        return PERSON

    feedback = Feedback(
        lambda operator: ("0000040b",) if operator == "stc" else (),
        person,
        lambda _: customer(mode),
        desk,
        lambda _kind, _name, work: works.append(work),
        clock,
    )
    base = {"message_class": MessageClass.PROMOTIONAL, "error": "0000040b", "operator": "stc"}
    feedback.ended(replace(a_message(), **(base | changes)))
    for work in works:
        await work
    found = (await desk.show(OF, PERSON)).suppressions
    assert [(each.source, each.until_ms) for each in found] == (
        [(Source.OPERATOR, clock.now_ms() + SOFT_MS)] if expected else []
    )
    assert feedback.noted == len(found)
    await ledger.close()
