"""What a sender may look like."""

import pytest

from gateway.model.senders import is_sender, sender_key


@pytest.mark.parametrize(
    "name", ["ABC", "INTERKEY", "My Shop", "a.b-c_d", "12345678901", "123", "12345678", "966500000001"]
)
def test_a_sender_is_a_name_or_a_short_code(name: str) -> None:
    assert is_sender(name)


@pytest.mark.parametrize("name", ["", "ab", " abc", "abc ", "-abc", "١٢٣", "a b c d e f g", "abc\n", "ab@cd"])
def test_other_texts_are_no_senders(name: str) -> None:
    assert not is_sender(name)


@pytest.mark.case("interfaces-9")
@pytest.mark.parametrize("number", ["966500000001", "+966500000001", "00966500000001"])
def test_a_number_has_one_spelling(number: str) -> None:
    assert sender_key(number) == "966500000001"
    assert is_sender(sender_key(number))


@pytest.mark.parametrize("name", ["90909", "+90909", "INTERKEY", "0500000001", "+1234567890123456", "٩٦٦٥٠٠٠٠٠٠٠١"])
def test_what_is_no_number_stays_as_it_is(name: str) -> None:
    assert sender_key(name) == name
