"""The last two digits go with the keys of the content."""

import itertools

import pytest

from redaction import masks
from redaction.errors import KeyDestroyed, KeysWithheld
from redaction.keys import KeyState, Place
from redaction.masks import CLEAR_BELOW, uncover, uncover_named
from redaction.retention import TRANSACTIONAL

CUSTOMER, ID, NOW_MS = 7, b"\4" * 16, 1_800_000_000_000
PLACE: Place = (TRANSACTIONAL, 9, 99)

_octets = itertools.count()


def random(size: int) -> bytes:
    return next(_octets).to_bytes(size, "big")


def cover(keys: KeyState, digits: int, customer: int, message_id: bytes, place: Place) -> int:
    return masks.cover(keys.leaf_key(*place), keys.customer_key(customer), digits, message_id)


@pytest.fixture
def keys() -> KeyState:
    state = KeyState()
    state.ensure_customer(CUSTOMER, random)
    state.ensure_period(TRANSACTIONAL, 9, random)
    return state


def test_all_digits_come_back(keys: KeyState) -> None:
    for digits in range(100):
        stored = cover(keys, digits, CUSTOMER, ID, PLACE)
        assert CLEAR_BELOW <= stored < CLEAR_BELOW + 65_536
        assert uncover(keys, stored, CUSTOMER, ID, PLACE) == digits


def test_the_same_digits_of_many_messages_have_nothing_in_common(keys: KeyState) -> None:
    stored = [cover(keys, 78, CUSTOMER, number.to_bytes(16, "big"), PLACE) for number in range(1_000)]
    assert len(set(stored)) > 980
    assert len({each & 0xFF for each in stored}) > 200


@pytest.mark.policy("P-23")
@pytest.mark.parametrize(("destroy", "factor"), [("puncture", "subject"), ("period", "period"), ("drop", "customer")])
def test_they_go_with_each_key(keys: KeyState, destroy: str, factor: str) -> None:
    stored = cover(keys, 78, CUSTOMER, ID, PLACE)
    if destroy == "puncture":
        keys.puncture(*PLACE)
    elif destroy == "period":
        keys.drop_period(*PLACE[:2])
    else:
        keys.drop_customer(CUSTOMER)
    with pytest.raises(KeyDestroyed) as gone:
        uncover(keys, stored, CUSTOMER, ID, PLACE)
    assert gone.value.factor == factor


def test_withheld_keys_are_not_taken_for_destroyed(keys: KeyState) -> None:
    stored = cover(keys, 78, CUSTOMER, ID, PLACE)
    keys.withhold()
    with pytest.raises(KeysWithheld):
        uncover(keys, stored, CUSTOMER, ID, PLACE)


def test_another_row_has_none_of_it(keys: KeyState) -> None:
    found = []
    for number in range(2_000):
        stored = cover(keys, 78, CUSTOMER, number.to_bytes(16, "big"), PLACE)
        found.append(uncover(keys, stored, CUSTOMER, ID, PLACE))
    assert sum(each is not None for each in found) < 20  # one of 655, and then any two digits


def test_a_customers_former_key_reads_what_it_covered(keys: KeyState) -> None:
    stored = cover(keys, 78, CUSTOMER, ID, PLACE)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW_MS)
    assert uncover(keys, stored, CUSTOMER, ID, PLACE) == 78
    assert cover(keys, 78, CUSTOMER, ID, PLACE) != stored


def test_who_was_forgotten_and_writes_again_has_the_next_leaf(keys: KeyState) -> None:
    keys.puncture(*PLACE)
    leaf = keys.usable_leaf(*PLACE)
    stored = cover(keys, 78, CUSTOMER, ID, (TRANSACTIONAL, 9, leaf))
    assert uncover_named(keys, stored, CUSTOMER, ID, PLACE) == 78
