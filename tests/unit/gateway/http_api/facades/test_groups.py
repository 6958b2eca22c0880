"""Every refusal has words in every façade."""

import importlib

import pytest

from config.settings import FacadeSettings
from gateway.http_api.facades.groups import Group, Words, group_of
from gateway.http_api.facades.registry import BUILDERS
from gateway.model.facades import FACADES
from gateway.model.refusals import KINDS, Refusal


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("invalid_number", Group.NUMBER),
        ("unauthenticated", Group.STRANGER),
        ("scope_missing", Group.FORBIDDEN),
        ("unsupported_media_type", Group.FORM),
        ("opt_out_missing", Group.RULES),
        ("stopping", Group.BUSY),
        ("version_stale", Group.FIELD),
        ("internal", Group.INTERNAL),
    ],
)
def test_kinds_are_in_the_group_of_what_is_to_be_done_about_them(code: str, group: Group) -> None:
    assert group_of(code) is group


@pytest.mark.parametrize("name", FACADES)
@pytest.mark.parametrize("code", KINDS)
def test_a_facade_has_words_for_every_refusal(name: str, code: str) -> None:
    words: Words = importlib.import_module(f"gateway.http_api.facades.{name}.words").WORDS
    said = words.of(Refusal(code))
    assert 200 <= said.status < 600
    assert said.text


@pytest.mark.parametrize("name", FACADES)
def test_a_facade_says_something_of_every_group_and_of_no_kind_that_is_none(name: str) -> None:
    module = importlib.import_module(f"gateway.http_api.facades.{name}.words")
    assert set(module.GROUPS) == set(Group)
    assert {each.partition(":")[0] for each in module.CODES} <= KINDS.keys()


def test_each_facade_is_built_and_has_a_switch_that_is_off() -> None:
    assert set(BUILDERS) == set(FACADES) == set(FacadeSettings.__struct_fields__)
    assert not any(getattr(FacadeSettings(), name) for name in FACADES)
