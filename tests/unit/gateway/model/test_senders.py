"""What a sender may look like."""

import pytest

from gateway.model.senders import is_sender


@pytest.mark.parametrize("name", ["ABC", "INTERKEY", "My Shop", "a.b-c_d", "12345678901", "123", "12345678"])
def test_a_sender_is_a_name_or_a_short_code(name: str) -> None:
    assert is_sender(name)


@pytest.mark.parametrize("name", ["", "ab", " abc", "abc ", "-abc", "١٢٣", "a b c d e f g", "abc\n", "ab@cd"])
def test_other_texts_are_no_senders(name: str) -> None:
    assert not is_sender(name)
