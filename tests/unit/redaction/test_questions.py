"""What a custodian is asked and says: pseudonyms as the nodes made them, and nothing else."""

from os import urandom

import pytest

from redaction.custodian import X25519, PrivateKey, new_private
from redaction.errors import KeyDestroyed, Tampered
from redaction.keys import KeyState
from redaction.personal import Msisdn
from redaction.pseudonymise import pseudonymise
from redaction.questions import Question, UnknownKey, named, open_question, question, seal_question
from redaction.search_epochs import EPOCH_MS, FORMER_EPOCH_MS

EPOCH = 83_333
CUSTOMERS = (7, 8)
NUMBERS = (Msisdn("966512345678", 966), Msisdn("966512345679", 966))


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return new_private(X25519)


@pytest.fixture
def state(key: PrivateKey) -> KeyState:
    state = KeyState()
    state.set_custodian(key.public(), 0)
    for customer in CUSTOMERS:
        state.ensure_customer(customer, urandom)
    return state


def asked(state: KeyState, since_ms: int = 0, until_ms: int = 1 << 50) -> Question:
    return question(state, "R-1", NUMBERS, CUSTOMERS, since_ms, until_ms)


def test_the_names_are_those_that_the_nodes_gave(state: KeyState, key: PrivateKey) -> None:
    """Across keys of customers that were replaced, and epochs of before."""
    names: dict[int, list[bytes]] = {customer: [] for customer in CUSTOMERS}
    for at, (tag, epoch) in enumerate((("", 230), ("otp", EPOCH), ("promotional", EPOCH), ("otp", EPOCH + 1))):
        state.ensure_secret("search", epoch, urandom, tag=tag, now_ms=at * 10)
        for customer in CUSTOMERS:
            found = [pseudonymise(state, customer, each, epoch, "search", tag) for each in NUMBERS]
            names[customer] += [each.pseudonym for each in found]
        state.hand_over(tag, epoch, urandom, now_ms=at * 10)
        state.rotate_customer(7, urandom, now_ms=at * 10 + 5)
    keys = {key.public().id: key}
    said = named(open_question(seal_question(asked(state), key.public()), keys), keys)
    assert {customer: set(each) for customer, each in said.customers.items()} == {
        customer: set(each) for customer, each in names.items()
    }
    assert (said.is_complete, said.secrets) == (True, 4)


def test_a_span_brings_the_epochs_that_meet_it(state: KeyState) -> None:
    for tag, epoch in (("", 230), *(("otp", EPOCH + at) for at in range(4))):
        state.ensure_secret("search", epoch, urandom, tag=tag)
        state.hand_over(tag, epoch, urandom, now_ms=0)
    span = asked(state, (EPOCH + 1) * EPOCH_MS, (EPOCH + 2) * EPOCH_MS + 1)
    assert [row.epoch for row in span.rows] == [EPOCH + 1, EPOCH + 2]
    assert [row.epoch for row in asked(state, 0, 231 * FORMER_EPOCH_MS).rows] == [230]
    assert all(each.after == b"" for each in span.strands)


def test_without_one_of_its_keys_the_custodian_says_that_something_is_missing(state: KeyState, key: PrivateKey) -> None:
    state.ensure_secret("search", EPOCH, urandom, tag="otp")
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    said = named(asked(state), {})
    assert (said.is_complete, said.secrets) == (False, 0)
    assert said.customers == {7: [], 8: []}


def test_only_the_custodian_reads_a_question(state: KeyState, key: PrivateKey) -> None:
    octets = seal_question(asked(state), key.public())
    for number in NUMBERS:
        assert number._value.encode() not in octets
        assert number._value not in repr(asked(state))
    other = new_private(X25519)
    with pytest.raises(UnknownKey):
        open_question(octets, {other.public().id: other})
    for bad in (b"", b"CGCQ\x01", octets[:-1], octets[:40]):
        with pytest.raises(Tampered):
            open_question(bad, {key.public().id: key})


def test_nothing_is_asked_about_a_customer_who_has_left(state: KeyState) -> None:
    state.drop_customer(8)
    with pytest.raises(KeyDestroyed):
        asked(state)
