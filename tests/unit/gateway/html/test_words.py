"""No sentence of the ground lacks its translation, and each plural has the six forms of Arabic."""

from gateway.html.catalogue import GROUND, translations
from gateway.html.looks import Look
from tests.words_of_pages import catalogue, faults_of


def test_everything_that_the_ground_says_is_translated_and_nothing_else() -> None:
    assert faults_of(GROUND) == []


def test_arabic_has_its_six_plurals() -> None:
    assert catalogue(GROUND).num_plurals == 6


def test_english_is_what_the_pages_say() -> None:
    assert translations(GROUND, Look.ENGLISH).gettext("As a table") == "As a table"


def test_both_kinds_of_digits_share_their_words() -> None:
    said = {translations(GROUND, each).gettext("As a table") for each in (Look.ARABIC, Look.ARABIC_DIGITS)}
    assert said == {"كجدول"}
