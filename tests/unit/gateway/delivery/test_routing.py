"""Which operators may carry a message, and in which order."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.routing import SLOTS, Router, first_up
from gateway.model.message import MessageClass
from gateway.model.route import Explained, Order, Route, Window


def route(prefix: str, *operators: str, classes: Sequence[str] = (), **more: Any) -> Route:
    return Route(prefix=prefix, classes=frozenset(classes), operators=operators, **more)


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


DAY = Window(8 * 60, 20 * 60)
NIGHT = Window(20 * 60, 8 * 60)
SHOP, BANK = frozenset({"cus_shop"}), frozenset({"cus_bank"})
TABLE = [
    route("", "world", label="world"),
    route("966", "home", label="home"),
    route("966", "codes", classes=("otp",), label="codes"),
    route("966", "shop", customers=SHOP, label="shop"),
    route("966", "brand", senders=frozenset({"BRAND"}), label="brand"),
    route("966", "bank_night", customers=BANK, windows=(NIGHT,), label="bank_night"),
    route("966", "bank_codes", customers=BANK, classes=("otp",), label="bank_codes"),
    route("96655", "day", windows=(DAY,), label="day"),
    route("96656", "ads_day", windows=(DAY,), classes=("promotional",), label="ads_day"),
]
NUMBERS = ("447700900123", "966500000078", "966550000078", "966560000078")
CLASSES = (MessageClass.OTP, MessageClass.TRANSACTIONAL, MessageClass.PROMOTIONAL)
CUSTOMERS = ("cus_shop", "cus_bank", "cus_other")
SENDERS = ("BRAND", "OTHER")
NOON, MIDNIGHT, MORNING = 12, 0, 8
"""Hours in Riyadh."""
HOUR_MS = 3_600_000
RIYADH = 3


def wanted(number: str, message_class: MessageClass, customer: str, sender: str, hour: int) -> str:
    """The table above in words, written down once more."""
    if number.startswith("44"):
        return "world"
    if number.startswith("96655") and 8 <= hour < 20:
        return "day"
    if number.startswith("96656") and 8 <= hour < 20 and message_class is MessageClass.PROMOTIONAL:
        return "ads_day"
    if customer == "cus_bank" and message_class is MessageClass.OTP:
        return "bank_codes"
    if customer == "cus_bank" and not 8 <= hour < 20:
        return "bank_night"
    if customer == "cus_shop":
        return "shop"
    if sender == "BRAND":
        return "brand"
    return "codes" if message_class is MessageClass.OTP else "home"


ROWS = list(product(NUMBERS, CLASSES, CUSTOMERS, SENDERS, (NOON, MIDNIGHT, MORNING)))


@pytest.mark.parametrize(("number", "message_class", "customer", "sender", "hour"), ROWS)
def test_each_message_takes_the_most_specific_route_that_fits_it_and_explain_says_so(
    number: str, message_class: MessageClass, customer: str, sender: str, hour: int
) -> None:
    router = Router(TABLE, public_id=lambda number: CUSTOMERS[number])
    now_ms = (hour - RIYADH) * HOUR_MS + 24 * HOUR_MS
    asked = (number, message_class, CUSTOMERS.index(customer), sender, now_ms)
    expected = wanted(number, message_class, customer, sender, hour)
    assert router.candidates(*asked) == (expected,)
    found = router.explain(number, message_class, customer, sender, now_ms)
    assert (found.label, found.operators) == (expected, (expected,))
    assert len(found.passed) == len(TABLE) - 1


def test_explain_names_what_did_not_fit() -> None:
    found = Router(TABLE).explain("966500000078", MessageClass.PROMOTIONAL, "cus_bank", "OTHER", 9 * HOUR_MS)
    assert {each.label: each.why for each in found.passed} == {
        "world": "later",
        "codes": "class",
        "shop": "customer",
        "brand": "sender",
        "bank_night": "hours",
        "bank_codes": "class",
        "day": "prefix",
        "ads_day": "prefix",
    }
    assert Router([]).explain("966500000078", MessageClass.OTP) == Explained(None, "", (), ())


@pytest.mark.parametrize(("minute", "fits"), [(479, False), (480, True), (1199, True), (1200, False)])
def test_hours_begin_with_their_first_minute_and_end_before_their_last(minute: int, fits: bool) -> None:
    router = Router([route("", "day", windows=(DAY,), utc_offset_min=0)])
    assert bool(router.candidates("966", MessageClass.OTP, now_ms=minute * 60_000)) is fits
    router = Router([route("", "night", windows=(NIGHT,), utc_offset_min=0)])
    assert bool(router.candidates("966", MessageClass.OTP, now_ms=minute * 60_000)) is not fits


@pytest.mark.parametrize("weights", [(1, 1), (3, 1), (1, 2, 5), (1000, 1)])
def test_weights_are_kept_and_a_recipient_stays_with_an_operator(weights: tuple[int, ...]) -> None:
    names = tuple("abc"[: len(weights)])
    router = Router([route("", *names, order=Order.WEIGHTED, weights=weights)])
    first = [router.candidates("966", MessageClass.OTP, subject=bytes([slot])) for slot in range(SLOTS)]
    assert first == [router.candidates("966", MessageClass.OTP, subject=bytes([slot, 9])) for slot in range(SLOTS)]
    assert all(sorted(order) == list(names) for order in first)
    for name, weight in zip(names, weights, strict=True):
        share = sum(order[0] == name for order in first) / SLOTS
        assert abs(share - weight / sum(weights)) <= 1 / SLOTS


def test_the_cheapest_is_first_and_the_others_stand_in_by_price() -> None:
    router = Router([route("", "a", "b", "c", order=Order.CHEAPEST, prices=(0.03, 0.01, 0.02))])
    assert router.candidates("966", MessageClass.OTP) == ("b", "c", "a")


def test_beyond_its_limit_a_route_gives_way_to_the_next_that_fits_and_takes_all_where_there_is_none() -> None:
    now = [0.0]
    routes = [route("966", "narrow", limit_per_s=10.0), route("", "wide")]
    router = Router(routes, monotonic=lambda: now[0])

    def taken() -> str:
        line = router.choose("966500000078", MessageClass.OTP)
        assert line is not None
        return line.route.operators[0]

    assert [taken(), taken(), taken()] == ["narrow", "wide", "wide"]
    assert router.explain("966500000078", MessageClass.OTP).label == ""
    assert router.explain("966500000078", MessageClass.OTP).operators == ("wide",)
    now[0] += 0.1
    assert taken() == "narrow"
    router.adopt(routes[:1])
    assert {taken() for _ in range(20)} == {"narrow"}
    assert router.explain("966500000078", MessageClass.OTP) == Explained(0, "", ("narrow",), ())


def test_what_is_used_of_a_limit_stays_used_in_another_table_with_a_line_that_is_for_the_same() -> None:
    routes = [route("966", "narrow", limit_per_s=10.0), route("966", "second", limit_per_s=10.0), route("", "wide")]
    router = Router(routes, monotonic=lambda: 0.0)

    def taken() -> str:
        line = router.choose("966500000078", MessageClass.OTP)
        assert line is not None
        return line.route.operators[0]

    assert [taken(), taken(), taken()] == ["narrow", "second", "wide"]
    router.adopt(routes)
    assert taken() == "wide"
    moved = [route("7", "far"), route("966", "other", limit_per_s=1000.0), *routes[2:]]
    router.adopt(moved)
    assert taken() == "wide"  # another operator, limit and place: it fills faster from now on
    router.adopt([*moved, route("966", "new", limit_per_s=10.0)])
    assert [taken(), taken()] == ["new", "wide"]
    router.adopt([route("966", "free"), route("", "wide")])
    assert {taken() for _ in range(20)} == {"free"}


def test_of_routes_beyond_their_limits_the_best_is_taken_and_explain_says_so_without_counting() -> None:
    routes = [route("966", "first", limit_per_s=10.0), route("", "second", limit_per_s=10.0), route("7", "far")]
    router = Router(routes, monotonic=lambda: 0.0)
    asked = ("966500000078", MessageClass.OTP)
    for expected in ("first", "second", "first", "first"):
        explained = [router.explain(*asked) for _ in range(3)]
        assert {each.operators for each in explained} == {(expected,)}
        assert {each.line: each.why for each in explained[0].passed}[2] == "prefix"
        line = router.choose(*asked)
        assert line is not None
        assert line.route.operators == (expected,)


def test_a_line_that_names_networks_takes_numbers_that_are_known_to_be_there_and_no_others() -> None:
    table = [route("966", "other"), route("966", "direct", networks=frozenset({"stc"}))]
    router = Router(table, network_of=lambda subject: "stc" if subject == b"there" else "")
    assert router.candidates("966500000078", MessageClass.OTP, subject=b"there") == ("direct",)
    for nowhere in (b"", b"elsewhere"):
        assert router.candidates("966500000078", MessageClass.OTP, subject=nowhere) == ("other",)
    assert router.explain("966500000078", MessageClass.OTP, network="stc").operators == ("direct",)
    found = router.explain("966500000078", MessageClass.OTP)
    assert (found.operators, [each.why for each in found.passed]) == (("other",), ["network"])


def test_a_line_that_is_not_enabled_is_taken_by_nobody_and_said_to_be() -> None:
    router = Router([route("966", "off", is_enabled=False), route("", "on")])
    assert router.candidates("966500000078", MessageClass.OTP) == ("on",)
    assert [each.why for each in router.explain("966500000078", MessageClass.OTP).passed] == ["disabled"]
    assert router.alternatives("off") == frozenset()
