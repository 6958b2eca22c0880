"""Rules of routes: what they may say beside each other, and what none may say."""

from typing import Any

import pytest

from config.operators import LoopbackOperatorSettings, OperatorRegister, RouteSettings
from config.settings import Settings
from tests.unit.config.test_checks import LOCAL, told


@pytest.mark.parametrize(
    ("first", "second", "clashes"),
    [
        (RouteSettings(operators=("local",)), RouteSettings(operators=("local",)), True),
        (RouteSettings(classes=("otp",), operators=("local",)), RouteSettings(operators=("local",)), False),
        (
            RouteSettings(classes=("otp", "warning"), operators=("local",)),
            RouteSettings(classes=("otp",), operators=("local",)),
            True,
        ),
        (RouteSettings(prefix="966", operators=("local",)), RouteSettings(operators=("local",)), False),
    ],
)
def test_two_routes_may_not_say_the_same(first: RouteSettings, second: RouteSettings, clashes: bool) -> None:
    expected = [("routes[1]", "duplicate")] if clashes else []
    assert told(Settings(operators=(LOCAL,), routes=(first, second))) == expected


def test_a_route_names_an_operator_once() -> None:
    route = RouteSettings(operators=("local", "local"))
    assert told(Settings(operators=(LOCAL,), routes=(route,))) == [("routes[0].operators[1]", "duplicate")]


FAR = LoopbackOperatorSettings(name="abroad", register=OperatorRegister(country="AE"))


@pytest.mark.parametrize(
    ("route", "key", "code"),
    [
        ({"hours": ("8-20",)}, "hours[0]", "invalid"),
        ({"hours": ("08:00-08:00",)}, "hours[0]", "invalid"),
        ({"hours": ("08:00-24:01",)}, "hours[0]", "invalid"),
        ({"weights": (1, 2)}, "weights", "wrong_number"),
        ({"prices": (0.1, 0.2)}, "prices", "wrong_number"),
        ({"order": "cheapest"}, "prices", "missing"),
        ({"residency": ("SA",)}, "operators[0]", "residency"),
    ],
)
def test_a_route_that_cannot_mean_what_it_says_is_told(route: dict[str, Any], key: str, code: str) -> None:
    settings = Settings(operators=(FAR,), routes=(RouteSettings(operators=("abroad",), **route),))
    assert (f"routes[0].{key}", code) in told(settings)


def test_routes_of_one_prefix_may_differ_in_what_they_ask_for() -> None:
    asks: tuple[dict[str, Any], ...] = ({}, {"customers": ("cus_1",)}, {"senders": ("A",)}, {"hours": ("08:00-20:00",)})
    routes = tuple(RouteSettings(operators=("abroad",), **each) for each in asks)
    assert not [each for each in told(Settings(operators=(FAR,), routes=routes)) if each[1] == "duplicate"]
