"""Passkeys of an authenticator written for these tests, which signs as real ones do."""

import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.invalid import InvalidSetting
from gateway.people.challenges import HOLDS_MS, Challenges, challenge_is_over
from gateway.people.enrolling import Enrolling
from gateway.people.passkeys import PasskeyRefused, RelyingParty, challenge_of, used
from gateway.people.passkeys import registered as kept
from gateway.people.record import MOST_PASSKEYS, Credentials, Passkey
from gateway.people.roles import Role
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SIGN_IN, Refusal, SignedIn
from gateway.people.signins import Means, SignIns
from tests.unit.gateway.people.office import HOME, ORIGIN, PASSWORD, Authenticator, Office

PARTY = RelyingParty(ORIGIN)
ASKED = json.dumps({"user": {"id": "dXNy"}, "rp": {"id": PARTY.id}, "challenge": "Y2hhbGxlbmdl"})
ASKED_AGAIN = json.dumps({"rpId": PARTY.id, "challenge": "Y2hhbGxlbmdl"})
WORDS = st.sampled_from(["", "aWQ", "e30", "W10", "bnVsbA", "eyJ0eXBlIjoxfQ"]) | st.text(max_size=5)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | WORDS, lambda each: st.lists(each), max_leaves=3)
FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports")
RESPONSE = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES))
JSON = VALUES | st.fixed_dictionaries(
    {"response": VALUES | RESPONSE}, optional=dict.fromkeys(("id", "rawId"), VALUES) | {"type": st.just("public-key")}
)
"""What looks like an answer, more or less."""


class Registered:
    """Somebody with a passkey."""

    def __init__(self, office: Office, person_id: str, authenticator: Authenticator) -> None:
        self.office, self.id, self.authenticator = office, person_id, authenticator

    def options(self) -> str:
        options = self.office.door.passkey_options()
        assert options is not None
        return options

    async def sign_in(self, answer: str | None = None) -> SignedIn | Refusal:
        return await self.office.door.by_passkey(answer or self.authenticator.get(self.options()), HOME)


async def registered(authenticator: Authenticator | None = None) -> Registered:
    office, authenticator = Office(), authenticator or Authenticator()
    person = await office.add("Nora", Role.OWNER)
    enrolling = Enrolling(office.registry, PARTY)
    await enrolling.register(person.id, authenticator.create(await enrolling.options(person.id)))
    return Registered(office, person.id, authenticator)


async def test_a_passkey_signs_in_without_a_name() -> None:
    nora = await registered()
    signed_in = await nora.sign_in()
    assert isinstance(signed_in, SignedIn)
    assert (signed_in.person.id, signed_in.has_second) == (nora.id, True)
    assert await Sessions(nora.office.registry).find(signed_in.token) is not None
    (signin,) = await SignIns(nora.office.registry).of(signed_in.person)
    assert signin.means is Means.PASSKEY
    assert "person.passkey" in await nora.office.acts_told()


async def test_what_the_browser_is_asked_says_nothing_about_anybody() -> None:
    nora = await registered()
    asked, nobodys = (json.loads(door.passkey_options() or "") for door in (nora.office.door, Office().door))
    assert asked.keys() == nobodys.keys()
    assert asked["allowCredentials"] == nobodys["allowCredentials"] == []
    assert asked["userVerification"] == "required"


async def test_asking_for_a_ceremony_writes_nothing() -> None:
    nora = await registered()
    before = await nora.office.acts.version()
    assert len({nora.options() for _ in range(50)}) == 50
    assert await nora.office.acts.version() == before


async def test_an_answer_serves_once() -> None:
    nora = await registered()
    answer = nora.authenticator.get(nora.options())
    assert isinstance(await nora.sign_in(answer), SignedIn)
    assert await nora.sign_in(answer) is Refusal.WRONG


async def test_an_answer_serves_for_five_minutes() -> None:
    nora = await registered()
    answer = nora.authenticator.get(nora.options())
    nora.office.clock.advance(HOLDS_MS / 1000)
    assert await nora.sign_in(answer) is Refusal.WRONG


async def test_a_copied_authenticator_is_noticed_by_its_count() -> None:
    nora = await registered()
    for _ in range(3):
        assert isinstance(await nora.sign_in(), SignedIn)
    nora.authenticator.uses = 1
    assert await nora.sign_in() is Refusal.WRONG


async def test_an_authenticator_without_a_count_signs_in_again_and_again() -> None:
    nora = await registered(Authenticator(counts=False))
    for _ in range(3):
        assert isinstance(await nora.sign_in(), SignedIn)


