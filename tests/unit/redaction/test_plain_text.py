import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.plain_text import places, plain


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("plain 123", "plain 123"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
        ("१२३", "123"),
        ("\uff11\u2460\U0001d7d0\u2776", "1121"),
        ("رمـــز", "رمز"),
        ("رَمْزٌ إلى الإقامة", "رمز الي الاقامه"),
        ("\u200f48\u200b21\u2069\ufeff", "4821"),
        ("4\u20e38\u0300", "48"),
        ("a\u3000b\u2003c\u2013d", "a b c-d"),
        ("müller", "muller"),
    ],
)
def test_every_script_has_one_form(text: str, normal: str) -> None:
    assert plain(text) == normal


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text())
def test_each_character_of_the_plain_form_has_its_place(text: str) -> None:
    normal, at = plain(text), places(text)
    assert len(at) == len(normal) + 1
    assert all(normal[place] in plain(text[at[place]]) for place in range(len(normal)))
    assert list(at) == sorted(at)


@given(st.text())
def test_small_letters_are_as_many(text: str) -> None:
    assert len(plain(text).lower()) == len(plain(text))
