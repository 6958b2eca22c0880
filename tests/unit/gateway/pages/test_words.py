"""No sentence of the pages lacks its translation, and times are said with the plurals of their language."""

import pytest

from gateway.html.looks import Look
from gateway.pages import said
from gateway.pages.frame import words
from gateway.pages.spans import span
from gateway.rights.case_states import REQUESTS, Delay, Reason, State
from tests.unit.gateway.transparency.test_notice import notice
from tests.words_of_pages import faults_of


def test_everything_that_pages_say_is_translated_and_nothing_else() -> None:
    assert faults_of("gateway.pages") == []


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (600, "10 minutes", "10 دقائق"),
        (86_400, "1 day", "يوم واحد"),
        (2 * 86_400, "2 days", "يومين"),
        (90 * 86_400, "90 days", "90 يومًا"),
        (24 * 2_629_800, "24 months", "24 شهرًا"),
        (3 * 365 * 86_400, "3 years", "3 سنوات"),
        (86_401, "86401 seconds", "86401 ثانية"),
        (0, "0 seconds", "0 ثانية"),
    ],
)
def test_times_are_said_in_whole_units(seconds: int, english: str, arabic: str) -> None:
    assert span(seconds, words(Look.ENGLISH)) == english
    assert span(seconds, words(Look.ARABIC)) == arabic


def test_every_word_of_a_closed_list_has_its_sentence() -> None:
    assert said.STANDING.keys() == {each.value for each in State}
    assert said.REFUSED.keys() == {each.value for each in Reason}
    assert said.DELAYED.keys() == {each.value for each in Delay}
    assert said.REQUESTS.keys() == {each.value for each in REQUESTS}
    assert {each.what for each in notice().kept} <= said.KEPT.keys()
    assert {each.kind for each in notice().recipients} <= said.KINDS.keys()
