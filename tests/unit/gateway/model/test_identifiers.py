"""An id is read in the one form in which it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identifiers import concat_reference, message_id, parse_cursor, parse_message_id, write_cursor
from tests.unit.gateway.model.wrong_ids import WRONG_IDS

ID = message_id(1_800_000_000_000, 258, bytes(range(8)))


def test_ids_are_in_order_of_time() -> None:
    later = message_id(1_800_000_000_001, 0, bytes(8))
    assert later > ID


@pytest.mark.case("privacy-9")
@given(st.binary(min_size=16, max_size=16))
def test_the_reference_of_segments_is_always_the_same_and_no_part_of_the_id(identifier: bytes) -> None:
    reference = concat_reference(identifier)
    assert 0 <= reference <= 0xFFFF
    assert reference == concat_reference(bytes(identifier))


@pytest.mark.case("privacy-9")
@pytest.mark.parametrize("at", range(0, 16, 2))
def test_no_two_octets_of_an_id_are_its_reference(at: int) -> None:
    ids = [bytes((number,)) * 16 for number in range(256)]
    assert sum(concat_reference(each).to_bytes(2, "big") == each[at : at + 2] for each in ids) < 3


@given(st.binary(min_size=16, max_size=16))
def test_what_was_written_is_read_again(identifier: bytes) -> None:
    assert parse_message_id(identifier.hex()) == identifier
    assert parse_cursor(write_cursor(identifier)) == identifier


@pytest.mark.case("security-3")
@pytest.mark.parametrize("written", WRONG_IDS)
def test_what_was_never_written_is_the_id_of_no_message(written: str) -> None:
    assert parse_message_id(written) is None


@given(st.text("09afAF \t\n\0gx-_=٠０é", max_size=40))
def test_nothing_is_read_but_what_is_written(text: str) -> None:
    identifier, cursor = parse_message_id(text), parse_cursor(text)
    assert identifier is None or identifier.hex() == text
    assert cursor is None or write_cursor(cursor) == text


@pytest.mark.parametrize(
    "written", ["", "A" * 21, "A" * 23, "A" * 21 + "B", "A" * 21 + "=", "A" * 20 + " A", "A" * 22 + "\n"]
)
def test_a_cursor_is_read_in_its_one_form(written: str) -> None:
    assert parse_cursor(written) is None
