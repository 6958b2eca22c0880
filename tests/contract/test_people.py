"""People over every engine of the ledger: what one node writes the others know, and what counts once counts once."""

import asyncio

import pytest

from gateway.ledger.roles import Ledger
from gateway.people.ageing import Ageing
from gateway.people.enrolling import Enrolling
from gateway.people.locks import ACCOUNT
from gateway.people.passkeys import RelyingParty
from gateway.people.requests import Request, Requests
from gateway.people.roles import Action, Role
from gateway.people.sessions import Sessions
from gateway.people.signing_in import Refusal, SignedIn
from gateway.people.signins import KEPT_MS, SignIns
from gateway.process.clock import ManualClock
from redaction.personal import MessageText
from tests.contract.conftest import Engine
from tests.unit.gateway.people.office import HOME, ORIGIN, WRONG, Authenticator, Office

WHY = MessageText("a court asks for it")


@pytest.fixture
def office(ledger: Ledger, clock: ManualClock) -> Office:
    return Office(ledger.acts, clock)


async def test_somebody_signs_in_and_is_erased(office: Office) -> None:
    person, secret = await office.add_with_totp("Nora", Role.OWNER)
    signed_in = await office.sign_in("Nora", office.code(secret))
    assert isinstance(signed_in, SignedIn)
    assert await Sessions(office.registry).find(signed_in.token) is not None
    (signin,) = await SignIns(office.registry).of(person)
    assert signin.address == HOME.address
    await office.people.erase(person.id)
    assert await office.documents() == [each for each in await office.documents() if each.kind == "lock"]
    assert [each["act"] for each in await office.entries()][-2:] == ["person.remove", "person.remove"]


async def test_what_one_node_writes_another_one_knows(engine: Engine, clock: ManualClock) -> None:
    first = Office((await engine.open()).acts, clock)
    second = Office((await engine.open(exclusive=False)).acts, clock, first.state)
    person, secret = await first.add_with_totp("Nora")
    signed_in = await first.sign_in("Nora", first.code(secret))
    assert isinstance(signed_in, SignedIn)
    assert await Sessions(second.registry).find(signed_in.token) is not None
    assert await second.sign_in("Nora", first.code(secret)) is Refusal.WRONG, "the code was used on another node"
    await second.people.disable(person.id)
    assert await Sessions(first.registry).find(signed_in.token) is None


async def test_a_code_signs_in_once_however_many_try(office: Office) -> None:
    _, secret = await office.add_with_totp("Nora")
    answers = await asyncio.gather(*(office.sign_in("Nora", office.code(secret)) for _ in range(3)))
    assert sum(isinstance(each, SignedIn) for each in answers) == 1


async def test_attempts_are_counted_first(office: Office) -> None:
    await office.add_with_totp("Nora")
    answers = await asyncio.gather(*(office.sign_in("Nora", password=WRONG) for _ in range(8)))
    assert answers.count(Refusal.WRONG) <= ACCOUNT.free


async def test_a_passkey_answers_once(office: Office) -> None:
    person, authenticator = await office.add("Nora"), Authenticator()
    enrolling = Enrolling(office.registry, RelyingParty(ORIGIN))
    await enrolling.register(person.id, authenticator.create(await enrolling.options(person.id)))
    answer = authenticator.get(office.door.passkey_options() or "")
    answers = await asyncio.gather(*(office.door.by_passkey(answer, HOME) for _ in range(3)))
    assert sum(isinstance(each, SignedIn) for each in answers) == 1


async def test_two_persons_decide_once(office: Office) -> None:
    asking, second = await office.add("Rana", Role.PRIVACY_OFFICER), await office.add("Omar", Role.OWNER)
    requests = Requests(office.registry)
    asked = await requests.ask(asking, Action.HOLD_PLACE, "hold_0123456789abcdef", WHY)
    await requests.consent(second, asked.id)
    claims = [requests.claim(each, asked.id, Action.HOLD_PLACE, asked.obj) for each in (asking, second, asking)]
    done = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(isinstance(each, Request) for each in done) == 1


async def test_everything_goes_on_time(office: Office) -> None:
    person, secret = await office.add_with_totp("Nora")
    await office.sign_in("Nora", office.code(secret))
    await office.sign_in("Nobody", password=WRONG)
    await office.people.disable(person.id, left=True)
    office.clock.advance(KEPT_MS / 1000)
    await Ageing(office.registry).sweep()
    assert await office.documents() == []
    assert office.keys.people() == []
