"""Which look a browser gets."""

import pytest

from gateway.html.looks import Look, look_for, look_of


@pytest.mark.parametrize(
    ("accepted", "look"),
    [
        ("", Look.ENGLISH),
        ("ar", Look.ARABIC),
        ("ar-SA,ar;q=0.9,en;q=0.8", Look.ARABIC),
        ("en-GB,en;q=0.9,ar;q=0.8", Look.ENGLISH),
        ("fr, ar;q=0.5", Look.ARABIC),
        ("fr, *;q=0.5", Look.ENGLISH),
        ("ar;q=0", Look.ENGLISH),
        ("ar;q=x,,;;", Look.ENGLISH),
        ("\x00" * 1000, Look.ENGLISH),
    ],
)
def test_a_browser_gets_the_language_that_it_likes_best(accepted: str, look: Look) -> None:
    assert look_for(accepted) is look


def test_a_look_is_named_by_its_tag_alone() -> None:
    assert [look_of(each) for each in ("ar-u-nu-arab", "AR", "", "../en")] == [Look.ARABIC_DIGITS, None, None, None]


def test_arabic_runs_to_the_left() -> None:
    assert [(each.language, each.direction) for each in Look] == [("en", "ltr"), ("ar", "rtl"), ("ar", "rtl")]
