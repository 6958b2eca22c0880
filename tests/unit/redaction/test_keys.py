from collections.abc import Callable

import pytest

from redaction.errors import KeyDestroyed
from redaction.keys import CACHED_LEAVES, PEPPER_PURPOSES, KeyState, Random
from redaction.keys_at_rest import to_bytes
from redaction.retention import OTP, PROMOTIONAL

from .conftest import CUSTOMER, PERIOD


def test_nothing_is_made_by_looking_it_up(keys: KeyState) -> None:
    before = to_bytes(keys)
    look_ups: list[Callable[[], object]] = [
        lambda: keys.leaf_key(OTP, PERIOD + 1, 0),
        lambda: keys.customer_key(8),
        lambda: keys.pepper(8, "search", 0),
    ]
    for look_up in look_ups:
        with pytest.raises(KeyDestroyed):
            look_up()
    assert to_bytes(keys) == before


def test_ensure_says_whether_something_was_made_and_never_replaces(keys: KeyState, random: Random) -> None:
    leaf, customer, pepper = (
        keys.leaf_key(OTP, PERIOD, 1),
        keys.customer_key(CUSTOMER),
        keys.pepper(CUSTOMER, "search", 0),
    )
    assert not keys.ensure_period(OTP, PERIOD, random)
    assert not keys.ensure_customer(CUSTOMER, random)
    assert not keys.ensure_pepper(CUSTOMER, "search", 0, random)
    assert keys.ensure_period(OTP, PERIOD + 1, random)
    assert keys.ensure_customer(8, random)
    assert keys.ensure_pepper(CUSTOMER, "search", 1, random)
    assert leaf == keys.leaf_key(OTP, PERIOD, 1)
    assert customer == keys.customer_key(CUSTOMER)
    assert pepper == keys.pepper(CUSTOMER, "search", 0)


def test_new_customer_has_lasting_peppers_and_no_turning_ones(random: Random) -> None:
    keys = KeyState()
    keys.ensure_customer(CUSTOMER, random)
    assert {purpose: keys.epochs(CUSTOMER, purpose) for purpose in sorted(PEPPER_PURPOSES)} == {
        "correlation": [],
        "credential": [0],
        "idempotency": [0],
        "rate": [],
        "search": [],
        "statistics": [],
        "suppress": [],
    }


def test_all_keys_differ(keys: KeyState) -> None:
    found = [keys.leaf_key(OTP, PERIOD, 1), keys.leaf_key(OTP, PERIOD, 2)]
    for customer in keys.customers():
        found += [keys.customer_key(customer), *(keys.pepper(customer, purpose, 0) for purpose in PEPPER_PURPOSES)]
    assert len(set(found)) == len(found) == 18


def test_punctured_leaf_is_gone_at_once_and_its_neighbour_stays(keys: KeyState) -> None:
    neighbour = keys.leaf_key(OTP, PERIOD, 6)
    keys.leaf_key(OTP, PERIOD, 5)
    assert keys.puncture(OTP, PERIOD, 5)
    with pytest.raises(KeyDestroyed) as destroyed:
        keys.leaf_key(OTP, PERIOD, 5)
    assert destroyed.value.factor == "subject"
    assert keys.leaf_key(OTP, PERIOD, 6) == neighbour
    assert not keys.puncture(OTP, PERIOD, 5)
    assert not keys.puncture(PROMOTIONAL, PERIOD, 5)


@pytest.mark.policy("P-34")
def test_forgetting_a_subject_reaches_every_live_period(keys: KeyState, random: Random) -> None:
    keys.ensure_period(OTP, PERIOD + 1, random)
    keys.ensure_period(PROMOTIONAL, 20_000, random)
    keys.puncture(OTP, PERIOD, 5)
    assert keys.forget_subject(5) == len(keys.periods()) == 3
    for tag, period in keys.periods():
        with pytest.raises(KeyDestroyed):
            keys.leaf_key(tag, period, 5)


def test_dropped_period_is_gone_at_once_and_a_new_one_is_another_key(keys: KeyState, random: Random) -> None:
    before = keys.leaf_key(OTP, PERIOD, 5)
    assert keys.drop_period(OTP, PERIOD)
    assert not keys.drop_period(OTP, PERIOD)
    with pytest.raises(KeyDestroyed, match="period"):
        keys.leaf_key(OTP, PERIOD, 5)
    keys.ensure_period(OTP, PERIOD, random)
    assert keys.leaf_key(OTP, PERIOD, 5) != before


def test_dropped_customer_takes_its_peppers_along_and_no_other_customers(keys: KeyState, random: Random) -> None:
    keys.ensure_pepper(8, "search", 0, random)
    assert keys.drop_customer(CUSTOMER)
    assert not keys.drop_customer(CUSTOMER)
    with pytest.raises(KeyDestroyed, match="customer"):
        keys.customer_key(CUSTOMER)
    with pytest.raises(KeyDestroyed, match="pepper"):
        keys.pepper(CUSTOMER, "search", 0)
    assert keys.pepper(8, "search", 0)


def test_epoch_ends_alone(keys: KeyState, random: Random) -> None:
    keys.ensure_pepper(CUSTOMER, "search", 1, random)
    assert keys.epochs(CUSTOMER, "search") == [0, 1]
    assert keys.drop_epoch(CUSTOMER, "search", 0)
    assert not keys.drop_epoch(CUSTOMER, "search", 0)
    assert keys.epochs(CUSTOMER, "search") == [1]
    with pytest.raises(KeyDestroyed):
        keys.pepper(CUSTOMER, "search", 0)


def test_pepper_for_an_unknown_purpose_is_a_programming_error(keys: KeyState, random: Random) -> None:
    with pytest.raises(ValueError, match="purpose"):
        keys.ensure_pepper(CUSTOMER, "marketing", 0, random)


def test_cache_of_leaves_stays_bounded(keys: KeyState) -> None:
    derived = [keys.leaf_key(OTP, PERIOD, leaf) for leaf in range(CACHED_LEAVES + 10)]
    assert len(keys._leaves) <= CACHED_LEAVES
    assert [keys.leaf_key(OTP, PERIOD, leaf) for leaf in range(CACHED_LEAVES + 10)] == derived


def test_repr_shows_counts_only(keys: KeyState) -> None:
    assert repr(keys) == "KeyState(1 periods, 2 customers)"


@pytest.mark.policy("P-23")
def test_a_forgotten_subject_has_another_leaf_from_then_on(keys: KeyState) -> None:
    (tag, period), *_ = keys.periods()
    assert keys.usable_leaf(tag, period, 7) == 7
    leaves = [7]
    for _ in range(3):
        assert keys.forget_subject(7) == len(keys.periods())
        leaves.append(keys.usable_leaf(tag, period, 7))
        assert keys.leaf_key(tag, period, leaves[-1])
    assert len(set(leaves)) == 4
    for leaf in leaves[:-1]:
        with pytest.raises(KeyDestroyed):
            keys.leaf_key(tag, period, leaf)
    assert keys.usable_leaf(tag, period, 8) == 8
