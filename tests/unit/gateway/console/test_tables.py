"""The tables of the console hang together."""

import pytest

from gateway.console.paths import HOME, OWN, next_of
from gateway.console.people_verbs import TWO
from gateway.console.screens import BY_PATH, SCREENS, Screen
from gateway.console.verb import Verb
from gateway.console.verbs import VERBS
from gateway.people.roles import TWO_PERSONS


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda each: each.name)
def test_every_form_leads_back_to_a_page(verb: Verb) -> None:
    assert verb.back in BY_PATH
    assert ("{id}" in verb.path) == ("{id}" in verb.api)
    assert verb.takes_body or not verb.fields


@pytest.mark.parametrize("screen", SCREENS, ids=lambda each: each.path)
def test_a_page_below_another_says_to_which_part_of_the_menu_it_belongs(screen: Screen) -> None:
    assert ("{id}" in screen.path) == bool(screen.section)
    assert screen.is_in_menu == (not screen.section and screen.path != OWN)
    assert not screen.section or BY_PATH[screen.section].is_in_menu


def test_a_page_takes_the_parameters_that_it_passes_on_or_finds_by() -> None:
    assert BY_PATH["/console/audit"].query == ("act", "customer", "last")
    assert BY_PATH["/console/webhooks"].query == ("cursor",)
    assert BY_PATH["/console/messages"].query == ("id",)


def test_everything_that_takes_two_persons_can_be_asked_for() -> None:
    assert dict(TWO).keys() == {each.value for each in TWO_PERSONS}


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/console/operators/stc", "/console/operators/stc"),
        ("", HOME),
        ("//elsewhere.example", HOME),
        ("https://elsewhere.example/console/", HOME),
        ("/console//elsewhere.example", HOME),
        ("/console/\r\nSet-Cookie: a=b", HOME),
        ("/console/" + "a" * 300, HOME),
        ("/admin/v1/session", HOME),
    ],
)
def test_after_signing_in_one_goes_to_a_page_of_the_console_only(wanted: str, goes: str) -> None:
    assert next_of(wanted) == goes