@pytest.mark.parametrize("what", ["origin", "challenge", "signature", "key", "handle", "unverified", "rubbish"])
async def test_an_answer_that_is_not_what_was_asked_for_is_refused(what: str) -> None:
    nora = await registered()
    other = await nora.office.add("Sara")
    authenticator, options = nora.authenticator, nora.options()
    if what == "origin":
        authenticator.origin = "https://console.example.sa.evil.example"
    elif what == "challenge":
        asked: dict[str, Any] = json.loads(options)
        options = json.dumps(asked | {"challenge": "A" * 53})
    elif what == "key":
        authenticator.key = Authenticator().key
    elif what == "handle":
        authenticator.handle = other.id.encode()
    elif what == "unverified":
        authenticator._verifies = False
    answer = authenticator.get(options)
    if what == "signature":
        said = json.loads(answer)
        said["response"]["signature"] = said["response"]["signature"][:-4] + "AAAA"
        answer = json.dumps(said)
    elif what == "rubbish":
        answer = "[" * 10_000
    assert await nora.sign_in(answer) is Refusal.WRONG


@pytest.mark.parametrize("answer", ["", "{}", "null", '{"response": {"clientDataJSON": "!"}}', '{"response": 1}', "\0"])
async def test_rubbish_is_refused_and_said_nothing_of(answer: str) -> None:
    nora = await registered()
    assert await nora.sign_in(answer or "x") is Refusal.WRONG
    with pytest.raises(PasskeyRefused) as refused:
        await Enrolling(nora.office.registry, PARTY).register(nora.id, answer)
    assert refused.value.args == ("the passkey was refused",)


@given(st.one_of(st.text(max_size=80), JSON.map(json.dumps)))
def test_whatever_a_stranger_answers_is_refused_in_one_way(answer: str) -> None:
    for read in (
        lambda: challenge_of(answer),
        lambda: kept(PARTY, answer, b"challenge", 0),
        lambda: used(PARTY, answer, b"challenge", Credentials(passkeys=(Passkey(b"id", b"key", 0, 0),))),
    ):
        with pytest.raises(PasskeyRefused):
            read()


CBOR = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=4) | st.dictionaries(st.integers(-3, 3) | st.text(max_size=3), each, max_size=6)
    ),
    max_leaves=8,
)


@given(
    key=CBOR
    | st.fixed_dictionaries(
        {1: st.sampled_from([1, 2, 3, 7]), 3: st.sampled_from([-7, -8, -257, -48])} | dict.fromkeys((-1, -2, -3), CBOR)
    ),
    statement=CBOR,
    form=CBOR | st.sampled_from(["none", "packed", "tpm", "fido-u2f", "android-key", "apple"]),
    more=st.binary(max_size=40),
    flags=st.integers(0, 255),
)
def test_whatever_cbor_a_stranger_registers_with_is_refused_in_one_way_or_without_effect(
    key: object, statement: object, form: object, more: bytes, flags: int
) -> None:
    authenticator = Authenticator()
    answer = authenticator.create(ASKED, spoiled=(cbor2.dumps(key) + more, statement, form, flags))
    with pytest.raises(PasskeyRefused) as refused:
        kept(PARTY, answer, b"challenge", 0)
    assert refused.value.args == ("the passkey was refused",)
    held = Credentials(passkeys=(Passkey(authenticator.id, cbor2.dumps(key), 0, 0),))
    with pytest.raises(PasskeyRefused):
        used(PARTY, authenticator.get(ASKED_AGAIN), b"challenge", held)


PUBLIC_KEYS: dict[str, Any] = {
    "no algorithm": {1: 2, -1: 1, -2: b"x" * 32, -3: b"y" * 32},
    "no curve": {1: 2, 3: -7},
    "a number for a coordinate": {1: 2, 3: -7, -1: 1, -2: 7, -3: 7},
    "a point on no curve": {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32},
    "a list": [1, 2],
    "a number": 7,
    "RSA of no octets": {1: 3, 3: -257, -1: 7, -2: 7},
}
"""What the library takes to be well formed, and raises errors of other kinds than its own about."""


@pytest.mark.parametrize("what", PUBLIC_KEYS)
@pytest.mark.parametrize("form", ["none", "packed", "tpm", "fido-u2f", "android-safetynet", "apple"])
async def test_keys_and_statements_of_any_form_are_refused_in_one_way(what: str, form: str) -> None:
    office = Office()
    nora = await office.add("Nora")
    enrolling, authenticator = Enrolling(office.registry, PARTY), Authenticator()
    authenticator.public, authenticator.form = PUBLIC_KEYS[what], form
    answer = authenticator.create(await enrolling.options(nora.id))
    try:
        await enrolling.register(nora.id, answer)
    except PasskeyRefused as refused:
        assert refused.args == ("the passkey was refused",)
    assert await office.door.by_passkey(authenticator.get(office.door.passkey_options() or ""), HOME) is Refusal.WRONG


