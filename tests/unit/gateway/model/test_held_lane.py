"""The name of the lane of messages that are held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.held_lane import held_customer, held_lane, operator_of


@given(st.integers(1, 2**31 - 1), st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z"))
def test_a_held_lane_names_its_customer_and_its_operator(customer: int, operator: str) -> None:
    lane = held_lane(customer, operator)
    assert (held_customer(lane), operator_of(lane)) == (customer, operator)
    assert (held_customer(operator), operator_of(operator)) == (None, operator)


@pytest.mark.parametrize("lane", ["~", "~x~stc", "~~stc"])
def test_a_lane_that_nobody_made_is_nobodys(lane: str) -> None:
    assert held_customer(lane) == 0
