"""User data headers: building, reading, and surviving bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.udh import NO_UDH, Concat, Udh, build_udh, parse_udh, split_udh


@pytest.mark.smpp("S-38")
def test_an_8_bit_reference_takes_six_octets() -> None:
    header = build_udh(Concat(0x1234, 3, 2))
    assert header == bytes.fromhex("050003340302")
    assert parse_udh(header) == Udh(6, Concat(0x34, 3, 2))


@pytest.mark.smpp("S-38")
def test_a_16_bit_reference_takes_seven_octets() -> None:
    header = build_udh(Concat(0x1234, 3, 2), wide=True)
    assert header == bytes.fromhex("06080412340302")
    assert parse_udh(header) == Udh(7, Concat(0x1234, 3, 2))


@pytest.mark.smpp("S-62")
def test_national_tables_have_elements_of_their_own() -> None:
    header = build_udh(Concat(1, 2, 1), locking=13, single=6)
    assert header == bytes.fromhex("0b00030102012501 0d240106")
    assert parse_udh(header) == Udh(12, Concat(1, 2, 1), 13, 6)


def test_nothing_to_say_is_no_header() -> None:
    assert build_udh(None) == b""


@given(
    st.builds(Concat, st.integers(0, 0xFFFF), st.just(255), st.integers(1, 255)) | st.none(),
    st.booleans(),
    st.integers(0, 13),
    st.integers(0, 13),
    st.binary(max_size=20),
)
def test_what_is_built_is_read(concat: Concat | None, wide: bool, locking: int, single: int, text: bytes) -> None:
    header = build_udh(concat, wide=wide, locking=locking, single=single)
    udh, rest = split_udh(header + text, 0x40 if header else 0)
    assert rest == text
    assert (udh.length, udh.locking, udh.single) == (len(header), locking, single)
    assert (udh.concat is None) == (concat is None)


@pytest.mark.smpp("S-60")
@pytest.mark.parametrize(("length", "fill_bits"), [(0, 0), (6, 1), (7, 0), (4, 3), (9, 5), (12, 2)])
def test_fill_bits_align_to_a_septet(length: int, fill_bits: int) -> None:
    assert Udh(length=length).fill_bits == fill_bits


def test_unknown_elements_are_skipped() -> None:
    assert parse_udh(bytes.fromhex("0b0504158a0000 0003070201") + b"text") == Udh(12, Concat(7, 2, 1))


def test_the_last_of_repeated_elements_counts() -> None:
    assert parse_udh(bytes.fromhex("0a0003010201 0003020202")).concat == Concat(2, 2, 2)


@pytest.mark.parametrize(
    "element", ["0003010200", "0003010203", "0003010000", "00020102", "080301020 1".replace(" ", "")]
)
def test_a_concatenation_that_makes_no_sense_is_none(element: str) -> None:
    octets = bytes.fromhex(element)
    assert parse_udh(bytes([len(octets)]) + octets) == Udh(1 + len(octets))


@pytest.mark.parametrize("octets", ["", "05", "0500030102", "03000301", "0100", "02000501"])
def test_a_header_that_runs_over_is_malformed(octets: str) -> None:
    udh = parse_udh(bytes.fromhex(octets))
    assert udh == Udh(malformed=True)


def test_a_malformed_header_stays_in_front_of_the_data() -> None:
    assert split_udh(b"\x99abc", 0x40) == (Udh(malformed=True), b"\x99abc")


def test_without_the_indicator_there_is_no_header() -> None:
    assert split_udh(b"\x05\x00\x03\x01\x02\x01", 0x00) == (NO_UDH, b"\x05\x00\x03\x01\x02\x01")


@given(st.binary(max_size=160))
def test_no_octets_break_it(octets: bytes) -> None:
    udh = parse_udh(octets)
    assert 0 <= udh.length <= len(octets)
    assert udh.concat is None or 1 <= udh.concat.sequence <= udh.concat.total
