"""What is wanted is seen, and what is granted holds from then on."""

import math
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.customers import ApiKey, Customer, CustomerSettings
from gateway.limits.buckets import Buckets, OwnBuckets, SharedBuckets, create_table
from gateway.limits.gates import Gates
from gateway.model.owners import limit_of_customer, limit_of_key
from gateway.model.refusals import Refusal
from gateway.process.clock import ManualClock

KEY = ApiKey(
    id=7,
    customer=Customer(id=3, public_id="cus_1", settings=CustomerSettings(), disabled=False),
    prefix="00000001",
    scopes=frozenset({"send"}),
    classes=frozenset(),
    networks=(),
    throughput_per_s=10.0,
    burst=10,
    daily_quota=None,
    expires_ms=None,
)
OWNER = limit_of_key(7)


class Place:
    """One process's gates."""

    def __init__(self, buckets: Buckets | None = None, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.gates = Gates(buckets or OwnBuckets(), self.clock)

    def send(self, key: ApiKey = KEY, messages: int = 1) -> bool:
        try:
            self.gates.pass_through(key, messages)
        except Refusal:
            return False
        return True

    def send_all(self, key: ApiKey = KEY) -> int:
        """As many as pass at this moment."""
        count = 0
        while self.send(key):
            count += 1
        return count

    def grant(self, per_s: float) -> None:
        self.gates.grant(lambda _owner, _limit: per_s)


def test_keys_accounts_and_customers_have_numbers_of_their_own() -> None:
    place = Place()
    customer = msgspec.structs.replace(KEY.customer, id=7, settings=CustomerSettings(throughput_per_s=50.0))
    place.send(msgspec.structs.replace(KEY, customer=customer))
    place.send(msgspec.structs.replace(KEY, id=-7))
    assert set(place.gates.look(0.5)) == {14, 15, -14}


@pytest.mark.case("interfaces-3")
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("limit", [0.0, -0.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1e-300, 1e300])
def test_no_limit_whatever_was_stored_raises_or_is_passed_by_everybody(limit: float, shared: bool) -> None:
    place = Place(SharedBuckets(create_table()) if shared else None)
    owner = msgspec.structs.replace(KEY.customer, settings=unchecked(limit))
    own = msgspec.structs.replace(KEY, id=8, throughput_per_s=limit)
    for key in (own, msgspec.structs.replace(KEY, customer=owner)):
        passed = [place.send(key, 1_000) for _ in range(2_000)]
        assert passed[0]  # a full bucket, as for every limit
        assert not passed[-1]
        with pytest.raises(Refusal) as refused:
            place.gates.check(key, 1)
        assert refused.value.retry_after_s is not None
        assert 0 < refused.value.retry_after_s < math.inf
    assert all(math.isfinite(each) for each in place.gates.look(0.5).values())
    place.grant(0.5)
    place.clock.advance(1)
    assert place.gates.look(0.0) == {}


@pytest.mark.case("interfaces-3")
@given(st.floats(), st.integers(), st.integers(1, 5_000), st.floats(-1, 1e6))
def test_any_limit_and_burst_give_or_refuse(limit: float, burst: int, messages: int, elapsed_s: float) -> None:
    place = Place()
    key = msgspec.structs.replace(KEY, throughput_per_s=limit, burst=burst)
    for _ in range(3):
        place.send(key, messages)
    place.gates.look(elapsed_s)
    place.gates.grant(lambda _owner, limit_per_s: limit_per_s / 3)
    place.send(key, messages)


def unchecked(limit: float) -> CustomerSettings:
    """Settings that no type would let through."""
    settings = CustomerSettings()
    msgspec.structs.force_setattr(settings, "throughput_per_s", limit)
    return settings


def test_what_passes_is_what_is_wanted_as_soon_as_it_has_lasted() -> None:
    place = Place()
    for _ in range(20):
        for _ in range(2):
            assert place.send()
            place.clock.advance(0.25)
        wanted = place.gates.look(0.5)
    assert wanted == {OWNER: pytest.approx(4.0, abs=0.2)}
    for _ in range(20):
        wanted = place.gates.look(0.5)
    assert wanted == {}


def test_one_message_of_a_small_limit_is_not_taken_for_many() -> None:
    place = Place()
    assert place.send(msgspec.structs.replace(KEY, throughput_per_s=0.2))
    assert place.gates.look(0.5) == {OWNER: pytest.approx(0.05, abs=0.005)}


def test_who_is_refused_wants_everything_however_often_it_asks() -> None:
    place = Place()
    place.send_all()
    for _ in range(5_000):
        assert not place.send()
    assert place.gates.look(0.5) == {OWNER: 10.0}


def test_who_took_on_credit_wants_everything_until_it_is_paid() -> None:
    place = Place()
    assert place.send(messages=110)
    for _ in range(19):
        place.clock.advance(0.5)
        assert place.gates.look(0.5) == {OWNER: 10.0}
    place.clock.advance(0.5)
    assert place.gates.look(0.5) == {}


def test_only_the_limit_that_refuses_is_wanted() -> None:
    place = Place()
    owner = msgspec.structs.replace(KEY.customer, settings=CustomerSettings(throughput_per_s=1_000.0))
    key = msgspec.structs.replace(KEY, customer=owner)
    place.send_all(key)
    wanted = place.gates.look(0.5)
    assert wanted[OWNER] == 10.0
    assert wanted[limit_of_customer(owner.id)] < 10.0


@pytest.mark.parametrize("shared", [False, True])
def test_a_new_grant_gives_no_new_burst(shared: bool) -> None:
    place = Place(SharedBuckets(create_table()) if shared else None)
    assert place.send_all() == 10
    place.grant(5.0)
    assert place.send_all() == 0
    place.clock.advance(0.4)
    place.grant(10.0)
    assert place.send_all() == 2  # at the rate of that time
    place.clock.advance(0.4)
    assert place.send_all() == 4
    place.grant(2.0)
    place.clock.advance(100)
    assert place.send_all() == 2  # the burst follows the rate


def test_what_was_saved_up_is_cut_to_the_smaller_burst_and_does_not_come_back() -> None:
    place = Place()
    place.send()
    place.clock.advance(10)
    place.grant(5.0)
    place.grant(10.0)
    assert place.send_all() == 5


def test_one_message_always_fits() -> None:
    place = Place()
    place.send_all()
    place.grant(0.5)
    place.clock.advance(2)
    assert place.send_all() == 1


def test_who_comes_later_gets_what_was_granted_before() -> None:
    place = Place()
    place.grant(5.0)
    assert place.send_all() == 5
    assert place.gates.parted() == 1


def test_a_grant_for_others_changes_nothing() -> None:
    place = Place()
    place.send()
    place.gates.grant(lambda _owner, _limit: 1.0, [limit_of_key(99)])
    assert place.gates.parted() == 0
    place.gates.grant(lambda _owner, _limit: 1.0, [OWNER])
    assert place.gates.parted() == 1
    place.gates.grant(lambda _owner, limit: limit, [OWNER])
    assert place.gates.parted() == 0


def test_workers_that_hear_of_a_grant_one_after_the_other_give_it_once() -> None:
    table, clock = create_table(), ManualClock()
    one, other = (Place(SharedBuckets(os.dup(table)), clock) for _ in range(2))
    assert one.send_all() == 10
    assert other.send_all() == 0
    one.grant(5.0)
    clock.advance(0.2)
    other.grant(5.0)
    assert one.send_all() + other.send_all() <= 2  # until the last one knows, at the old rate at most
    clock.advance(1.0)
    assert one.send_all() + other.send_all() == 5
