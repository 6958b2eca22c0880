"""What takes two persons is done once, by two, for what it was asked, and in time."""

import asyncio
import hashlib

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.ledger.contract import ChangedMeanwhile
from gateway.people.record import Person
from gateway.people.registry import UnknownPerson
from gateway.people.requests import HOLDS_MS, KEPT_MS, LONGEST_WAIT_MS, WAITS_MS, NotAllowed, Request, Requests, State
from gateway.people.roles import TWO_PERSONS, Action, Role
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Purpose
from tests.unit.gateway.people.office import Office

HOLD = "hold_0123456789abcdef"
WHY = MessageText("Court order 4711 of Fatimah, +966501234567")
CUSTOMER = "cus_0123456789abcdef"


class Two:
    """A privacy officer who asks, an owner who may consent, and somebody who may neither."""

    def __init__(self, office: Office, people: list[Person]) -> None:
        self.office = office
        self.asking, self.second, self.other = people
        self.requests = Requests(office.registry)

    async def ask(self, action: Action = Action.HOLD_LIFT, obj: str = HOLD) -> Request:
        return await self.requests.ask(self.asking, action, obj, WHY)


async def two() -> Two:
    office = Office()
    roles = {"Rana": Role.PRIVACY_OFFICER, "Omar": Role.OWNER, "Sami": Role.SUPPORT}
    return Two(office, [await office.add(name, role) for name, role in roles.items()])


async def test_one_asks_another_consents_and_it_is_done_once() -> None:
    desk = await two()
    asked = await desk.ask()
    assert asked.state is State.OPEN
    granted = await desk.requests.consent(desk.second, asked.id)
    assert (granted.state, granted.second, granted.by) == (State.GRANTED, desk.second.id, desk.asking.id)
    used = await desk.requests.claim(desk.asking, asked.id, Action.HOLD_LIFT, HOLD)
    assert used.state is State.USED
    with pytest.raises(InvalidSetting):
        await desk.requests.claim(desk.second, asked.id, Action.HOLD_LIFT, HOLD)
    told = [each for each in await desk.office.entries() if each["act"].startswith("request.")]
    assert [each["act"] for each in told] == ["request.make", "request.consent", "request.use"]
    assert [each["actor"]["id"] for each in told] == [desk.asking.id, desk.second.id, desk.asking.id]
    assert told[-1]["by2"] == desk.second.id
    assert {each["obj"] for each in told} == {asked.id}


@pytest.mark.policy("P-20")
async def test_nobody_is_two_persons() -> None:
    desk = await two()
    asked = await desk.ask()
    with pytest.raises(NotAllowed):
        await desk.requests.consent(desk.asking, asked.id)
    with pytest.raises(NotAllowed):
        await desk.requests.consent(desk.other, asked.id)
    with pytest.raises(NotAllowed):
        await desk.requests.ask(desk.other, Action.HOLD_LIFT, HOLD, WHY)
    with pytest.raises(InvalidSetting):
        await desk.requests.claim(desk.asking, asked.id, Action.HOLD_LIFT, HOLD)
    assert (await desk.requests.find(asked.id)).state is State.OPEN


async def test_consent_is_for_that_action_that_object_and_those_two() -> None:
    desk = await two()
    asked = await desk.ask()
    await desk.requests.consent(desk.second, asked.id)
    for person, action, obj in (
        (desk.asking, Action.HOLD_PLACE, HOLD),
        (desk.asking, Action.HOLD_LIFT, "hold_ffffffffffffffff"),
        (desk.other, Action.HOLD_LIFT, HOLD),
    ):
        with pytest.raises(NotAllowed):
            await desk.requests.claim(person, asked.id, action, obj)
    assert (await desk.requests.find(asked.id)).state is State.GRANTED


async def test_it_is_claimed_once_by_whoever_is_first() -> None:
    desk = await two()
    asked = await desk.ask()
    await desk.requests.consent(desk.second, asked.id)
    claims = [desk.requests.claim(each, asked.id, Action.HOLD_LIFT, HOLD) for each in (desk.asking, desk.second)]
    done = await asyncio.gather(*claims, return_exceptions=True)
    assert sorted(isinstance(each, Request) for each in done) == [False, True]


async def test_it_can_be_used_within_the_act_that_it_is_for() -> None:
    desk = await two()
    asked = await desk.ask()
    await desk.requests.consent(desk.second, asked.id)
    spent = [await desk.requests.spending(desk.asking, asked.id, Action.HOLD_LIFT, HOLD) for _ in range(2)]
    (_, write, noted), (_, again, _) = spent
    await desk.office.acts.act([write], [noted])
    with pytest.raises(ChangedMeanwhile):
        await desk.office.acts.act([again], [noted])
    with pytest.raises(InvalidSetting):
        await desk.requests.spending(desk.asking, asked.id, Action.HOLD_LIFT, HOLD)


