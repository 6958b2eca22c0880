"""Codes in words."""

import pytest

from gateway.http_api.problems import problem_list, told_of
from gateway.model.refusals import KINDS, Refusal


def test_every_code_is_listed_with_whether_it_is_permanent() -> None:
    found = problem_list()
    permanent = {each.code: each.permanent for each in found.problems}
    assert permanent.keys() == KINDS.keys()
    assert permanent["invalid_number"]
    assert permanent["suppressed"]
    assert not any(permanent[code] for code in ("overloaded", "throughput_exceeded", "internal", "duplicate_message"))
    of_messages = {each.code: each.permanent for each in found.errors}
    assert (of_messages["0000000b"], of_messages["timeout"], of_messages["unlisted"]) == (True, False, None)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("overloaded", "It may be tried again."),
        ("invalid_number", "It is refused again until it is changed."),
        ("0000000B", "The same message would end so again."),
        ("expired_here", "It may be sent again."),
    ],
)
def test_a_code_has_a_page_of_its_own(code: str, said: str) -> None:
    assert said in told_of(code)


@pytest.mark.parametrize("code", ["", "nothing", "00000abc"])
def test_what_means_nothing_here_is_not_found(code: str) -> None:
    with pytest.raises(Refusal):
        told_of(code)
