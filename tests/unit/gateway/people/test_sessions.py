"""How long a session lasts, whose it is, and what it repeats in forms."""

import pytest

from gateway.ledger.contract import DocumentWrite
from gateway.people.roles import Action, Role
from gateway.people.sessions import (
    COOKIE,
    IDLE_MS,
    LONGEST_MS,
    MOST,
    NO_COOKIE,
    NOTED_EVERY_MS,
    SESSION,
    Session,
    Sessions,
    cookie,
)
from gateway.people.signing_in import SignedIn
from redaction.personal import Purpose, Secret
from tests.unit.gateway.people.office import Office

CUSTOMER = "cus_0123456789abcdef"


class Signed:
    """Somebody who is signed in."""

    def __init__(self, office: Office, token: Secret) -> None:
        self.office, self.token, self.sessions = office, token, Sessions(office.registry)

    async def session(self) -> Session | None:
        return await self.sessions.find(self.token)


async def signed_in(*roles: Role, customer: str = "") -> Signed:
    office = Office()
    _, secret = await office.add_with_totp("Nora", *roles, customer=customer)
    done = await office.sign_in("Nora", office.code(secret))
    assert isinstance(done, SignedIn)
    return Signed(office, done.token)


async def test_a_token_has_256_random_bits_and_is_nowhere_in_the_ledger() -> None:
    signed = await signed_in()
    said = signed.token.reveal(Purpose.CREDENTIAL)
    assert len(said.partition(".")[2]) == 43
    assert said.partition(".")[2].encode() not in await signed.office.octets()
    session = await signed.session()
    assert session is not None
    assert session.form_token().encode() not in await signed.office.octets()


async def test_a_session_without_requests_ends_after_a_quarter_of_an_hour() -> None:
    signed = await signed_in()
    for _ in range(10):
        signed.office.clock.advance((IDLE_MS - NOTED_EVERY_MS) / 1000)
        assert await signed.session() is not None
    signed.office.clock.advance(IDLE_MS / 1000)
    assert await signed.session() is None


async def test_a_session_ends_after_ten_hours_however_busy() -> None:
    signed = await signed_in()
    began_ms = signed.office.clock.now_ms()
    while signed.office.clock.now_ms() < began_ms + LONGEST_MS:
        assert await signed.session() is not None
        signed.office.clock.advance(10 * 60)
    assert await signed.session() is None


async def test_requests_within_a_minute_write_nothing() -> None:
    signed = await signed_in()
    before = await signed.office.acts.version()
    for _ in range(20):
        signed.office.clock.advance(2)
        assert await signed.session() is not None
    assert await signed.office.acts.version() == before


@pytest.mark.parametrize("by", ["roles", "disable", "password", "totp", "passkeys"])
async def test_whatever_changes_what_somebody_may_ends_the_sessions(by: str) -> None:
    signed = await signed_in()
    people, session = signed.office.people, await signed.session()
    assert session is not None
    who = session.person.id
    if by == "roles":
        await people.set_roles(who, [Role.AUDITOR])
    elif by == "disable":
        await people.disable(who)
    elif by == "password":
        await people.set_password(who, Secret("another good password"))
    elif by == "totp":
        await people.drop_totp(who)
    else:
        await people.drop_passkeys(who)
    assert await signed.session() is None


async def test_a_correction_ends_no_session_and_who_changes_the_own_password_stays() -> None:
    signed = await signed_in()
    session = await signed.session()
    assert session is not None
    await signed.office.people.set_password(session.person.id, Secret("another good password"))
    await signed.sessions.keep(session, await signed.office.registry.get(session.person.id))
    assert await signed.session() is not None


async def test_signing_out_ends_it() -> None:
    signed = await signed_in()
    session = await signed.session()
    assert session is not None
    await signed.sessions.end(session)
    assert await signed.session() is None
    assert (await signed.office.acts_told())[-1] == "logout"


@pytest.mark.parametrize("token", ["", ".", "usr_0123456789abcdef.", "usr_0123456789abcdef.x", "x" * 5000, "ü.ü"])
async def test_what_is_no_token_finds_nothing(token: str) -> None:
    signed = await signed_in()
    assert await signed.sessions.find(Secret(token)) is None


async def test_a_token_of_another_person_is_of_nobody() -> None:
    signed = await signed_in()
    other = await signed.office.add("Sara")
    random = signed.token.reveal(Purpose.CREDENTIAL).partition(".")[2]
    assert await signed.sessions.find(Secret(f"{other.id}.{random}")) is None


async def test_the_oldest_session_makes_room_and_each_can_be_ended_by_its_owner() -> None:
    signed = await signed_in()
    office = signed.office
    session = await signed.session()
    assert session is not None
    person = session.person
    for _ in range(MOST):
        office.clock.advance(1)
        _, writes = await signed.sessions.begun(person, has_second=True)
        await office.acts.act(writes)
    assert await signed.session() is None
    listed = await signed.sessions.of(person)
    assert len(listed) == MOST
    assert [each.created_ms for each in listed] == sorted((each.created_ms for each in listed), reverse=True)
    assert await signed.sessions.end_of(person, listed[0].key)
    assert not await signed.sessions.end_of(person, listed[0].key)
    other = await office.add("Sara")
    assert not await signed.sessions.end_of(other, listed[1].key)
    assert len(await signed.sessions.of(person)) == MOST - 1


async def test_a_form_repeats_what_only_its_session_knows() -> None:
    signed = await signed_in()
    mine = await signed.session()
    assert mine is not None
    token, writes = await signed.sessions.begun(mine.person, has_second=True)
    await signed.office.acts.act(writes)
    others = await signed.sessions.find(token)
    assert others is not None
    assert mine.is_form_token(mine.form_token())
    assert not any(map(mine.is_form_token, ("", mine.form_token()[:-1], others.form_token(), "ü" * 43)))


async def test_people_of_a_customer_reach_it_and_no_other() -> None:
    signed = await signed_in(Role.CUSTOMER_OWNER, customer=CUSTOMER)
    session = await signed.session()
    assert session is not None
    assert session.may(Action.KEY_ADD, CUSTOMER)
    assert not session.may(Action.KEY_ADD, "cus_ffffffffffffffff")
    assert not session.may(Action.KEY_ADD)
    assert not session.may(Action.OPERATOR_PAUSE, CUSTOMER)
    assert session.may(Action.OWN_READ)


async def test_a_session_that_cannot_be_read_is_none() -> None:
    signed = await signed_in()
    (document,) = await signed.office.acts.of_kind(SESSION)
    await signed.office.acts.act([DocumentWrite(SESSION, document.key, b"\xc1")])
    assert await signed.session() is None


@pytest.mark.policy("P-30")
@pytest.mark.policy("P-29")
def test_the_cookie_is_for_this_host_over_tls_and_no_script() -> None:
    made = cookie(Secret("usr_0123456789abcdef.token"))
    assert made.startswith(f"{COOKIE}=usr_0123456789abcdef.token; ")
    assert COOKIE.startswith("__Host-")
    for each in (made, NO_COOKIE):
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(each.split("; "))
        assert "Domain" not in each
