"""Numbers as customers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.numbers import digits_of, parse_number, takes_no_messages
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
    "(+966) 500000078",
    "+966 (0)50 000 0078",
    "00966 0500000078",
)
PASTED = (
    "+966٥٠٠٠٠٠٠٧٨",
    "٠٥٠٠٠٠٠٠٧٨",
    "۰۵۰۰۰۰۰۰۷۸",
    "+966５00000078",
    "＋９６６５００００００７８",
    "٠٠٩٦٦٥٠٠٠٠٠٠٧٨",
    "\u200e+966500000078\u200e",
    "\u200f0500000078",
    "\u202a+966500000078\u202c",
    "\u2066+966500000078\u2069",
    "+966\u00a050\u00a0000\u00a00078",
    "+966\u202f50\u2009000\u30000078",
    "+966\u201150\u2011000\u20110078",
    "+966–50—000−0078",
    "0500000078\ufe0f",
    "0️⃣5️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣7️⃣8️⃣",
    "\ufeff0500000078",
    "+966500000078\n",
    "\t966500000078\r\n",
    "+966\u200b500000078",
    "+966\u00ad500000078",
)


@pytest.mark.case("interfaces-11")
@pytest.mark.parametrize("raw", PASTED)
def test_what_is_pasted_is_read(raw: str) -> None:
    number = parse_number(raw, "SA")
    assert number is not None
    assert digits_of(number) == "966500000078"


@pytest.mark.case("interfaces-10")
@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("971501234567", "971501234567"),
        ("96557558430", "96557558430"),
        ("201033123456", "201033123456"),
        ("447400123456", "447400123456"),
        ("0020 103 312 3456", "201033123456"),
        ("٢٠١٠٣٣١٢٣٤٥٦", "201033123456"),
        ("0529339123", "966529339123"),
        ("529339123", "966529339123"),
        ("966529339123", "966529339123"),
        ("00966 52 933 9123", "966529339123"),
        ("+966529339123", "966529339123"),
        ("0112345678", "966112345678"),
    ],
)
def test_a_country_code_needs_no_plus_and_every_spelling_is_read_alike(raw: str, digits: str) -> None:
    number = parse_number(raw, "SA")
    assert number is not None
    assert digits_of(number) == digits


@pytest.mark.parametrize("raw", ["0500000078", "500000078"])
def test_a_local_spelling_is_of_the_default_country(raw: str) -> None:
    number = parse_number(raw, "AE")
    assert number is None or number.country == 971
    international = parse_number("966500000078", "AE")
    assert international is not None
    assert international.country == 966


@pytest.mark.case("interfaces-23")
@pytest.mark.parametrize(
    ("raw", "doubtful"),
    [
        ("+966112345678", True),
        ("+966920012345", True),
        ("+9668001234567", True),
        ("+966529339123", False),
        ("+971501234567", False),
    ],
)
def test_a_number_that_takes_no_messages_is_known(raw: str, doubtful: bool) -> None:
    number = parse_number(raw, "SA")
    assert number is not None
    assert takes_no_messages(number) is doubtful


@pytest.mark.parametrize("raw", SPELLINGS)
def test_every_usual_spelling_of_a_saudi_mobile_is_one_number(raw: str) -> None:
    number = parse_number(raw, "SA")
    assert number is not None
    assert (digits_of(number), number.country, number.last_two) == ("966500000078", 966, 78)


def test_a_foreign_number_keeps_its_country() -> None:
    number = parse_number("+447400123456", "SA")
    assert number is not None
    assert (number.reveal(Purpose.DELIVER), number.country) == ("447400123456", 44)


@pytest.mark.case("texts-15")
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
        "\0+966500000078",
        "+999500000078",
        "0" * 65,
        "1",
        "++966500000078",
        "+966+500000078",
        "966500000078+",
        "+966500000078\0",
        "+9665000000\x7f78",
        "050000007⑧",
        "+966 500 000 078 ext 1",
        "+\n",
        "\u200e",
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
