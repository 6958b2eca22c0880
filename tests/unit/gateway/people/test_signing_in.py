"""Who comes in, who does not, and what either leaves behind."""

import asyncio

import pytest

from gateway.people.locking import LOCK
from gateway.people.locks import ACCOUNT, ADDRESS
from gateway.people.one_time import STEP_MS
from gateway.people.passwords import MOST_WAITING
from gateway.people.roles import Action, Role
from gateway.people.sessions import Sessions
from gateway.people.signing_in import BURST, Attempt, Refusal, SignedIn
from gateway.people.signins import Means, Outcome, Place, SignIns
from redaction.personal import Purpose, Secret
from tests.unit.gateway.people.office import HOME, PASSWORD, WRONG, Office, email


async def test_a_password_and_a_code_sign_in() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora", Role.OPERATIONS)
    signed_in = await office.sign_in("NORA", office.code(secret))
    assert isinstance(signed_in, SignedIn)
    assert (signed_in.person.id, signed_in.has_second) == (person.id, True)
    session = await Sessions(office.registry).find(signed_in.token)
    assert session is not None
    assert session.may(Action.OPERATOR_PAUSE)
    assert not session.may(Action.KEYS_COPY)


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("Nora", WRONG, "right"),
        ("Nora", PASSWORD, "000000"),
        ("Nora", PASSWORD, ""),
        ("Nora", WRONG, ""),
        ("Nobody", PASSWORD, "right"),
        ("Nobody", WRONG, ""),
        ("", Secret(""), ""),
        ("Disabled", PASSWORD, "right"),
        ("Without", PASSWORD, ""),
    ],
)
@pytest.mark.policy("P-25")
async def test_whatever_is_wrong_is_answered_in_one_way(name: str, password: Secret, code: str) -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    disabled, other = await office.add_with_totp("Disabled")
    await office.people.disable(disabled.id)
    await office.add("Without")  # an account to which nobody gave a password
    right = office.code(other if name == "Disabled" else secret)
    before = {each.kind for each in await office.documents()}
    assert await office.sign_in(name, right if code == "right" else code, password=password) is Refusal.WRONG
    assert {each.kind for each in await office.documents()} - before == {LOCK, "signin"}
    assert [(each["act"], each["res"]) for each in await office.entries()][-1] == ("login", "refused:wrong")


async def test_a_code_serves_once_also_for_two_who_show_it_at_once() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    code = office.code(secret)
    both = await asyncio.gather(*(office.sign_in("Nora", code) for _ in range(2)))
    assert sorted(isinstance(each, SignedIn) for each in both) == [False, True]
    assert await office.sign_in("Nora", code) is Refusal.WRONG
    assert await office.sign_in("Nora", office.code(secret, -1)) is Refusal.WRONG
    office.clock.advance(STEP_MS / 1000)
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)


async def test_a_recovery_code_serves_once() -> None:
    office = Office()
    person, _ = await office.add_with_totp("Nora")
    first, second, *_ = [each.reveal(Purpose.CREDENTIAL) for each in (await office.people.give_totp(person.id)).codes]
    assert isinstance(await office.sign_in("Nora", first.lower().replace("-", " ")), SignedIn)
    assert await office.sign_in("Nora", first) is Refusal.WRONG
    assert isinstance(await office.sign_in("Nora", second), SignedIn)
    assert (await office.entries())[-1]["what"] == "recovery"


async def test_without_a_second_factor_somebody_may_set_one_up_and_nothing_else() -> None:
    office = Office()
    person = await office.add("Nora", Role.OWNER)
    await office.people.set_password(person.id, PASSWORD)
    signed_in = await office.sign_in("Nora")
    assert isinstance(signed_in, SignedIn)
    assert not signed_in.has_second
    sessions = Sessions(office.registry)
    session = await sessions.find(signed_in.token)
    assert session is not None
    assert {each for each in Action if session.may(each)} == {each for each in Action if each.startswith("own.")}
    enrolment = await office.people.begin_totp(person.id)
    assert isinstance(await office.sign_in("Nora"), SignedIn), "it counts once it is confirmed"
    await office.people.confirm_totp(person.id, office.code(enrolment.secret.reveal(Purpose.CREDENTIAL)))
    assert await sessions.find(signed_in.token) is None
    assert await office.sign_in("Nora") is Refusal.WRONG


async def test_who_fails_again_and_again_waits_longer_and_longer() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    for _ in range(ACCOUNT.free):
        assert await office.sign_in("Nora", password=WRONG) is Refusal.WRONG
    for wait_s in (1, 2, 4, 8):
        assert await office.sign_in("Nora", office.code(secret)) is Refusal.LOCKED
        office.clock.advance(wait_s)
        assert await office.sign_in("Nora", password=WRONG) is Refusal.WRONG
    told = [each for each in await office.entries() if each["act"] == "login.locked"]
    assert [each["n"]["tries"] for each in told] == [4, 5, 6, 7, 8]
    office.clock.advance(16)
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)
    assert await office.sign_in("Nora", password=WRONG) is Refusal.WRONG, "a success begins anew"


