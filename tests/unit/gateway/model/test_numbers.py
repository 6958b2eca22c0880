"""Numbers as customers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.numbers import digits_of, parse_number
from redaction.personal import Purpose

SPELLINGS = (
    "+966500000078",
    "00966500000078",
    "966500000078",
    "0500000078",
    "500000078",
    "+966 50 000 0078",
    "+966-50-000-0078",
    "(050) 000.0078",
)


@pytest.mark.parametrize("raw", SPELLINGS)
def test_every_usual_spelling_of_a_saudi_mobile_is_one_number(raw: str) -> None:
    number = parse_number(raw, "SA")
    assert number is not None
    assert (digits_of(number), number.country, number.last_two) == ("966500000078", 966, 78)


def test_a_foreign_number_keeps_its_country() -> None:
    number = parse_number("+447400123456", "SA")
    assert number is not None
    assert (number.reveal(Purpose.DELIVER), number.country) == ("447400123456", 44)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "+",
        "abc",
        "+96650000007",
        "+9665000000789",
        "+966500000078x1",
        "tel:+966500000078",
        "+966500000078\n",
        "\0+966500000078",
        "+999500000078",
        "0" * 33,
        "1",
        "++966500000078x",
        "+966٥٠٠٠٠٠٠٧٨",
        "٠٥٠٠٠٠٠٠٧٨",
        "+966５00000078",
    ],
)
def test_everything_else_is_no_number(raw: str) -> None:
    assert parse_number(raw, "SA") is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(raw: str) -> None:
    number = parse_number(raw, "SA")
    assert number is None or digits_of(number).isascii()


@given(st.integers(0, 99_999_999))
def test_the_short_way_and_the_long_way_agree(number: int) -> None:
    """A space takes the number off the short way."""
    short, long = (parse_number(f"+966{gap}5{number:08d}", "SA") for gap in ("", " "))
    assert long is None or long == short
