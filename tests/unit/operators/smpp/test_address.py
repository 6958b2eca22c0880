"""Addresses with TON and NPI, and the SMPP time format."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.address import (
    Address,
    AddressError,
    AddressSettings,
    TimeFormatError,
    absolute_time,
    destination_address,
    parse_time,
    relative_time,
    source_address,
)
from redaction.personal import Msisdn

NUMBER = Msisdn("966512345678", 966)
NOON_MS = int(datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.smpp("S-30")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("INTERKEY", Address(5, 0, "INTERKEY")),
        ("INTERKEY-AD", Address(5, 0, "INTERKEY-AD")),
        ("Inter Key", Address(5, 0, "Inter Key")),
        ("4U", Address(5, 0, "4U")),
        ("70001", Address(3, 0, "70001")),
        ("966512345678", Address(1, 1, "966512345678")),
        ("+966512345678", Address(1, 1, "966512345678")),
        (NUMBER, Address(1, 1, "966512345678")),
    ],
)
def test_a_source_gets_its_type_of_number(source: str | Msisdn, expected: Address) -> None:
    assert source_address(source) == expected


@pytest.mark.smpp("S-30")
def test_a_short_code_is_written_as_the_operator_wants() -> None:
    assert source_address("70001", AddressSettings(short_code_ton=0, short_code_npi=9)) == Address(0, 9, "70001")


@pytest.mark.smpp("S-30")
@pytest.mark.parametrize("source", ["", "TWELVELETTER", "رسائل", "A\nB", "A\0B", "٧٠٠٠١", "1" * 21])
def test_a_source_that_no_operator_takes_is_refused_without_being_shown(source: str) -> None:
    with pytest.raises(AddressError) as refusal:
        source_address(source)
    assert not source or source not in str(refusal.value)


@pytest.mark.smpp("S-30")
def test_a_destination_is_international_without_plus() -> None:
    assert destination_address(NUMBER) == Address(1, 1, "966512345678")


def test_an_address_prints_as_dots() -> None:
    assert "5678" not in f"{destination_address(NUMBER)!r}{destination_address(NUMBER)}"


@pytest.mark.smpp("S-32")
@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "000000000000000R"),
        (300, "000000000500000R"),
        (86_399, "000000235959000R"),
        (3 * 86_400, "000003000000000R"),
        (31 * 86_400, "000101000000000R"),
        (365 * 86_400 + 1, "010000000001000R"),
    ],
)
def test_relative_times(seconds: int, written: str) -> None:
    assert relative_time(seconds) == written
    assert parse_time(written, NOON_MS) == NOON_MS + 1000 * seconds


@pytest.mark.smpp("S-32")
@pytest.mark.parametrize("seconds", [-1, 100 * 365 * 86_400])
def test_relative_times_out_of_range_are_refused(seconds: int) -> None:
    with pytest.raises(TimeFormatError):
        relative_time(seconds)


@pytest.mark.smpp("S-32")
@pytest.mark.parametrize(
    ("quarters", "written"),
    [
        (0, "250301120000000+"),
        (12, "250301150000012+"),
        (-20, "250301070000020-"),
        (23, "250301174500023+"),
        (48, "250302000000048+"),
        (-48, "250301000000048-"),
    ],
)
def test_absolute_times_tell_local_time_and_its_distance_from_utc(quarters: int, written: str) -> None:
    assert absolute_time(NOON_MS, quarters) == written
    assert parse_time(written, 0) == NOON_MS


@pytest.mark.smpp("S-32")
def test_absolute_times_keep_tenths() -> None:
    assert absolute_time(NOON_MS + 789) == "250301120000700+"
    assert parse_time("250301120000700+", 0) == NOON_MS + 700


@pytest.mark.smpp("S-32")
@given(st.integers(946_684_800_000, 4_102_444_799_999), st.integers(-48, 48))
def test_absolute_times_survive_in_every_time_zone(epoch_ms: int, quarters: int) -> None:
    written = absolute_time(epoch_ms, quarters)
    assert len(written) == 16
    if not written.startswith(("99", "00")):  # local years 1999 and 2100 have no two digits of their own
        assert parse_time(written, 0) == epoch_ms // 100 * 100


@pytest.mark.smpp("S-32")
@given(st.integers(0, 100 * 365 * 86_400 - 1), st.integers(0, 2**41))
def test_relative_times_survive(seconds: int, now_ms: int) -> None:
    assert parse_time(relative_time(seconds), now_ms) == now_ms + 1000 * seconds


def test_an_empty_time_is_none() -> None:
    assert parse_time("", NOON_MS) is None


@pytest.mark.smpp("S-32")
@pytest.mark.parametrize(
    "value",
    [
        "2503011200000",
        "250301120000000",
        "250301120000000X",
        "251301120000000+",
        "250231120000000+",
        "250301120000049+",
        "2503011200000 0+",
        "٢٥٠٣٠١١٢٠٠٠٠٠٠٠+",
    ],
)
def test_a_time_that_breaks_the_format_is_refused(value: str) -> None:
    with pytest.raises(TimeFormatError):
        parse_time(value, NOON_MS)


def test_an_offset_beyond_twelve_hours_is_refused() -> None:
    with pytest.raises(TimeFormatError):
        absolute_time(NOON_MS, 49)


@given(st.text(max_size=20))
def test_any_time_text_gives_a_moment_or_a_named_error(value: str) -> None:
    try:
        parse_time(value, 0)
    except TimeFormatError:
        return
