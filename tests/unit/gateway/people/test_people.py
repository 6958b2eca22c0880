"""Accounts of people: what is stored of them, who changed it, and that nothing is left of whom was erased."""

import msgspec
import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.acts import ROLES
from gateway.people.notes import person_actor
from gateway.people.people import People
from gateway.people.record import MOST_CHANGES, PERSON, Credentials
from gateway.people.registry import UnknownPerson
from gateway.people.roles import CUSTOMER_ROLES, PLATFORM_ROLES, Role
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SignedIn
from redaction.errors import IntegrityError
from redaction.keys import PEOPLE
from redaction.personal import MessageText, Purpose, Secret
from redaction.seal import PurposeRefused
from tests.unit.gateway.people.office import PASSWORD, Office, contact, email


@pytest.mark.policy("P-03")
async def test_contact_data_rests_sealed_under_a_key_of_the_persons_own() -> None:
    office = Office()
    person = await office.add("Nora", Role.OWNER)
    assert person.number >= PEOPLE
    assert office.keys.people() == [person.number]
    shown = await office.people.contact(person.id, Purpose.DATA_SUBJECT)
    assert shown == contact("Nora")
    with pytest.raises(PurposeRefused):
        await office.people.contact(person.id, Purpose.IMPROVEMENT)
    rests = await office.octets()
    for canary in ("Nora", "Canary", email("Nora"), "+966501", "owner@"):
        assert canary.encode() not in rests


async def test_an_id_is_random_and_nothing_else_names_a_person_in_the_audit_log() -> None:
    office = Office()
    person = await office.add("Nora", Role.OWNER, Role.AUDITOR)
    entries = await office.entries()
    assert [each["act"] for each in entries] == ["person.add", "role.grant", "role.grant"]
    assert {each["obj"] for each in entries} == {person.id}
    assert [each.get("what") for each in entries] == [None, "owner", "auditor"]


async def test_nobody_signs_in_by_anothers_address_whatever_its_case() -> None:
    office = Office()
    await office.add("Nora")
    with pytest.raises(InvalidSetting):
        await office.people.add(
            msgspec.structs.replace(contact("Sara"), email=MessageText("NORA@example.sa")), [Role.OWNER]
        )
    assert len(office.keys.people()) == 1


@pytest.mark.parametrize("customer", ["", "cus_0123456789abcdef"])
async def test_somebody_has_roles_of_his_own_side_only(customer: str) -> None:
    office = Office()
    mine, others = (CUSTOMER_ROLES, PLATFORM_ROLES) if customer else (PLATFORM_ROLES, CUSTOMER_ROLES)
    person = await office.people.add(contact("Nora"), tuple(mine), customer)
    assert set(person.roles) == mine
    for role in others:
        with pytest.raises(InvalidSetting):
            await office.people.set_roles(person.id, [role])
    with pytest.raises(InvalidSetting):
        await office.people.set_roles(person.id, [])


async def test_roles_that_change_are_named_one_by_one_and_end_sessions() -> None:
    office = Office()
    person = await office.add("Nora", Role.OWNER, Role.AUDITOR)
    changed = await office.people.set_roles(person.id, [Role.OWNER, Role.SUPPORT])
    assert changed.roles == (Role.OWNER, Role.SUPPORT)
    assert changed.standing.authority == person.standing.authority + 1
    told = [(each["act"], each["what"]) for each in (await office.entries())[-2:]]
    assert told == [("role.grant", "support"), ("role.withdraw", "auditor")]


async def test_nobody_raises_disables_or_erases_himself() -> None:
    office = Office()
    person = await office.add("Nora", Role.OWNER)
    own = People(office.registry, person_actor(person.id))
    for refused in (own.set_roles(person.id, list(PLATFORM_ROLES)), own.disable(person.id), own.erase(person.id)):
        with pytest.raises(InvalidSetting):
            await refused
    assert await office.registry.get(person.id) == msgspec.structs.replace(person, version=1)


@pytest.mark.policy("P-33")
async def test_a_correction_is_remembered_by_who_and_when_without_a_value() -> None:
    office = Office()
    person = await office.add("Nora")
    own = People(office.registry, person_actor(person.id))
    office.clock.advance(60)
    await own.correct(person.id, email=MessageText("nora.new@example.sa"), phone=MessageText("+966502"))
    standing = (await office.registry.get(person.id)).standing
    (change,) = standing.changes
    assert (change.by, change.at_ms, set(change.what)) == (person.id, office.clock.now_ms(), {"email", "phone"})
    assert (await own.contact(person.id, Purpose.DATA_SUBJECT)).name == contact("Nora").name
    assert await office.registry.named(Secret(email("Nora"))) is None
    found = await office.registry.named(Secret("Nora.New@example.sa "))
    assert found is not None
    assert found.id == person.id
    assert b"nora.new" not in await office.octets()


