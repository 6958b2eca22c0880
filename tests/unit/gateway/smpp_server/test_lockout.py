"""Who has guessed too often; time is an argument."""

import pytest

from gateway.smpp_server.lockout import FIRST_S, LIMIT, Lockout

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.mark.policy("P-25")
@pytest.mark.case("security-14")
def test_a_lock_begins_short_and_doubles_with_each_further_failure_up_to_its_limit() -> None:
    lockout, now, locked_s = Lockout(3, 60.0), 0.0, []
    assert [lockout.failed("bank", HERE, now) for _ in range(2)] == [False, False]
    for _ in range(6):
        assert not lockout.is_locked("bank", HERE, now)
        assert lockout.failed("bank", HERE, now)
        began = now
        while lockout.is_locked("bank", HERE, now):
            now += 0.5
        locked_s.append(now - began)
    assert locked_s == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S, 60.0, 60.0]


@pytest.mark.policy("P-25")
def test_what_lies_far_back_is_forgiven() -> None:
    lockout = Lockout(2, 60.0)
    lockout.failed("bank", HERE, 0.0)
    assert not lockout.failed("bank", HERE, 60.0)
    assert lockout.failed("bank", HERE, 119.0)
    assert not lockout.failed("bank", HERE, 119.0 + FIRST_S + 60.0)


def test_other_accounts_and_other_addresses_are_not_locked() -> None:
    lockout = Lockout(1, 60.0)
    assert lockout.failed("bank", HERE, 0.0)
    assert not lockout.is_locked("shop", HERE, 1.0)
    assert not lockout.is_locked("bank", THERE, 1.0)


def test_a_right_password_forgives_what_was_before() -> None:
    lockout = Lockout(2, 60.0)
    lockout.failed("bank", HERE, 0.0)
    lockout.succeeded("bank", HERE)
    assert not lockout.failed("bank", HERE, 1.0)


def test_a_subscriber_s_ipv6_addresses_are_one() -> None:
    lockout = Lockout(1, 60.0)
    lockout.failed("bank", "2001:db8:1:2::1", 0.0)
    assert lockout.is_locked("bank", "2001:db8:1:2:ffff::9", 1.0)
    assert not lockout.is_locked("bank", "2001:db8:1:3::1", 1.0)


def test_memory_is_bounded_whatever_is_guessed() -> None:
    lockout = Lockout(3, 60.0)
    for number in range(LIMIT + 500):
        lockout.failed(f"name{number}", HERE, 0.0)
    assert len(lockout) == LIMIT
