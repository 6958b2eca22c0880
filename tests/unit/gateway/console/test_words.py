"""No sentence of the console lacks its translation, and what the API says has a word of ours."""

import pytest

from gateway.console.words import PROBLEMS, ROLES, STATES, STEPS
from gateway.model.message import Status
from gateway.model.refusals import KINDS
from gateway.people.roles import Role
from gateway.rights.case_states import State
from tests.words_of_pages import faults_of


def test_everything_that_the_console_says_is_translated_and_nothing_else() -> None:
    assert faults_of("gateway.console") == []


def test_every_role_has_a_word() -> None:
    assert ROLES.keys() == {each.value for each in Role}


@pytest.mark.parametrize("states", [Status, State], ids=lambda each: each.__module__)
def test_every_state_has_a_shape_and_a_word(states: type[Status | State]) -> None:
    assert {each.value for each in states} <= STATES.keys()


def test_every_end_of_a_message_has_a_step() -> None:
    assert {each.value for each in Status} - {"queued"} <= STEPS.keys()


def test_only_refusals_that_there_are_have_a_sentence() -> None:
    assert PROBLEMS.keys() <= KINDS.keys()
