"""What the score of a one-time code is made of."""

import pytest

from benchmarks.fit_codes import fit, module
from redaction.code_weights import WEIGHTS
from redaction.codes import candidates, score, signs
from redaction.phrases import NONE, OTHERS, PLAIN, STRONG, UNSURE, phrase
from redaction.plain_text import plain
from redaction.words import TOKEN, classify


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("code 4821 or 482 913", ["4821", "482 913"]),
        ("88 40 12", ["88 40 12"]),
        ("*552013* and card *1234", ["552013"]),
        ("1,250.00 12/10/2024 10:30 4821a 20%", []),
        ("123 123456789", []),
    ],
)
def test_candidates_stand_alone(text: str, numbers: list[str]) -> None:
    assert [text[start:end] for start, end in candidates(text)] == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("رمز التحقق", STRONG),
        ("رمز هو", PLAIN),
        ("رمزك", PLAIN),
        ("رمز المادة", OTHERS),
        ("كود الشجرة", OTHERS),
        ("رقم التفعيل", STRONG),
        ("رقم الطلب", NONE),
    ],
)
def test_an_arabic_code_is_what_follows_it(text: str, says: str) -> None:
    words = TOKEN.findall(plain(text))
    assert phrase(words, [*map(classify, words)], 0) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("your code", PLAIN),
        ("verification code", STRONG),
        ("branch code", OTHERS),
        ("giraffe code", UNSURE),
        ("your giraffe code", PLAIN),
    ],
)
def test_an_english_code_is_what_precedes_it(text: str, says: str) -> None:
    words = TOKEN.findall(text)
    assert phrase(words, [*map(classify, words)], len(words) - 1) == says


def test_signs_name_what_the_weights_are_for() -> None:
    low = "your code is 482913. do not share it"
    start, end = next(candidates(low))
    held = signs(low, start, end)
    assert {"six", "plain close before", "marked", "secret behind"} <= set(held)
    assert set(held) <= set(WEIGHTS)
    assert score(low, start, end) > 0


def test_fitting_finds_which_sign_tells() -> None:
    weights = fit([(["good", "both"], True), (["bad", "both"], False)] * 5)
    assert weights["good"] > 0 > weights["bad"]
    assert '"good"' in module(weights)
