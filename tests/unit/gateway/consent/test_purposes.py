"""What consent is asked for, here and in the packs of rules."""

import pytest

from config.rules import RulePack, packs
from gateway.consent.purposes import ALL, PURPOSES, link_number, purpose_scope, scope_of_link


@pytest.mark.policy("P-14")
@pytest.mark.parametrize("pack", packs(), ids=lambda pack: pack.id)
def test_every_pack_asks_for_consent_where_it_is_looked_up(pack: RulePack) -> None:
    assert {each.name for each in pack.classes if each.needs_consent} == set(PURPOSES)


def test_what_a_link_stops_is_what_it_was_made_for() -> None:
    assert [scope_of_link(link_number(each)) for each in PURPOSES] == [purpose_scope(each) for each in PURPOSES]
    assert scope_of_link(link_number(ALL)) == ALL
    assert scope_of_link(99) is None