async def test_a_request_waits_a_day_and_holds_an_hour_after_the_consent() -> None:
    desk = await two()
    late, in_time = await desk.ask(), await desk.ask()
    await desk.requests.consent(desk.second, in_time.id)
    desk.office.clock.advance(HOLDS_MS / 1000)
    with pytest.raises(InvalidSetting):
        await desk.requests.claim(desk.asking, in_time.id, Action.HOLD_LIFT, HOLD)
    desk.office.clock.advance(WAITS_MS / 1000)
    with pytest.raises(InvalidSetting):
        await desk.requests.consent(desk.second, late.id)
    assert (await desk.requests.find(late.id)).state is State.EXPIRED
    assert await desk.requests.waiting() == []


async def test_it_is_refused_or_withdrawn_for_good() -> None:
    desk = await two()
    refused, withdrawn = await desk.ask(), await desk.ask()
    await desk.requests.refuse(desk.second, refused.id)
    with pytest.raises(NotAllowed):
        await desk.requests.withdraw(desk.second, withdrawn.id)
    with pytest.raises(NotAllowed):
        await desk.requests.refuse(desk.other, withdrawn.id)
    assert [each.id for each in await desk.requests.waiting()] == [withdrawn.id]
    await desk.requests.withdraw(desk.asking, withdrawn.id)
    for each in (refused, withdrawn):
        with pytest.raises(InvalidSetting):
            await desk.requests.consent(desk.second, each.id)


@pytest.mark.policy("P-26")
async def test_the_reason_is_sealed_and_the_audit_log_has_a_commitment_to_it() -> None:
    desk = await two()
    asked = await desk.ask()
    assert await desk.requests.reason(asked.id) == WHY
    rests = await desk.office.octets()
    for canary in ("Court", "4711 of", "966501234567"):
        assert canary.encode() not in rests
    (made,) = [each for each in await desk.office.entries() if each["act"] == "request.make"]
    assert made["why"] != hashlib.sha256(WHY.reveal(Purpose.SECURITY).encode()).hexdigest()
    await desk.office.people.erase(desk.asking.id)
    with pytest.raises(KeyDestroyed):
        await desk.requests.reason(asked.id)


@pytest.mark.parametrize("action", [each for each in Action if each not in TWO_PERSONS])
async def test_what_one_may_do_alone_is_not_asked_for(action: Action) -> None:
    desk = await two()
    with pytest.raises(InvalidSetting):
        await desk.ask(action)


@pytest.mark.parametrize("why", ["", "  ", "x" * 201, "two\nlines"])
async def test_a_reason_is_asked_for(why: str) -> None:
    desk = await two()
    with pytest.raises(InvalidSetting):
        await desk.requests.ask(desk.asking, Action.HOLD_LIFT, HOLD, MessageText(why))
    with pytest.raises(InvalidSetting):
        await desk.requests.ask(desk.asking, Action.HOLD_LIFT, HOLD, WHY, waits_ms=LONGEST_WAIT_MS + 1)
    with pytest.raises(UnknownPerson):
        await desk.requests.find("request_0123456789abcdef")


async def test_a_customers_people_decide_on_their_own_affairs() -> None:
    office = Office()
    nora = await office.add("Nora", Role.CUSTOMER_PRIVACY_OFFICER, customer=CUSTOMER)
    sara = await office.add("Sara", Role.CUSTOMER_OWNER, customer=CUSTOMER)
    other = await office.add("Omar", Role.CUSTOMER_OWNER, customer="cus_ffffffffffffffff")
    requests = Requests(office.registry)
    asked = await requests.ask(nora, Action.SUBJECT_EXPORT, "case_0123456789abcdef", WHY, customer=CUSTOMER)
    with pytest.raises(NotAllowed):
        await requests.consent(other, asked.id)
    with pytest.raises(NotAllowed):
        await requests.ask(nora, Action.SUBJECT_EXPORT, "case_0123456789abcdef", WHY)
    assert (await requests.consent(sara, asked.id)).state is State.GRANTED


async def test_what_is_over_is_noted_once_and_goes_after_a_year() -> None:
    desk = await two()
    await desk.ask()
    assert await desk.requests.sweep(desk.office.clock.now_ms()) == 0
    desk.office.clock.advance(WAITS_MS / 1000)
    assert [await desk.requests.sweep(desk.office.clock.now_ms()) for _ in range(2)] == [1, 0]
    assert (await desk.office.acts_told())[-1] == "request.expire"
    desk.office.clock.advance(KEPT_MS / 1000)
    assert await desk.requests.sweep(desk.office.clock.now_ms()) == 1
    assert await desk.office.acts.of_kind("request") == []