async def test_a_history_is_bounded() -> None:
    office = Office()
    person = await office.add("Nora")
    for number in range(MOST_CHANGES + 5):
        await office.people.correct(person.id, phone=MessageText(f"+9665{number}"))
    assert len((await office.registry.get(person.id)).standing.changes) == MOST_CHANGES


async def test_another_persons_address_is_not_taken_by_correcting() -> None:
    office = Office()
    await office.add("Nora")
    sara = await office.add("Sara")
    with pytest.raises(InvalidSetting):
        await office.people.correct(sara.id, email=MessageText(email("Nora")))


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 257, "nora-is-my-name", "NORA@EXAMPLE.SA!"])
async def test_a_weak_password_is_refused_without_repeating_it(password: str) -> None:
    office = Office()
    person = await office.add("Nora")
    with pytest.raises(InvalidSetting) as refused:
        await office.people.set_password(person.id, Secret(password))
    assert password not in str(refused.value)


@pytest.mark.policy("P-03")
async def test_passwords_and_secrets_are_nowhere_in_clear() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    codes = (await office.people.give_totp(person.id)).codes
    held = await office.people.credentials(person.id)
    assert held.password.startswith("$argon2id$")
    assert repr(held) == "Credentials(•••)"
    rests = await office.octets()
    for canary in (PASSWORD.reveal(Purpose.CREDENTIAL), secret, held.totp, "argon2", *_revealed(codes)):
        assert canary.encode() not in rests


def _revealed(codes: tuple[Secret, ...]) -> list[str]:
    return [each.reveal(Purpose.CREDENTIAL) for each in codes]


async def test_whoever_writes_to_the_ledger_alone_grants_no_role() -> None:
    office = Office()
    low, high = await office.add("Nora", Role.VIEWER), await office.add("Sara", Role.OWNER)
    theirs = await office.acts.find(PERSON, high.id)
    mine = await office.acts.find(PERSON, low.id)
    assert theirs is not None
    assert mine is not None
    with pytest.raises(IntegrityError):
        office.registry.seals.read(msgspec.structs.replace(mine, octets=theirs.octets))


@pytest.mark.policy("P-23")
async def test_of_an_erased_person_nothing_opens_not_even_from_a_copy() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    neighbour, other_secret = await office.add_with_totp("Sara")
    signed_in = await office.sign_in("Nora", office.code(secret))
    assert isinstance(signed_in, SignedIn)
    copies = [each async for each in office.registry.documents(PERSON)]
    await office.people.erase(person.id)
    left = await office.documents()
    assert not [each for each in left if each.key.startswith(person.id) or person.id.encode() in each.octets]
    assert await office.registry.find(person.id) is None
    assert await Sessions(office.registry).find(signed_in.token) is None
    assert office.keys.people() == [neighbour.number]
    (copy,) = [each for each in copies if each.key == person.id]
    with pytest.raises(Exception, match="key is destroyed"):
        office.registry.seals.read(copy)
    assert isinstance(await office.sign_in("Sara", office.code(other_secret)), SignedIn)
    with pytest.raises(UnknownPerson):
        await office.people.erase(person.id)
    told = [(each["act"], each["res"]) for each in await office.entries() if each.get("obj") == person.id]
    assert told[-2:] == [("person.remove", "intent"), ("person.remove", "ok")]


async def test_an_address_can_be_given_again_once_its_owner_was_erased() -> None:
    office = Office()
    person = await office.add("Nora")
    await office.people.erase(person.id)
    assert (await office.add("Nora")).id != person.id


async def test_who_is_disabled_may_nothing_until_enabled() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    await office.people.disable(person.id, left=True)
    assert not isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)
    enabled = await office.people.enable(person.id)
    assert (enabled.standing.disabled_ms, enabled.standing.left_ms) == (None, None)
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)


async def test_nobody_is_nobody() -> None:
    office = Office()
    for identifier in ("", "usr_0000000000000000", "nora", "usr_" + "g" * 16, "x" * 500):
        with pytest.raises(UnknownPerson):
            await office.people.disable(identifier)


def test_the_audit_log_knows_the_roles_that_there_are() -> None:
    assert {each.value for each in Role} == ROLES
    assert not Credentials().has_second
