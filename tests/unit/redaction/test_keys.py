import hmac
from collections.abc import Callable

import pytest

from redaction.errors import KeyDestroyed
from redaction.first_layout import FIRST
from redaction.keys import CACHED_LEAVES, PEPPER_PURPOSES, KeyState, Random
from redaction.keys_at_rest import state_digest
from redaction.retention import OTP, PROMOTIONAL

from .conftest import CUSTOMER, PERIOD, forget_subject


def test_nothing_is_made_by_looking_it_up(keys: KeyState) -> None:
    before = state_digest(keys)
    look_ups: list[Callable[[], object]] = [
        lambda: keys.leaf_key(OTP, PERIOD + 1, 0),
        lambda: keys.customer_key(8),
        lambda: keys.pepper(8, "search", 0),
    ]
    for look_up in look_ups:
        with pytest.raises(KeyDestroyed):
            look_up()
    assert state_digest(keys) == before


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
        "audit": [],
        "consent": [],
        "correlation": [],
        "record": [],
        "credential": [0],
        "idempotency": [0],
        "join": [],
        "person": [],
        "rate": [],
        "search": [],
        "statistics": [],
        "stop": [],
        "suppress": [],
    }


def test_all_keys_differ(keys: KeyState) -> None:
    found = [keys.leaf_key(OTP, PERIOD, 1), keys.leaf_key(OTP, PERIOD, 2)]
    for customer in keys.customers():
        found += [keys.customer_key(customer), *(keys.pepper(customer, purpose, 0) for purpose in PEPPER_PURPOSES)]
    assert len(set(found)) == len(found) == 2 + 2 * (1 + len(PEPPER_PURPOSES))


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
    assert forget_subject(keys, 5) == len(keys.periods()) == 3
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
        assert forget_subject(keys, 7) == len(keys.periods())
        leaves.append(keys.usable_leaf(tag, period, 7))
        assert keys.leaf_key(tag, period, leaves[-1])
    assert len(set(leaves)) == 4
    for leaf in leaves[:-1]:
        with pytest.raises(KeyDestroyed):
            keys.leaf_key(tag, period, leaf)
    assert keys.usable_leaf(tag, period, 8) == 8


# ----------------------------------------------------------------------------------------------------- derived peppers


def test_a_secret_gives_every_customer_another_pepper_of_its_epoch(random: Random) -> None:
    keys = KeyState()
    for customer in (7, 8):
        keys.ensure_customer(customer, random)
    for epoch in (3, 4):
        assert keys.ensure_secret("search", epoch, random)
    assert not keys.ensure_secret("search", 3, random)
    assert keys.ensure_secret("search", 3, random, tag=OTP)
    assert keys.epochs(7, "search") == keys.epochs(8, "search") == [3, 4]
    assert keys.own_epochs(7, "search") == keys.epochs(9, "search") == []
    peppers = [keys.pepper(customer, "search", epoch) for customer in (7, 8) for epoch in (3, 4)]
    peppers += [keys.pepper(customer, "search", 3, OTP) for customer in (7, 8)]
    assert len(set(peppers)) == len(peppers) == 6
    assert peppers[0] == keys.pepper(7, "search", 3)
    assert not keys.ensure_pepper(7, "search", 3, random), "it is there"


def test_a_pepper_is_what_the_documents_say(random: Random) -> None:
    keys = KeyState()
    keys.ensure_customer(7, random)
    keys.ensure_secret("search", 3, random)
    part = hmac.digest(keys.customer_key(7), b"connect-gateway pepper search", "sha256")
    secret = keys.families.secrets["search", "", 3].value
    assert keys.pepper(7, "search", 3) == hmac.digest(secret, part + b"search", "sha256")
    lasting = hmac.digest(keys.customer_key(7), b"connect-gateway pepper idempotency", "sha256")
    assert keys.pepper(7, "idempotency", 0) == lasting


@pytest.mark.policy("P-23")
def test_a_derived_pepper_dies_with_its_secret_and_with_its_customer(random: Random) -> None:
    keys = KeyState()
    for customer in (7, 8):
        keys.ensure_customer(customer, random)
    for epoch in (3, 4):
        keys.ensure_secret("search", epoch, random)
    before = keys.pepper(8, "search", 4)
    assert keys.pepper(7, "search", 3)
    assert keys.drop_secret("search", 3)
    assert not keys.drop_secret("search", 3)
    assert keys.pepper(7, "search", 4)
    assert keys.drop_customer(7)
    for customer, epoch in ((7, 3), (8, 3), (7, 4)):
        with pytest.raises(KeyDestroyed, match="pepper"):
            keys.pepper(customer, "search", epoch)
    assert keys.pepper(8, "search", 4) == before


def test_a_pepper_of_the_customers_own_stands_before_a_derived_one(random: Random) -> None:
    """As records of the version before are found by it."""
    keys = KeyState(layout=FIRST)
    keys.ensure_customer(7, random)
    keys.ensure_pepper(7, "search", 3, random)
    names = [("search", 3), ("idempotency", 0)]
    before = [keys.pepper(7, *name) for name in names]
    keys.raise_layout()
    keys.ensure_secret("search", 3, random)
    assert [keys.pepper(7, *name) for name in names] == before
    assert keys.epochs(7, "search") == [3]


def test_a_secret_for_an_unknown_purpose_is_a_programming_error(keys: KeyState, random: Random) -> None:
    with pytest.raises(ValueError, match="purpose"):
        keys.ensure_secret("marketing", 0, random)
