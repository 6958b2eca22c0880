"""Which operators may carry a message, and in which order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.routing import Route, Router, first_up
from gateway.model.message import MessageClass


def route(prefix: str, *operators: str, classes: Sequence[str] = ()) -> Route:
    return Route(prefix=prefix, classes=frozenset(classes), operators=operators)


ROUTER = Router(
    [
        route("", "world"),
        route("966", "home", "spare"),
        route("96655", "special"),
        route("966", "codes", classes=("otp",)),
    ]
)


@pytest.mark.parametrize(
    ("digits", "message_class", "operators"),
    [
        ("447700900123", MessageClass.TRANSACTIONAL, ("world",)),
        ("966500000078", MessageClass.TRANSACTIONAL, ("home", "spare")),
        ("966500000078", MessageClass.OTP, ("codes",)),
        ("966550000078", MessageClass.OTP, ("special",)),
    ],
)
def test_the_longest_prefix_wins_and_then_the_route_that_names_the_class(
    digits: str, message_class: MessageClass, operators: tuple[str, ...]
) -> None:
    assert ROUTER.candidates(digits, message_class) == operators


def test_without_a_fitting_route_there_is_no_candidate() -> None:
    router = Router([route("966", "home", classes=("otp",))])
    assert router.candidates("447700900123", MessageClass.OTP) == ()
    assert router.candidates("966500000078", MessageClass.PROMOTIONAL) == ()


@given(st.permutations([route("", "a"), route("9", "b"), route("96", "c"), route("96", "d", classes=("otp",))]))
def test_the_order_of_the_table_does_not_matter(routes: list[Route]) -> None:
    router = Router(routes)
    assert router.candidates("966", MessageClass.OTP) == ("d",)
    assert router.candidates("966", MessageClass.PERSONAL) == ("c",)
    assert router.candidates("91", MessageClass.OTP) == ("b",)


def test_operators_of_one_route_stand_in_for_each_other() -> None:
    assert ROUTER.alternatives("home") == {"spare"}
    assert ROUTER.alternatives("world") == frozenset()
    assert ROUTER.alternatives("stranger") == frozenset()


@pytest.mark.parametrize(("up", "chosen"), [({"a", "b"}, "a"), ({"b"}, "b"), (set(), "a")])
def test_the_first_operator_that_is_up_is_chosen_or_else_the_first(up: set[str], chosen: str) -> None:
    assert first_up(("a", "b"), up.__contains__) == chosen