@pytest.mark.policy("P-25")
async def test_a_name_that_nobody_has_is_locked_as_one_that_exists() -> None:
    office = Office()
    await office.add_with_totp("Nora")
    answers = [[await office.sign_in(name, password=WRONG) for _ in range(7)] for name in ("Nora", "Nobody")]
    assert answers[0] == answers[1]
    assert answers[0][-1] is Refusal.LOCKED


async def test_attempts_at_once_do_not_outrun_the_count() -> None:
    office = Office()
    await office.add_with_totp("Nora")
    answers = await asyncio.gather(*(office.sign_in("Nora", password=WRONG) for _ in range(20)))
    assert answers.count(Refusal.WRONG) <= ACCOUNT.free


async def test_a_network_that_tries_many_names_is_locked_and_no_other_one() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    for number in range(ADDRESS.free):
        place = Place(f"203.0.113.{number + 1}")
        assert await office.sign_in(f"Name{number}", password=WRONG, place=place) is Refusal.WRONG
    assert await office.sign_in("Nora", office.code(secret), place=Place("203.0.113.200")) is Refusal.LOCKED
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)


async def test_an_office_that_signs_in_all_day_is_not_locked() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    for _ in range(ADDRESS.free + 10):
        assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)
        office.clock.advance(STEP_MS / 1000)


async def test_an_administrator_opens_an_account_at_once() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    for _ in range(ACCOUNT.free):
        await office.sign_in("Nora", password=WRONG)
    assert await office.sign_in("Nora", office.code(secret)) is Refusal.LOCKED
    await office.people.unlock(person.id)
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)


async def test_more_than_the_machine_can_compare_is_refused_as_busy() -> None:
    office = Office()
    door = office.door
    attempts = [
        door.by_password(Attempt(Secret(f"{number}@example.sa"), WRONG, "", Place(f"2001:db8:{number:x}::1")))
        for number in range(MOST_WAITING + 8)
    ]
    answers = await asyncio.gather(*attempts)
    assert answers.count(Refusal.BUSY) >= 1
    assert answers.count(Refusal.WRONG) >= MOST_WAITING // 2


async def test_a_process_takes_so_many_attempts_and_no_more() -> None:
    office = Office()
    nets = (Place(f"2001:db8:{number:x}::1") for number in range(BURST + 1))
    answers = [await office.sign_in(str(number), place=place) for number, place in enumerate(nets)]
    assert answers.index(Refusal.BUSY) == BURST
    office.clock.advance(1)
    assert await office.sign_in("Nobody") is Refusal.WRONG


@pytest.mark.policy("P-04")
async def test_of_an_attempt_are_kept_time_outcome_means_browser_and_address() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    await office.sign_in("Nora", password=WRONG)
    office.clock.advance(1)
    await office.sign_in("Nora", office.code(secret))
    await office.sign_in("Nobody", password=WRONG)
    signins = SignIns(office.registry)
    last, first = await signins.of(person)
    assert (first.outcome, first.means) == (Outcome.WRONG, Means.PASSWORD)
    assert (last.outcome, last.means, last.at_ms) == (Outcome.OK, Means.TOTP, office.clock.now_ms())
    assert (str(last.agent), last.address) == ("firefox 133, desktop", "198.51.100.23")
    (nobodys,) = await signins.of(None)
    assert nobodys.address == ""
    rests = await office.octets()
    for canary in (HOME.address, "198.51", "Gecko", "rv:133", "Linux", email("Nobody"), email("Nora")):
        assert canary.encode() not in rests
    assert "198" not in repr(HOME)


async def test_a_fresh_proof_takes_password_and_code_again() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora", Role.OWNER)
    signed_in = await office.sign_in("Nora", office.code(secret))
    assert isinstance(signed_in, SignedIn)
    sessions = Sessions(office.registry)
    office.clock.advance(6 * 60)
    session = await sessions.find(signed_in.token)
    assert session is not None
    now_ms = office.clock.now_ms()
    assert not session.is_fresh_for(Action.PERSON_ADD, now_ms)
    assert session.is_fresh_for(Action.OPERATOR_PAUSE, now_ms)
    assert await office.door.prove(session, WRONG, office.code(secret), HOME) is Refusal.WRONG
    assert await office.door.prove(session, PASSWORD, "", HOME) is Refusal.WRONG
    assert await office.door.prove(session, PASSWORD, office.code(secret), HOME) is None
    renewed = await sessions.find(signed_in.token)
    assert renewed is not None
    assert renewed.is_fresh_for(Action.PERSON_ADD, office.clock.now_ms())
