"""A breach from when it is known to when everybody was told: counts without names, drafts that say what they lack."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.privacy import PrivacySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.model.refusals import Refusal
from gateway.rights.breach_estimate import Span, estimate
from gateway.rights.breach_notice import To, Words, draft
from gateway.rights.breaches import Breaches
from gateway.rights.building import breaches, cases
from gateway.rights.case_clocks import BREACH_MS, DAY_MS, HOUR_MS
from gateway.rights.case_record import BREACH
from gateway.rights.case_states import Channel, Kind, State
from redaction.personal import MessageText
from tests.unit.gateway.rights.desk import Rights, number
from tests.unit.gateway.rights.test_cases import said
from tests.unit.gateway.road import Road, running_road

CANARY = "canary <words> of what happened"
PRIVACY = PrivacySettings(controller="Example Co, Riyadh", contact="privacy@sender.sa", officer="none")


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


def desk(road: Road) -> Breaches:
    return breaches(Rights(road).on, road.sealer, COMMAND_LINE)


async def test_people_are_counted_between_two_ends_and_few_are_not(road: Road) -> None:
    begins_ms = road.clock.now_ms()
    for _ in range(2):
        for person in range(6):
            await road.send(to=number(person))
        road.clock.advance(7 * HOUR_MS / 1000)
        road.keyring.ensure_present()
    await road.send(to=number(1), message_class="otp")
    await road.settled()
    span = Span(since_ms=begins_ms, until_ms=road.clock.now_ms() + 1)
    found = await estimate(road.ledger.copies, str, span)
    assert (found.messages, found.at_least, found.at_most) == (13, 6, 13)
    groups = {each.tag: (each.messages, each.at_least, each.at_most) for each in found.groups}
    assert groups == {"otp": (None, None, None), "transactional": (None, None, None)}  # 13 - 12 would tell of one
    first = await estimate(road.ledger.copies, str, Span(since_ms=begins_ms, until_ms=begins_ms + 1))
    assert (first.at_least, first.at_most) == (6, 6)
    assert (await estimate(road.ledger.copies, str, Span(since_ms=0, until_ms=1, customer=7))).groups == []


@pytest.mark.policy("P-28")
async def test_a_breach_goes_from_its_clock_over_a_draft_to_its_end(road: Road) -> None:
    found = desk(road)
    known_ms = road.clock.now_ms() - HOUR_MS
    breach = await found.open(MessageText(CANARY), known_ms, channel=Channel.PHONE)
    assert breach.case.of.due_ms == known_ms + BREACH_MS
    lacking = draft(await found.facts(breach, To.AUTHORITY), Words(), PrivacySettings(), To.AUTHORITY, "en")
    assert lacking.missing == ["span", "data", "number", "risks", "measures", "controller", "contact"]
    for person in range(6):
        await road.send(to=number(person))
    await road.settled()
    span = Span(since_ms=known_ms, until_ms=road.clock.now_ms() + 1)
    breach = await found.keep(breach, await estimate(road.ledger.copies, str, span))
    words = Words(data="numbers", risks="spam", measures="keys were rotated", advice="be careful")
    for to in To:
        for language in ("ar", "en"):
            made = draft(await found.facts(breach, to), words, PRIVACY, to, language)
            assert made.missing == []
            assert "canary &lt;words&gt;" in made.page
            assert re.search('dir="(rtl|ltr)"', made.page)
    with pytest.raises(Refusal, match="invalid_value"):
        await found.close(breach.case.id, authority_ms=known_ms - 1, people_ms=0)
    ended = await found.close(breach.case.id, authority_ms=road.clock.now_ms(), people_ms=0)
    assert (ended.case.of.state, ended.of.authority_ms) == (State.CLOSED, road.clock.now_ms())
    entries = await Rights(road).entries("breach.estimate")
    assert [each["n"] for each in entries] == [{"messages": 6, "subjects": 6, "customers": 1}]
    (document,) = await road.ledger.acts.of_kind(BREACH)
    assert b"canary" not in document.octets
    assert not [each for each in await road.ledger.acts.pending(1_000) if b"canary" in each.octets]
    road.clock.advance(4 * 365 * DAY_MS / 1000)
    for _ in range(2):
        await cases(Rights(road).on, road.sealer, COMMAND_LINE).sweep()
    assert not await road.ledger.acts.of_kind(BREACH)


async def test_what_is_no_breach_is_not_found(road: Road) -> None:
    case = await cases(Rights(road).on, road.sealer, COMMAND_LINE).open(said(Kind.COMPLAINT))
    with pytest.raises(Refusal, match="not_found"):
        await desk(road).find(case.id)
    assert await desk(road).all() == []
