"""How values stand in a page."""

import pytest

from gateway.html.looks import Look
from gateway.html.marks import NOTHING, bdi, code, filters


def test_ids_and_numbers_are_isolated_and_escaped() -> None:
    assert bdi("+966•••••••78") == '<bdi dir="ltr">+966•••••••78</bdi>'
    assert code("<b>") == '<code dir="ltr">&lt;b&gt;</code>'


@pytest.mark.parametrize("name", ["bdi", "code", "amount", "time", "date", "span"])
def test_what_is_not_there_is_a_dash(name: str) -> None:
    assert filters(Look.ENGLISH)[name](None) == NOTHING


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1_234_567, "1,234,567"), (1.5, "1.5"), (1000.0, "1,000"), (-3, "-3")]
)
def test_amounts_are_grouped(value: float, said: str) -> None:
    assert filters(Look.ARABIC)["amount"](value) == bdi(said)


def test_arabic_digits_are_for_amounts_and_times_only() -> None:
    marks = filters(Look.ARABIC_DIGITS)
    assert marks["amount"](1_234) == bdi("١٬٢٣٤")
    assert marks["bdi"]("1234") == bdi("1234")
    assert "٢٠٢٦-١١-٣٠" in marks["time"]("2026-11-30T18:00:00Z")


def test_times_are_those_of_riyadh_with_the_hijri_date_below() -> None:
    """23:30 in UTC is the next day there."""
    assert filters(Look.ENGLISH)["time"]("2026-11-30T23:30:05.123Z") == (
        '<time datetime="2026-11-30T23:30:05Z"><bdi dir="ltr">2026-12-01 02:30:05</bdi>'
        '<span class="hijri">21 Jumada al-Akhirah 1448 AH</span></time>'
    )
    assert "٢١ جمادى الآخرة ١٤٤٨ هـ" in filters(Look.ARABIC_DIGITS)["date"]("2026-11-30T23:30:05Z")


def test_years_without_a_table_have_no_hijri_date() -> None:
    assert "hijri" not in filters(Look.ENGLISH)["date"]("2999-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3 * 86_400 + 4 * 3_600 + 5, "3d 4h"), (86_400, "1d")]
)
def test_spans_are_told_by_their_largest_units(seconds: int, said: str) -> None:
    assert filters(Look.ENGLISH)["span"](seconds) == bdi(said)


def test_a_moment_that_riyadh_has_in_no_year_that_can_be_written_is_shown_in_utc() -> None:
    """A key or a hold may end at the last moment there is, and its page has to be seen all the same."""
    assert ">9999-12-31 23:59:59<" in filters(Look.ENGLISH)["time"]("9999-12-31T23:59:59.999Z")
    assert "03:00:00<" in filters(Look.ENGLISH)["time"]("0001-01-01T00:00:00Z")
