"""A source of keys that repeats itself, and a key state with one customer and one period."""

import itertools
from collections.abc import Callable
from hashlib import shake_256

import pytest

from redaction.keys import PEPPER_PURPOSES, PLATFORM, KeyState
from redaction.retention import OTP

CUSTOMER = 7
PERIOD = 480_000


@pytest.fixture
def random() -> Callable[[int], bytes]:
    counter = itertools.count()
    return lambda size: shake_256(next(counter).to_bytes(8, "big")).digest(size)


@pytest.fixture
def keys(random: Callable[[int], bytes]) -> KeyState:
    state = KeyState()
    for customer in (PLATFORM, CUSTOMER):
        state.ensure_customer(customer, random, now_ms=1)
        for purpose in sorted(PEPPER_PURPOSES):
            state.ensure_pepper(customer, purpose, 0, random, now_ms=1)
    state.ensure_period(OTP, PERIOD, random, now_ms=2)
    return state


def forget_subject(state: KeyState, leaf: int) -> int:
    """Destroy what was sealed about one subject in every living period, also since it was last forgotten."""
    return state.forget([(tag, period, state.usable_leaf(tag, period, leaf)) for tag, period in state.periods()])
