"""What is kept of people goes on time, and what a process left half done is finished."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import DocumentWrite
from gateway.people.ageing import ACCOUNT_MS, STEP, Ageing
from gateway.people.locks import FORGOTTEN_MS
from gateway.people.record import PERSON
from gateway.people.requests import KEPT_MS as REQUEST_KEPT_MS
from gateway.people.requests import Requests
from gateway.people.roles import Action, Role
from gateway.people.sessions import IDLE_MS
from gateway.people.signing_in import SignedIn
from gateway.people.signins import DAY_MS, KEPT_MS, WHOLE_MS, SignIns
from gateway.people.tokens import Tokens
from redaction.keys import PEOPLE
from redaction.personal import MessageText
from tests.unit.gateway.people.office import KINDS, WRONG, Office


async def kinds(office: Office) -> set[str]:
    return {each.kind for each in await office.documents()}


def later(office: Office, milliseconds: int) -> None:
    office.clock.advance(milliseconds / 1000)


@pytest.mark.policy("P-04")
async def test_an_address_is_whole_for_a_week_then_a_network_and_gone_after_half_a_year() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    ageing, signins = Ageing(office.registry), SignIns(office.registry)
    await office.sign_in("Nora", office.code(secret))
    later(office, WHOLE_MS - 1)
    await ageing.sweep()
    (kept,) = await signins.of(person)
    assert kept.address == "198.51.100.23"
    later(office, 1)
    await ageing.sweep()
    (kept,) = await signins.of(person)
    assert (kept.address, kept.agent.family) == ("198.51.100.0/24", "firefox")
    await ageing.sweep()
    later(office, KEPT_MS - WHOLE_MS - 1)
    await ageing.sweep()
    assert len(await signins.of(person)) == 1
    later(office, 1)
    await ageing.sweep()
    assert await signins.of(person) == []


@pytest.mark.policy("P-04")
@pytest.mark.policy("P-23")
async def test_no_copy_has_a_whole_address_once_its_day_is_a_week_old() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    await office.sign_in("Nora", office.code(secret))
    (copy,) = await office.acts.of_kind("signin")
    later(office, WHOLE_MS + DAY_MS)
    await office.sign_in("Nora", office.code(secret))
    await Ageing(office.registry).sweep()
    await office.acts.act([DocumentWrite("signin", copy.key, copy.octets)])
    fresh, brought_back = await SignIns(office.registry).of(person)
    assert (fresh.address, brought_back.address) == ("198.51.100.23", "198.51.100.0/24")
    assert office.keys.people() == [person.number]


async def test_attempts_of_nobody_go_after_a_week_and_counts_after_a_day() -> None:
    office = Office()
    ageing = Ageing(office.registry)
    await office.sign_in("Nobody", password=WRONG)
    assert await kinds(office) == {"lock", "signin"}
    later(office, FORGOTTEN_MS)
    await ageing.sweep()
    assert await kinds(office) == {"signin"}
    later(office, WHOLE_MS - FORGOTTEN_MS)
    await ageing.sweep()
    assert await kinds(office) == set()


async def test_sessions_that_are_over_go() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    await office.sign_in("Nora", office.code(secret))
    ageing = Ageing(office.registry)
    await ageing.sweep()
    assert "session" in await kinds(office)
    later(office, IDLE_MS)
    await ageing.sweep()
    assert "session" not in await kinds(office)


@pytest.mark.policy("P-21")
async def test_who_left_is_erased_after_thirty_days_and_nobody_else() -> None:
    office = Office()
    left, away, here = [await office.add(name, Role.OWNER) for name in ("Nora", "Sara", "Omar")]
    await office.people.disable(left.id, left=True)
    await office.people.disable(away.id)
    ageing = Ageing(office.registry)
    later(office, ACCOUNT_MS - 1)
    await ageing.sweep()
    assert len(await office.registry.everyone()) == 3
    later(office, 1)
    await ageing.sweep()
    assert {each.id for each in await office.registry.everyone()} == {away.id, here.id}
    assert set(office.keys.people()) == {away.number, here.number}
    assert left.id.encode() not in b"".join(each.octets for each in await office.documents())


async def test_nothing_goes_by_a_clock_that_has_jumped() -> None:
    office = Office()
    left = await office.add("Nora")
    await office.people.disable(left.id, left=True)
    later(office, ACCOUNT_MS)
    office.clock.is_sound = False
    assert await Ageing(office.registry).sweep() == 0
    assert await office.registry.find(left.id) is not None


async def test_an_erasure_that_was_cut_short_is_finished() -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    await office.sign_in("Nora", office.code(secret))
    await office.keys.forget_person(person.number)
    ageing = Ageing(office.registry)
    await ageing.sweep()
    assert await office.acts.find(PERSON, person.id) is not None, "keys may be on their way to this node"
    await ageing.sweep()
    assert not [each for each in await office.documents() if person.id in each.key or person.id.encode() in each.octets]
    assert (await office.acts_told())[-1] == "person.remove"
    assert (await office.add("Nora")).id != person.id


async def test_a_key_of_nobody_is_destroyed_in_the_second_round() -> None:
    office = Office()
    person = await office.add("Nora")
    await office.keys.ensure_person(PEOPLE | 4711)
    ageing = Ageing(office.registry)
    await ageing.sweep()
    assert len(office.keys.people()) == 2
    await ageing.sweep()
    assert office.keys.people() == [person.number]


async def test_an_account_that_cannot_be_read_is_left_alone_with_its_key() -> None:
    office = Office()
    person = await office.add("Nora")
    document = await office.acts.find(PERSON, person.id)
    assert document is not None
    flipped = document.octets[:-1] + bytes([document.octets[-1] ^ 1])
    broken = document.octets[:30] + bytes([document.octets[30] ^ 1]) + flipped[31:]
    await office.acts.act([DocumentWrite(PERSON, person.id, broken)])
    ageing = Ageing(office.registry)
    for _ in range(3):
        await ageing.sweep()
    assert await office.acts.find(PERSON, person.id) is not None
    assert office.keys.people() == [person.number]


async def test_two_nodes_erase_together() -> None:
    office = Office()
    person = await office.add("Nora")
    await office.people.disable(person.id, left=True)
    later(office, ACCOUNT_MS)
    await asyncio.gather(*(Ageing(office.registry).sweep() for _ in range(2)))
    assert await office.registry.everyone() == []
    assert office.keys.people() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_rubbish_in_the_ledger_stops_no_round(kind: str) -> None:
    office = Office()
    person, secret = await office.add_with_totp("Nora")
    for key in ("x", f"{person.id}:", f"{person.id}:x:y", "nobody:٣:z", person.id[:-1]):
        await office.acts.act([DocumentWrite(kind, key, b"\xc1rubbish")])
    ageing = Ageing(office.registry)
    for _ in range(3):
        await ageing.sweep()
    assert isinstance(await office.sign_in("Nora", office.code(secret)), SignedIn)
    assert await SignIns(office.registry).of(person) != []
    assert [each.id for each in await office.registry.everyone()] == [person.id]


async def test_requests_and_tokens_go_in_time() -> None:
    office = Office()
    await Tokens(office.registry).add(COMMAND_LINE, [Action.SYSTEM_READ], life_ms=DAY_MS)
    later(office, REQUEST_KEPT_MS)
    assert await Ageing(office.registry).sweep() == 1
    assert await kinds(office) == set()


async def test_many_documents_go_in_steps() -> None:
    office = Office()
    _, secret = await office.add_with_totp("Nora")
    for _ in range(3):
        await office.sign_in("Nora", office.code(secret))
        later(office, 30_000)
    for number in range(STEP + 20):
        await office.sign_in(f"Name{number}", password=WRONG)
        later(office, 900_000)
    later(office, KEPT_MS)
    ageing = Ageing(office.registry)
    await ageing.sweep()
    assert await kinds(office) == {"person", "person_name"}
    assert ageing.total > STEP + 20


async def test_what_a_later_version_wrote_stays_for_its_time() -> None:
    """A node of this version and one of the next one share a ledger during an upgrade."""
    office = Office()
    person, secret = await office.add_with_totp("Nora", Role.PRIVACY_OFFICER)
    await office.sign_in("Nora", office.code(secret))
    await Tokens(office.registry).add(COMMAND_LINE, [Action.OPERATOR_READ], life_ms=DAY_MS)
    await Requests(office.registry).ask(person, Action.HOLD_LIFT, "hold_0123456789abcdef", MessageText("ticket 4711"))
    for kind, word in (("signin", b"totp"), ("token", b"operator.read"), ("request", b"hold.lift")):
        (document,) = await office.acts.of_kind(kind)
        later_word = word[:-1] + b"~"
        assert word in document.octets
        written = DocumentWrite(kind, document.key, document.octets.replace(word, later_word), document.version)
        await office.acts.act([written])
    ageing = Ageing(office.registry)
    await ageing.sweep()
    assert {"signin", "token", "request"} <= await kinds(office)
    later(office, REQUEST_KEPT_MS)
    await ageing.sweep()
    assert await kinds(office) == {"person", "person_name"}


async def test_requests_that_somebody_else_changes_just_then_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    person = await office.add("Nora", Role.PRIVACY_OFFICER)
    requests = Requests(office.registry)
    for _ in range(3):
        await requests.ask(person, Action.HOLD_LIFT, "hold_0123456789abcdef", MessageText("ticket 4711"))
    later(office, REQUEST_KEPT_MS)
    raced = (await office.acts.of_kind("request"))[0]
    act = office.acts.act

    async def racing(writes: Sequence[DocumentWrite], entries: Sequence[bytes] = ()) -> None:
        if writes[0].key == raced.key:
            await act([DocumentWrite(raced.kind, raced.key, raced.octets)])
        await act(writes, entries)

    monkeypatch.setattr(office.acts, "act", racing)
    assert await requests.sweep(office.clock.now_ms()) == 2
    assert [each.key for each in await office.acts.of_kind("request")] == [raced.key]