async def test_who_is_disabled_or_took_the_passkey_away_does_not_come_in() -> None:
    nora = await registered()
    await nora.office.people.disable(nora.id)
    assert await nora.sign_in() is Refusal.WRONG
    await nora.office.people.enable(nora.id)
    assert isinstance(await nora.sign_in(), SignedIn)
    await nora.office.people.drop_passkeys(nora.id, nora.authenticator.id)
    assert await nora.sign_in() is Refusal.WRONG


async def test_a_registration_is_for_one_person_and_once() -> None:
    office = Office()
    nora, sara = await office.add("Nora"), await office.add("Sara")
    enrolling, authenticator = Enrolling(office.registry, PARTY), Authenticator()
    answer = authenticator.create(await enrolling.options(nora.id))
    with pytest.raises(PasskeyRefused):
        await enrolling.register(sara.id, answer)
    await enrolling.register(nora.id, answer)
    with pytest.raises(PasskeyRefused):
        await enrolling.register(nora.id, answer)
    signing = office.door.passkey_options()
    assert signing is not None
    asked = json.loads(await enrolling.options(nora.id))
    assert [each["id"] for each in asked["excludeCredentials"]] == [json.loads(authenticator.get(signing))["id"]]
    with pytest.raises(PasskeyRefused):
        await enrolling.register(sara.id, Authenticator(verifies=False).create(await enrolling.options(sara.id)))


async def test_somebody_has_a_few_passkeys_and_no_more() -> None:
    office = Office()
    nora = await office.add("Nora")
    enrolling = Enrolling(office.registry, PARTY)
    for _ in range(MOST_PASSKEYS):
        await enrolling.register(nora.id, Authenticator().create(await enrolling.options(nora.id)))
    with pytest.raises(InvalidSetting):
        await enrolling.options(nora.id)


async def test_with_a_passkey_a_password_alone_is_too_little() -> None:
    nora = await registered()
    await nora.office.people.set_password(nora.id, PASSWORD)
    assert await nora.office.sign_in("Nora") is Refusal.WRONG


async def test_a_passkey_proves_again_who_is_signed_in_and_for_nobody_else() -> None:
    nora = await registered()
    office, sessions = nora.office, Sessions(nora.office.registry)
    signed_in = await nora.sign_in()
    assert isinstance(signed_in, SignedIn)
    office.clock.advance(6 * 60)
    session = await sessions.find(signed_in.token)
    assert session is not None
    sara, enrolling, others = await office.add("Sara"), Enrolling(office.registry, PARTY), Authenticator()
    await enrolling.register(sara.id, others.create(await enrolling.options(sara.id)))
    assert await office.door.prove_by_passkey(session, others.get(nora.options()), HOME) is Refusal.WRONG
    assert await office.door.prove_by_passkey(session, nora.authenticator.get(nora.options()), HOME) is None
    renewed = await sessions.find(signed_in.token)
    assert renewed is not None
    assert renewed.fresh_ms == office.clock.now_ms()


async def test_a_challenge_is_for_its_ceremony_and_its_time() -> None:
    office = Office()
    challenges = Challenges(office.registry)
    made = challenges.new(SIGN_IN)
    assert challenges.spending(SIGN_IN, made) is not None
    assert challenges.spending("another", made) is None
    assert challenges.spending(SIGN_IN, made[:-1]) is None
    assert challenges.spending(SIGN_IN, bytes(40)) is None
    assert Challenges(Office().registry).spending("another", made) is None
    write = challenges.spending(SIGN_IN, made)
    assert write is not None
    await office.acts.act([write])
    (document,) = await office.acts.of_kind("challenge")
    assert not challenge_is_over(document, office.clock.now_ms())
    assert challenge_is_over(document, office.clock.now_ms() + HOLDS_MS)


@pytest.mark.parametrize(
    "origin", ["", "console.example.sa", "http://console.example.sa", "https://example.sa/console"]
)
def test_an_origin_is_a_host_over_tls(origin: str) -> None:
    with pytest.raises(InvalidSetting):
        RelyingParty(origin)
    assert RelyingParty("http://localhost:8080").id == "localhost"
    assert PARTY.id == "console.example.sa"
